"""Requests that the cache has no part in, and why; edge_cache_bypass,
edge_cache_no_store, edge_cache_methods."""

import pytest

from lib.cached import logged, verdict
from lib.origin import Reply


@pytest.fixture
def warm(cached, origin):
    def start(location=""):
        origin.headers = {"Cache-Control": "public, max-age=60"}
        nginx = cached(location)
        nginx.get("/")
        return nginx

    return start


@pytest.mark.parametrize("method, headers, body, reason", [
    ("POST", {}, b"a=b", "method"),
    ("PUT", {}, b"", "method"),
    ("DELETE", {}, None, "method"),
    ("PATCH", {}, b"x", "method"),
    ("OPTIONS", {}, None, "method"),
    ("QUERY", {}, b"x", "method"),
    ("PURGE", {}, None, "method"),
    ("get", {}, None, "method"),
    ("GET", {}, b"evil", "request_body"),
    ("HEAD", {}, b"evil", "request_body"),
    ("GET", {"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n0\r\n\r\n",
     "request_body"),
    ("GET", {"Upgrade": "websocket"}, None, "upgrade"),
    ("GET", {"X-HTTP-Method-Override": "DELETE"}, None, "method_override"),
    ("GET", {"X-HTTP-Method": "PUT"}, None, "method_override"),
    ("GET", {"X-Method-Override": "PUT"}, None, "method_override"),
    ("GET", {"X-Original-URL": "/admin"}, None, "method_override"),
    ("GET", {"X-Rewrite-URL": "/admin"}, None, "method_override"),
    ("GET", {"If-Match": '"1"'}, None, "precondition"),
    ("GET", {"If-Unmodified-Since": "Mon, 02 Nov 2020 10:00:00 GMT"}, None,
     "precondition"),
])
def test_what_goes_past_the_cache(warm, origin, method, headers, body,
                                  reason):
    nginx = warm("edge_cache_invalidate off;")
    response = nginx.get("/", headers, method, body)
    if response.status >= 400:  # nginx itself wants none of it
        assert origin.count("/") == 1
        return
    assert verdict(response) == ("BYPASS", reason)
    seen = origin.seen("/")[1]
    assert seen.method == method
    if body and "Transfer-Encoding" not in headers:
        assert seen.body == body
    # Nothing of it was stored, and nothing lost.
    hit = nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    assert hit.json()["method"] == "GET"


def test_an_empty_body_is_none(warm):
    assert verdict(warm().get("/", {"Content-Length": "0"})) == ("HIT", None)


@pytest.mark.parametrize("value, bypassed", [("1", True), ("yes", True),
                                             ("0", False), ("", False)])
def test_edge_cache_bypass_skips_the_lookup_and_stores(warm, origin, value,
                                                       bypassed):
    nginx = warm("edge_cache_bypass $http_x_none $http_x_fresh;")
    origin.bump()
    response = nginx.get("/", {"X-Fresh": value})
    assert verdict(response) == (("BYPASS", "bypass_directive") if bypassed
                                 else ("HIT", None))
    hit = nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    assert hit.json()["version"] == (2 if bypassed else 1)


@pytest.mark.parametrize("value, stored", [("1", False), ("0", True),
                                           ("", True)])
def test_edge_cache_no_store(cached, origin, value, stored):
    nginx = cached("edge_cache_no_store $http_x_a $upstream_http_x_b;")
    origin.on("/", lambda request: Reply(headers={
        "Cache-Control": "max-age=60", "X-B": value}, body=b"x"))
    assert verdict(nginx.get("/")) == (
        "MISS", None if stored else "no_store_directive")
    assert verdict(nginx.get("/"))[0] == ("HIT" if stored else "MISS")


def test_edge_cache_no_store_does_not_keep_from_hits(warm):
    nginx = warm("edge_cache_no_store $http_x_a;")
    assert verdict(nginx.get("/", {"X-A": "1"})) == ("HIT", None)


@pytest.mark.parametrize("methods", ["GET", "HEAD", "GET HEAD"])
def test_methods_are_those_of_retrieval(warm, methods):
    nginx = warm(f"edge_cache_methods {methods};")
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert verdict(nginx.get("/", method="HEAD")) == ("HIT", None)


def test_off_says_nothing(cached, origin):
    nginx = cached(locations={"/off": "edge_cache off;"})
    for _ in range(2):
        assert verdict(nginx.get("/off")) == (None, None)
    assert origin.count("/off") == 2


def test_the_log_has_the_reason(warm):
    nginx = warm("edge_cache_invalidate off;")
    nginx.get("/", method="POST", body=b"")
    nginx.get("/")
    nginx.quit()
    assert logged(nginx) == [("MISS", None), ("BYPASS", "method"),
                             ("HIT", None)]


@pytest.mark.parametrize("name, value", [
    ("Cache-Control", "no-cache"), ("Cache-Control", "no-store"),
    ("Cache-Control", "max-age=0"), ("Pragma", "no-cache")])
def test_clients_have_no_say_by_default(warm, name, value):
    assert verdict(warm().get("/", {name: value})) == ("HIT", None)


@pytest.mark.parametrize("type_", ["text/event-stream",
                                   "multipart/x-mixed-replace; boundary=a"])
def test_streams_are_not_captured(cached, origin, type_):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Content-Type": type_}, body=b"x"))
    assert verdict(cached().get("/")) == ("MISS", "stream")
