"""Answers that are too old, and sent when the origin fails (RFC 5861 4)."""

import threading
import time

import pytest

from lib.cached import purge, verdict
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Raw, Reply
from lib.stale import IF_ERROR, WHILE, aged, control


@pytest.fixture
def failing(cached, origin):
    def start(failure, fields=IF_ERROR, location="", **pieces):
        origin.on("/", [Reply(headers=fields, body=b"old"), failure])
        nginx = cached(location, **pieces)
        assert nginx.get("/").body == b"old"
        return nginx

    return start


@pytest.mark.parametrize("failure", [
    Reply(500), Reply(502), Reply(503, body=b"away"), Reply(504),
    Raw(b""), Raw(b"HTTP/1.1 200 OK\r\nX\0: y\r\n\r\n")])
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_when_the_origin_fails(failing, failure, buffering):
    nginx = failing(failure, location=f"proxy_buffering {buffering};")
    response = nginx.get("/")
    assert (response.status, response.body) == (200, b"old")
    assert verdict(response) == ("STALE", None)
    assert int(response["Age"]) >= 11


def test_when_it_takes_too_long(failing):
    nginx = failing(Reply(delay=5), location="proxy_read_timeout 200ms;")
    assert (verdict(nginx.get("/")), nginx.get("/").body) == (("STALE", None),
                                                              b"old")


def test_also_where_an_error_page_would_be_sent(failing):
    nginx = failing(Reply(503), location="proxy_intercept_errors on;"
                    "error_page 503 /sorry;",
                    server="location = /sorry { return 503 sorry; }")
    response = nginx.get("/")
    assert (response.status, response.body) == (200, b"old")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 501])
def test_not_when_it_says_something(failing, status):
    nginx = failing(Reply(status))
    assert nginx.get("/").status == status


@pytest.mark.parametrize("words", [
    ["stale-if-error=0"], ["stale-while-revalidate=60"],
    ["stale-if-error=60", "must-revalidate"],
    ["stale-if-error=60", "proxy-revalidate"],
    ["stale-if-error=60", "s-maxage=10"]])
def test_not_where_the_origin_forbids_it(cached, origin, words):
    fields = {**control("max-age=1", *words), "ETag": '"1"'}
    origin.on("/", [Reply(headers=fields, body=b"old"), Reply(503)])
    nginx = cached("edge_cache_background_update off;")
    nginx.get("/")
    time.sleep(1.1 if "s-maxage=10" not in words else 0)
    if "s-maxage=10" in words:
        purge(nginx, url="/", mode="soft")
    assert nginx.get("/").status == 503


@pytest.mark.parametrize("failure, status", [
    (Raw(b""), 502), (Reply(delay=5), 504)])
@pytest.mark.parametrize("word", ["must-revalidate", "proxy-revalidate"])
def test_without_the_origin_it_is_an_error_where_it_must_be_asked(
        cached, origin, failure, status, word):
    origin.on("/", [Reply(headers={**aged(word), "ETag": '"1"'}, body=b"old"),
                    failure])
    nginx = cached("edge_cache_use_stale error timeout updating;"
                   "proxy_read_timeout 200ms;")
    nginx.get("/")
    assert nginx.get("/").status == status


def test_not_beyond_its_window(cached, origin):
    origin.on("/", [Reply(headers=control("max-age=1", "stale-if-error=1"),
                          body=b"old"), Reply(503)])
    nginx = cached()
    nginx.get("/")
    time.sleep(2.1)
    assert nginx.get("/").status == 503


def test_not_every_request_tries_again(failing, origin):
    nginx = failing(Reply(503))
    for _ in range(10):
        assert verdict(nginx.get("/")) == ("STALE", None)
    assert origin.count("/") == 2


def test_after_a_while_it_is_tried_again(failing, origin):
    nginx = failing(Reply(503))
    nginx.get("/")
    origin.on("/", Reply(headers=control("max-age=60"), body=b"new"))
    time.sleep(2.1)
    response = nginx.get("/")
    assert (verdict(response), response.body) == (("EXPIRED", None), b"new")


def test_a_soft_purge_leaves_it_for_errors(failing, origin):
    nginx = failing(Reply(503), control("max-age=60", "stale-if-error=60"))
    purge(nginx, url="/", mode="soft")
    assert verdict(nginx.get("/")) == ("STALE", None)


def test_a_hard_purge_does_not(failing):
    nginx = failing(Reply(503), control("max-age=60", "stale-if-error=60"))
    purge(nginx, url="/")
    assert nginx.get("/").status == 503


def test_a_head_request_gets_the_stale_header(failing):
    nginx = failing(Reply(503))
    response = nginx.get("/", method="HEAD")
    assert (response.status, response["Content-Length"]) == (200, "3")


def test_a_client_that_has_it_gets_304(failing):
    nginx = failing(Reply(503), {**IF_ERROR, "ETag": '"1"'})
    response = nginx.get("/", {"If-None-Match": '"1"'})
    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize("fields", [IF_ERROR, WHILE], ids=["error", "while"])
def test_many_that_fail_at_once_did_not_remember_it(cached, origin, fields):
    """What was noted of one took the place of what was noted of another."""
    urls = [f"/{i}" for i in range(200)]
    nginx = cached(zone="z:1m")
    for url in urls:
        origin.on(url, [Reply(headers=fields, body=b"old"), Reply(503)])
        nginx.get(url)
    began = time.monotonic()
    for url in urls * 4:
        assert nginx.get(url).body == b"old"
    held = (time.monotonic() - began) // 2 + 1
    assert max(origin.count(url) - 1 for url in urls) <= held


@pytest.mark.parametrize("words, status", [
    ("error http_503 1m", "STALE"), ("http_503", "STALE"),
    ("error timeout", None), ("updating", None), ("off", None)])
def test_the_location_allows_it(failing, words, status):
    nginx = failing(Reply(503), {**control("max-age=10"), "Age": "9"},
                    f"edge_cache_use_stale {words};"
                    "edge_cache_background_update off;")
    time.sleep(1.1)
    response = nginx.get("/")
    assert response.status == (503 if status is None else 200)
    assert status is None or response["X-Cache"] == status


def test_off_forbids_what_the_origin_allows(failing):
    nginx = failing(Reply(503), {**control("max-age=60", "stale-if-error=60")},
                    "edge_cache_use_stale off;")
    purge(nginx, url="/", mode="soft")
    assert nginx.get("/").status == 503


@pytest.mark.parametrize("location, status", [
    ("", 503), ("edge_cache_stale_s_maxage allow;", 200)])
def test_s_maxage_forbids_it_unless_relaxed(failing, location, status):
    nginx = failing(Reply(503), control("s-maxage=60", "stale-if-error=60"),
                    location)
    purge(nginx, url="/", mode="soft")
    assert nginx.get("/").status == status


def test_one_that_was_purged_meanwhile_is_no_way_out(cached, origin):
    """It was found before the purge, and would be sent after it."""
    gate = threading.Event()
    origin.on("/", [Reply(headers=IF_ERROR, body=b"old"),
                    Reply(503, wait=gate)])
    nginx = cached()
    nginx.get("/")
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/", 2)
        purge(nginx, url="/")
        gate.set()
        assert client.read_response().status == 503


@pytest.mark.parametrize("page", [
    "error_page 502 /sorry;", "error_page 502 =200 /sorry;",
    "error_page 502 @other;"])
def test_instead_of_an_error_page_that_is_cached_itself(cached, origin, page):
    origin.on("/sorry", Reply(headers=control("max-age=60"), body=b"sorry"))
    origin.on("/", [Reply(headers=IF_ERROR, body=b"old"), Raw(b"")])
    pass_on = f"proxy_pass http://127.0.0.1:{origin.port};"
    nginx = cached(page, server=f"""
        location = /sorry {{ edge_cache z; {pass_on} }}
        location @other {{ edge_cache z; {pass_on} }}""")
    nginx.get("/")
    response = nginx.get("/")
    assert (response.status, response.body) == (200, b"old")
    assert verdict(response) == ("STALE", None)


def test_redis_has_it_too(fleet, origin):
    """Another instance sends it while the origin fails."""
    origin.on("/", [Reply(headers=control("max-age=1", "stale-if-error=60"),
                          body=b"old"), Reply(503)])
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    time.sleep(1.1)
    response = b.get("/")
    assert (origin_of_hit(response), response.body) == (("STALE", "redis"),
                                                        b"old")
    assert origin_of_hit(b.get("/")) == ("STALE", "memory")


def test_when_the_origin_has_no_address(cached, origin):
    """RFC 5861 4 names a host that cannot be found."""
    server = """
        resolver 127.0.0.1:1;
        resolver_timeout 200ms;
        location /p {
            edge_cache z;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://$http_x_origin;
        }"""
    origin.on("/p", Reply(headers=IF_ERROR, body=b"old"))
    nginx = cached(server=server)
    assert nginx.get("/p", {"X-Origin": origin.address}).body == b"old"
    response = nginx.get("/p", {"X-Origin": "unknown.example"})
    assert (verdict(response), response.body) == (("STALE", None), b"old")
