"""edge_cache_body_key: answers to POST and QUERY, by the request's body."""

import pytest

from lib.cached import purge, verdict
from lib.client import Connection
from lib.origin import Reply

ON = "edge_cache_body_key on; edge_cache_methods GET POST QUERY;"
JSON = {"Content-Type": "application/json"}


def ask(nginx, body, method="POST", headers=JSON, target="/"):
    return nginx.get(target, headers, method, body)


@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_the_same_body_gets_the_same_answer(cached, origin, method):
    nginx = cached(ON)
    first = ask(nginx, b'{"q":1}', method)
    assert verdict(first) == ("MISS", None)
    assert first.json()["method"] == method
    second = ask(nginx, b'{"q":1}', method)
    assert verdict(second) == ("HIT", None)
    assert second.body == first.body
    assert origin.seen("/")[0].body == b'{"q":1}'


def test_another_body_is_another_key(cached, origin):
    nginx = cached(ON)
    for body in b"", b"a", b"b", b"aa":
        assert ask(nginx, body)["X-Cache"] == "MISS"
    assert ask(nginx, b"aa")["X-Cache"] == "HIT"
    assert origin.count("/") == 4


def test_method_path_and_the_body_s_type_count(cached, origin):
    nginx = cached(ON)
    ask(nginx, b"a")
    for other in (
            ask(nginx, b"a", "QUERY"), ask(nginx, b"a", target="/?x"),
            ask(nginx, b"a", headers={"Content-Type": "text/plain"}),
            ask(nginx, b"a", headers={**JSON, "Content-Encoding": "gzip"}),
            ask(nginx, b"a", headers={**JSON, "Content-Language": "de"}),
            nginx.get("/")):
        assert other["X-Cache"] == "MISS"


def test_a_post_with_its_body_in_the_key_invalidates_nothing(cached, origin):
    nginx = cached(ON + "client_body_buffer_size 1k;")
    nginx.get("/")
    for body in b"a", b"a" * 3000:
        assert ask(nginx, body).status == 200
        assert verdict(nginx.get("/")) == ("HIT", None)


def test_a_body_in_chunks_is_the_same_body(cached):
    nginx = cached(ON)
    ask(nginx, b"hello")
    chunked = nginx.get("/", {**JSON, "Transfer-Encoding": "chunked"}, "POST",
                        b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
    assert chunked["X-Cache"] == "HIT"


def test_a_body_that_comes_slowly_is_waited_for(cached, origin):
    nginx = cached(ON)
    ask(nginx, b"hello")
    client = Connection(nginx.port)
    client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                b"Content-Type: application/json\r\n"
                b"Expect: 100-continue\r\n\r\n")
    assert client.read_head()[0] == 100
    client.send(b"he")
    client.send(b"llo")
    assert client.read_response()["X-Cache"] == "HIT"
    assert origin.count("/") == 1


def test_a_client_that_leaves_before_its_body_asks_nobody(cached, origin):
    nginx = cached(ON)
    client = Connection(nginx.port)
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    client.close()
    assert ask(nginx, b"x")["X-Cache"] == "MISS"
    assert origin.count("/") == 1


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_a_large_body_goes_past_the_cache(cached, origin, headers):
    body = b"x" * 3000
    sent = b"bb8\r\n" + body + b"\r\n0\r\n\r\n" if headers else body
    nginx = cached(ON + "client_body_buffer_size 1k;")
    for _ in range(2):
        response = ask(nginx, sent, headers={**JSON, **headers})
        assert verdict(response) == ("BYPASS", "request_body")
    assert [seen.body for seen in origin.seen("/")] == [body, body]


def test_a_query_without_a_type_is_not_cached(cached):
    nginx = cached(ON)
    for _ in range(2):
        assert verdict(ask(nginx, b"x", "QUERY", {})) == (
            "BYPASS", "request_body")


def test_without_the_directive_post_goes_past_the_cache(cached):
    assert verdict(ask(cached(), b"x")) == ("BYPASS", "method")


def test_a_get_with_a_body_still_goes_past_the_cache(cached):
    assert verdict(ask(cached(ON), b"x", "GET")) == ("BYPASS", "request_body")


def test_a_stored_post_is_not_revalidated_by_its_client(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "ETag": '"a"'}, body=b"x"))
    nginx = cached(ON)
    ask(nginx, b"x")
    ask(nginx, b"x", "QUERY")
    asking = {**JSON, "If-None-Match": '"a"', "Range": "bytes=0-0"}
    assert ask(nginx, b"x", headers=asking).status == 200
    assert ask(nginx, b"x", "QUERY", asking).status == 304


def test_it_is_purged_by_its_url(cached):
    nginx = cached(ON)
    ask(nginx, b"x", target="/p")
    purge(nginx, url="/p")
    assert ask(nginx, b"x", target="/p")["X-Cache"] == "MISS"


def test_limits_count_once(cached):
    nginx = cached(ON + "edge_limit zone=l;",
                   http="edge_limit_zone $uri zone=l:1m rate=1r/m burst=2;")
    assert [ask(nginx, b"x").status for _ in range(3)] == [200, 200, 429]


def test_methods_with_a_body_need_it_in_the_key(cached):
    nginx = cached()
    for method in "POST", "QUERY":
        code, said = nginx.check_config(nginx.conf.replace(
            "edge_cache z;", f"edge_cache z; edge_cache_methods {method};"))
        assert code != 0 and 'write "edge_cache_body_key on"' in said
