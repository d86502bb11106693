"""edge_api: who may write, and what it says to requests it refuses."""

import json
import os
import signal

import pytest

from lib.cached import TOKEN, api, purge, verdict
from lib.client import Connection


def problem(response, status):
    assert response.status == status, response
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["status"] == status
    assert len(body["detail"]) > 10
    return body["detail"]


@pytest.mark.parametrize("authorization, status", [
    (None, 401), ("", 401), ("Bearer", 401), ("Basic " + TOKEN, 401),
    (TOKEN, 401), ("Bearer wrong-token-of-some-length", 403),
    ("Bearer " + TOKEN[:-1], 403), ("Bearer " + TOKEN + "x", 403),
    ("Bearer " + TOKEN.upper(), 403), ("Bearer ", 401),
    ("Bearer " + TOKEN, 200), ("bearer  " + TOKEN + "  ", 200)])
def test_a_purge_needs_the_token(cached, authorization, status):
    nginx = cached()
    nginx.get("/")
    fields = {"Authorization": authorization} if authorization else {}
    response = nginx.get("/edge/purge", fields, "POST", '{"all":true}')
    if status == 200:
        assert response.status == 200
    elif authorization == "Bearer ":
        assert response.status in (401, 403)
    else:
        problem(response, status)
    assert (response["WWW-Authenticate"] == "Bearer") == (
        response.status == 401)
    assert verdict(nginx.get("/"))[0] == ("MISS" if status == 200 else "HIT")


def test_two_authorizations_do_not_add_up(cached):
    nginx = cached()
    response = nginx.get("/edge/purge", [("Authorization", "Bearer wrong"),
                                         ("Authorization", f"Bearer {TOKEN}")],
                         "POST", '{"all":true}')
    assert response.status in (400, 403)


def test_without_write_the_api_only_reads(cached):
    nginx = cached(server="location /read/ { edge_api; }")
    nginx.get("/")
    response = nginx.get("/read/purge", {"Authorization": f"Bearer {TOKEN}"},
                         "POST", '{"all":true}')
    assert "read-only" in problem(response, 403)
    assert nginx.get("/read/metrics").status == 200
    assert verdict(nginx.get("/"))[0] == "HIT"


@pytest.mark.parametrize("body, says", [
    ("{", "JSON"), ("[]", "object"), ("null", "object"), ("1", "object"),
    ('"all"', "object"), ('{"all":true} x', "JSON"), ("{'all':true}", "JSON"),
    ('{"all":true,}', "JSON"), ("{}", "name at least one"),
    ('{"all":false}', "true"), ('{"all":"true"}', "true"),
    ('{"all":1}', "true"), ('{"tags":"a"}', "list"),
    ('{"tags":[]}', "name at least one"), ('{"tags":[1]}', "list"),
    ('{"tags":[["a"]]}', "list"), ('{"tags":[null]}', "list"),
    ('{"tags":[""]}', "tags"), ('{"tags":["a\\nb"]}', "tags"),
    ('{"tags":{"a":1}}', "list"), ('{"url":1}', "text"),
    ('{"url":"about"}', "url"), ('{"url":"ftp://h/"}', "url"),
    ('{"url":"http://h"}', None), ('{"path":"/a?b"}', "path"),
    ('{"path":"a"}', "path"), ('{"prefix":"/a"}', "prefix"),
    ('{"prefix":"a/"}', "prefix"), ('{"key":""}', "key"),
    ('{"tag":["a"]}', "tag"), ('{"url":"/","tenant":1}', "tenant"),
    ('{"url":"/","tenant":""}', "tenant"),
    ('{"url":"/","mode":"firm"}', "mode"),
    ('{"url":"/","wait":"1h"}', "wait"), ('{"url":"/","wait":"11s"}', "wait"),
    ('{"url":"/","wait":5}', "wait"), ('{"url":"/","url":"/b"}', "once"),
    ('{"tags":["' + "t" * 1025 + '"]}', "1024"),
    ('{"url":"/' + "[" * 5000 + '"}', None),
    ("[" * 100_000, "object"), ('{"tags":' + "[" * 100_000, "list"),
    ('{"a":' * 20_000, None),
    ('{"url":"/\\ud800"}', "JSON"),
])
def test_a_wrong_body_is_a_400_that_says_why(cached, body, says):
    nginx = cached()
    nginx.get("/")
    response = api(nginx, "POST", "purge", body)
    if says is None and response.status == 200:
        return
    detail = problem(response, 400)
    assert (says or "") in detail
    assert verdict(nginx.get("/"))[0] == "HIT"


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"url":"/\xff"}', b"\0",
                                  b'{"\xff":1}', b'{"url\0":"/"}'])
def test_bytes_that_are_no_text_are_refused(cached, body):
    problem(api(cached(), "POST", "purge", body), 400)


@pytest.mark.parametrize("headers", [
    {}, {"Surrogate-Key": ""}, {"Cache-Tag": " , "}, {"Edge-Tenant": "a"},
    {"Surrogate-Key": "a", "Edge-Purge": "firm"},
    {"Surrogate-Key": "a", "Edge-Purge": ["soft", "hard"]},
    {"Surrogate-Key": "a", "Edge-Tenant": ["a", "b"]},
    {"Surrogate-Key": "t" * 1025}])
def test_wrong_header_fields_are_a_400(cached, headers):
    problem(api(cached(), "POST", "purge", headers=headers), 400)


@pytest.mark.parametrize("framing", ["Content-Length: 0",
                                     "Transfer-Encoding: chunked"])
def test_an_empty_body_of_a_purge_ended_the_worker(cached, framing):
    nginx = cached()
    name, value = framing.split(": ")
    empty = "0\r\n\r\n" if name == "Transfer-Encoding" else ""
    for tags, status in (({}, 400), ({"Surrogate-Key": "a"}, 200)):
        assert api(nginx, "POST", "purge", empty,
                   tags | {name: value}).status == status


def test_a_thousand_selectors_are_the_limit(cached):
    nginx = cached()
    tags = [f"t{i}" for i in range(1001)]
    purge(nginx, tags=tags[:1000])
    assert "1000" in problem(api(nginx, "POST", "purge", {"tags": tags}), 413)


def chunked(data):
    return (b"%x\r\n" % len(data)) + data + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("encode, headers", [
    (lambda data: data, {}),
    (chunked, {"Transfer-Encoding": "chunked"})])
def test_256_kib_are_the_limit(cached, encode, headers):
    nginx = cached()
    body = json.dumps({"tags": ["a"]}).encode()
    fits = body + b" " * (256 * 1024 - len(body))
    assert api(nginx, "POST", "purge", encode(fits),
               headers).status == 200
    problem(api(nginx, "POST", "purge", encode(fits + b" "), headers), 413)


def test_a_body_beyond_nginx_own_limit_is_a_413(cached):
    nginx = cached()
    assert api(nginx, "POST", "purge",
               b" " * (1024 * 1024 + 1)).status == 413


def test_a_slow_body_is_waited_for(cached):
    nginx = cached()
    nginx.get("/")
    body = b'{"url":"/"}'
    with Connection(nginx.port) as connection:
        connection.send(
            b"POST /edge/purge HTTP/1.1\r\nHost: localhost\r\n"
            b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
        for byte in body:
            connection.send(bytes([byte]))
        assert connection.read_response().status == 200
        assert connection.request("GET", "/edge/health").status == 200
    assert verdict(nginx.get("/"))[0] == "MISS"


def test_a_refused_body_leaves_the_connection_usable(cached):
    with Connection(cached().port) as connection:
        for body in ("x" * 5000, "y" * 100_000):
            assert connection.request("POST", "/edge/purge",
                                      body=body).status == 401
            assert connection.request("GET", "/edge/health").status == 200


@pytest.mark.parametrize("method, route, status, allow", [
    ("GET", "purge", 405, "POST"), ("POST", "metrics", 405, "GET, HEAD"),
    ("DELETE", "health", 405, "GET, HEAD"), ("GET", "", 404, None),
    ("GET", "purge/", 404, None), ("POST", "Purge", 404, None),
    ("GET", "metrics/x", 404, None)])
def test_unknown_routes_and_methods(cached, method, route, status, allow):
    response = api(cached(), method, route)
    problem(response, status)
    assert response["Allow"] == allow


def test_head_is_answered_as_get(cached):
    nginx = cached()
    for route in ("metrics", "health"):
        response = api(nginx, "HEAD", route)
        assert (response.status, response.body) == (200, b"")


def test_the_api_is_not_cached(cached):
    nginx = cached(server="edge_cache z; edge_cache_valid any 60s;")
    for _ in range(2):
        response = api(nginx, "GET", "health")
        assert verdict(response) == (None, None)


def test_the_api_is_not_limited(cached):
    nginx = cached(http="edge_limit_zone all zone=l:1m rate=1r/m;",
                   server="edge_limit zone=l;")
    assert [nginx.get("/").status for _ in range(2)] == [200, 429]
    assert [api(nginx, "GET", "health").status for _ in range(3)] == [200] * 3
    purge(nginx, all=True)


def test_a_token_may_end_in_crlf(cached, tmp_path):
    (tmp_path / "windows").write_bytes(
        b"another-token-for-tests\r\nanother-token-in-line-2\r\n")
    nginx = cached(server=f"""location /w/ {{
        edge_api write=on token_file={tmp_path}/windows; }}""")
    for token in "another-token-for-tests", "another-token-in-line-2":
        fields = {"Authorization": f"Bearer {token}"}
        assert nginx.get("/w/purge", fields, "POST",
                         '{"all":true}').status == 200


def test_a_token_beside_the_configuration(edge, tmp_path):
    (tmp_path / "edge0").mkdir()
    (tmp_path / "edge0" / "tok").write_text(TOKEN)
    nginx = edge(http="edge_cache_zone z:4m;",
                 server="location /edge/ { edge_api write=on token_file=tok; }")
    assert purge(nginx, all=True)


def test_the_api_behind_a_true_if_is_the_api(cached, tmp_path):
    nginx = cached(server=f"""location /if/ {{
        edge_api write=on token_file={tmp_path}/token;
        if ($arg_x) {{ set $y 1; }} }}""")
    fields = {"Authorization": f"Bearer {TOKEN}"}
    for query in ("?x=1", ""):
        nginx.get("/")
        assert nginx.get(f"/if/health{query}").json()["status"] == "ok"
        problem(nginx.get(f"/if/purge{query}", {}, "POST",
                          '{"all":true}'), 401)
        assert verdict(nginx.get("/")) == ("HIT", None)
        assert nginx.get(f"/if/purge{query}", fields, "POST",
                         '{"all":true}').status == 200
        assert verdict(nginx.get("/")) == ("MISS", "purged")


def test_a_name_that_is_no_text_does_not_hold_up_an_answer(fleet):
    """The name of an instance is whatever bytes its configuration has."""
    (here,) = fleet.start()
    (there,) = fleet.start(name="\udcff\udcfe")
    pids = [there.pid, *there.all_workers()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        response = api(here, "POST", "purge", {"all": True, "wait": "100ms"})
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert response.status == 503
    assert [one["instance"] for one in response.json()["missing"]] == [
        "\ufffd\ufffd"]
