"""Expired answers that the origin is asked about (RFC 9111 4.3)."""

import threading
import time

import pytest

from lib.cached import metric, purge, verdict
from lib.expired import ETAG, MODIFIED, SHORT, expire
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Reply
from lib.wait import wait_until


def confirm(**fields):
    return Reply(304, {"ETag": '"1"', **fields})


@pytest.fixture
def expired(cached, origin):
    """An nginx with an expired answer to /, and what the origin says next."""
    def start(second, fields=ETAG, location="", body=b"stored" * 500):
        origin.on("/", [Reply(headers=fields, body=body), second])
        nginx = cached(SHORT + location)
        assert nginx.get("/").body == body
        expire()
        return nginx

    return start


@pytest.mark.parametrize("buffering", ["on", "off"])
def test_an_expired_answer_is_confirmed(expired, origin, buffering):
    nginx = expired(confirm(**{"Cache-Control": "max-age=60", "X-New": "2"}),
                    location=f"proxy_buffering {buffering};")
    response = nginx.get("/")
    assert origin.seen("/")[1]["If-None-Match"] == '"1"'
    assert verdict(response) == ("REVALIDATED", None)
    assert (response.status, response.body) == (200, b"stored" * 500)
    assert (response["X-New"], response["Age"]) == ("2", "0")
    again = nginx.get("/")
    assert verdict(again) == ("HIT", None)
    assert (again["X-New"], again.body) == ("2", b"stored" * 500)
    assert again["Cache-Control"] == "max-age=60"
    assert origin.count("/") == 2


def test_by_the_time_of_its_last_change(expired, origin):
    nginx = expired(Reply(304), MODIFIED)
    assert verdict(nginx.get("/")) == ("REVALIDATED", None)
    asked = origin.seen("/")[1]
    assert asked["If-Modified-Since"] == MODIFIED["Last-Modified"]
    assert asked["If-None-Match"] is None
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_what_has_changed_takes_its_place(expired, origin):
    nginx = expired(Reply(headers={"ETag": '"2"'}, body=b"new"))
    response = nginx.get("/")
    assert (verdict(response), response.body) == (("EXPIRED", None), b"new")
    assert nginx.get("/").body == b"new"
    assert origin.count("/") == 2


def test_off_asks_for_the_whole(expired, origin):
    nginx = expired(Reply(headers=ETAG, body=b"new"),
                    location="edge_cache_revalidate off;")
    assert nginx.get("/").body == b"new"
    assert origin.seen("/")[1]["If-None-Match"] is None


def test_without_a_validator_there_is_nothing_to_ask(expired, origin):
    nginx = expired(Reply(body=b"new"), fields={})
    response = nginx.get("/")
    assert (verdict(response), response.body) == (("MISS", None), b"new")
    assert origin.seen("/")[1]["If-Modified-Since"] is None


@pytest.mark.parametrize("tag, status", [('"1"', 304), ('"0"', 200)])
def test_the_clients_own_condition_is_answered_from_what_is_stored(
        expired, origin, tag, status):
    nginx = expired(confirm())
    response = nginx.get("/", {"If-None-Match": tag})
    assert response.status == status
    assert origin.seen("/")[1].all("If-None-Match") == ['"1"']
    assert response.body == (b"" if status == 304 else b"stored" * 500)


def test_a_range_gets_the_whole(expired):
    nginx = expired(confirm())
    response = nginx.get("/", {"Range": "bytes=0-9"})
    assert (response.status, len(response.body)) == (200, 3000)
    assert nginx.get("/", {"Range": "bytes=0-9"}).status == 206


def test_head_asks_nothing(expired, origin):
    nginx = expired(confirm())
    nginx.get("/", method="HEAD")
    assert origin.seen("/")[1]["If-None-Match"] is None


def test_an_empty_body(expired):
    nginx = expired(confirm(), body=b"")
    response = nginx.get("/")
    assert (response.status, response.body) == (200, b"")
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_a_304_of_something_else_is_not_kept(expired, origin):
    nginx = expired(Reply(304, {"ETag": '"9"'}))
    assert verdict(nginx.get("/")) == ("REVALIDATED", "validator_mismatch")
    nginx.get("/")
    assert origin.seen("/")[2]["If-None-Match"] is None


def test_a_304_about_an_older_time_is_not_kept(expired, origin):
    """An origin set back says 304 to whoever has something newer."""
    nginx = expired(Reply(304, {
        "Last-Modified": "Tue, 15 Nov 1994 12:45:25 GMT"}), MODIFIED)
    assert verdict(nginx.get("/")) == ("REVALIDATED", "validator_mismatch")
    nginx.get("/")
    assert origin.seen("/")[2]["If-Modified-Since"] is None


def test_a_304_that_forbids_to_store_is_obeyed(expired, origin):
    nginx = expired(confirm(**{"Cache-Control": "no-store"}))
    response = nginx.get("/")
    assert response.body == b"stored" * 500
    assert response["Cache-Control"] == "no-store"
    assert verdict(response) == ("REVALIDATED", "response_no_store")
    nginx.get("/")
    assert origin.count("/") == 3


def test_what_was_purged_is_not_asked_about(expired, origin):
    nginx = expired(Reply(headers=ETAG, body=b"new"))
    purge(nginx, url="/")
    assert nginx.get("/").body == b"new"
    assert origin.seen("/")[1]["If-None-Match"] is None


def test_what_was_purged_softly_is(cached, origin):
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=60", **ETAG},
                          body=b"x"), confirm()])
    nginx = cached()
    nginx.get("/")
    purge(nginx, url="/", mode="soft")
    assert verdict(nginx.get("/"))[0] == "REVALIDATED"
    assert origin.seen("/")[1]["If-None-Match"] == '"1"'
    assert verdict(nginx.get("/")) == ("HIT", None)


@pytest.mark.parametrize("body", [{"url": "/"}, {"tags": ["t"]},
                                  {"tags": ["t"], "mode": "soft"}])
def test_a_304_cannot_freshen_what_was_purged_meanwhile(cached, origin, body):
    """Nor can it take the tag away by which it was purged."""
    gate = threading.Event()
    second = confirm(**{"Cache-Control": "max-age=60", "Surrogate-Key": "u"})
    second.wait = gate
    origin.on("/", [Reply(headers={**ETAG, "Surrogate-Key": "t"}, body=b"old"),
                    second, Reply(headers=ETAG, body=b"new")])
    nginx = cached(SHORT)
    nginx.get("/")
    expire()
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/", 2)
        purge(nginx, **body)
        gate.set()
        assert client.read_response().body == b"old"
    assert nginx.get("/").body == b"new"


def test_tags_outlast_a_304_without_them(cached, origin):
    origin.on("/", [Reply(headers={**ETAG, "Surrogate-Key": "t"}, body=b"old"),
                    confirm(**{"Cache-Control": "max-age=60"}),
                    Reply(headers=ETAG, body=b"new")])
    nginx = cached(SHORT + "proxy_hide_header Surrogate-Key;")
    nginx.get("/")
    expire()
    assert verdict(nginx.get("/"))[0] == "REVALIDATED"
    purge(nginx, tags=["t"])
    assert nginx.get("/").body == b"new"


def test_tags_of_a_304_count(cached, origin):
    origin.on("/", [Reply(headers=ETAG, body=b"old"),
                    confirm(**{"Cache-Control": "max-age=60",
                               "Surrogate-Key": "t"}),
                    Reply(headers=ETAG, body=b"new")])
    nginx = cached(SHORT)
    nginx.get("/")
    expire()
    assert verdict(nginx.get("/"))[0] == "REVALIDATED"
    purge(nginx, tags=["t"])
    assert nginx.get("/").body == b"new"


@pytest.mark.parametrize("fields", [{"Cache-Control": "max-age=60"}, {}])
@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_replaces_what_was_there(expired, origin, status, fields):
    nginx = expired(Reply(status, fields, b"gone"))
    for _ in range(2):
        assert (nginx.get("/").status, nginx.get("/").body) == (status,
                                                                b"gone")
    assert origin.count("/") == (2 if fields else 5)


def test_many_who_want_it_cost_one_question(cached, origin):
    gate = threading.Event()
    second = confirm(**{"Cache-Control": "max-age=60"})
    second.wait = gate
    origin.on("/", [Reply(headers=ETAG, body=b"x"), second])
    nginx = cached(SHORT, workers=2)
    nginx.get("/")
    expire()
    clients = [nginx.connect() for _ in range(20)]
    for client in clients:
        client.send_request("GET", "/")
    origin.wait_for("/", 2)
    gate.set()
    kinds = [verdict(client.read_response())[0] for client in clients]
    assert kinds.count("REVALIDATED") == 1 and kinds.count("HIT") == 19
    for client in clients:
        client.close()
    assert origin.count("/") == 2
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0)


def test_a_variant_is_asked_about_by_its_own_tag(cached, origin):
    def reply(request):
        tag = f'"{request["X-A"]}"'
        if request["If-None-Match"]:
            assert request["If-None-Match"] == tag
            return Reply(304, {"ETag": tag, "Cache-Control": "max-age=60"})
        return Reply(headers={"ETag": tag, "Vary": "X-A"},
                     body=request["X-A"].encode())

    origin.on("/", reply)
    nginx = cached(SHORT)
    for a in "ab":
        nginx.get("/", {"X-A": a})
    expire()
    for a in "ab":
        response = nginx.get("/", {"X-A": a})
        assert (verdict(response)[0], response.text) == ("REVALIDATED", a)
        assert verdict(nginx.get("/", {"X-A": a}))[0] == "HIT"


def test_a_304_refreshes_what_is_in_redis(fleet, origin):
    origin.on("/p", [Reply(headers={**ETAG, "Cache-Control": "max-age=1"},
                           body=b"x"),
                     confirm(**{"Cache-Control": "max-age=60"})])
    a, b = fleet.start(2)
    a.get("/p")
    wait_stored(a, 1)
    time.sleep(1.1)
    assert a.get("/p")["X-Cache"] == "REVALIDATED"
    wait_stored(a, 2)
    response = b.get("/p")
    assert (origin_of_hit(response), response.body) == (("HIT", "redis"), b"x")
    assert response["Cache-Control"] == "max-age=60"


def test_what_only_redis_has_is_asked_about(fleet, origin):
    origin.on("/p", [Reply(headers={**ETAG, "Cache-Control": "max-age=1"},
                           body=b"x"), confirm()])
    a, b = fleet.start(2)
    a.get("/p")
    wait_stored(a, 1)
    time.sleep(1.1)
    response = b.get("/p")
    assert (response["X-Cache"], response.body) == ("REVALIDATED", b"x")
    assert origin.seen("/p")[1]["If-None-Match"] == '"1"'


def test_what_is_checked_each_time_is_stored_once(fleet, origin):
    """no-cache: the body is saved, the request is not; nobody waits for it."""
    fields = {"Cache-Control": "no-cache", **ETAG}
    origin.on("/", lambda request: Reply(304, fields)
              if request["If-None-Match"] else Reply(headers=fields,
                                                     body=b"x"))
    nginx, = fleet.start()
    nginx.get("/")
    for _ in range(3):
        response = nginx.get("/")
        assert (response["X-Cache"], response.body) == ("REVALIDATED", b"x")
    assert origin.count("/") == 4
    assert metric(nginx, "edge_cache_redis_stores_total", result="stored") == 1


def test_those_who_check_do_not_wait_for_one_another(cached, origin):
    gate = threading.Event()
    fields = {"Cache-Control": "no-cache", **ETAG}
    origin.on("/", [Reply(headers=fields, body=b"x"),
                    Reply(304, fields, wait=gate)])
    nginx = cached()
    nginx.get("/")
    clients = [nginx.connect() for _ in range(5)]
    for client in clients:
        client.send_request("GET", "/")
    origin.wait_for("/", 6)
    gate.set()
    for client in clients:
        assert client.read_response().body == b"x"
        client.close()


def test_a_304_updates_the_type_but_not_what_describes_the_bytes(expired):
    nginx = expired(confirm(**{"Content-Type": "text/b", "Content-MD5": "b",
                               "Cache-Control": "max-age=60"}),
                    {**ETAG, "Content-Type": "text/a", "Content-MD5": "a"})
    for _ in range(2):
        response = nginx.get("/")
        assert (response["Content-Type"], response["Content-MD5"]) == (
            "text/b", "a")
