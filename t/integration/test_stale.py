"""Answers that are too old, and sent all the same (RFC 5861)."""

import threading
import time

import pytest

from lib.cached import metric, purge, verdict
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Raw, Reply
from lib.wait import wait_until


def control(*words):
    return {"Cache-Control": ", ".join(words)}


# Stale for a second on arrival, and for how long it may be.
def aged(*words):
    return {**control("max-age=10", *words), "Age": "11"}


IF_ERROR = aged("stale-if-error=60")
WHILE = aged("stale-while-revalidate=60")


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


def test_while_somebody_asks_others_do_not_wait(cached, origin):
    gate = threading.Event()
    origin.on("/", [Reply(headers=WHILE, body=b"old"),
                    Reply(headers=control("max-age=60"), body=b"new",
                          wait=gate)])
    nginx = cached("edge_cache_background_update off;", workers=2)
    nginx.get("/")
    with nginx.connect() as first:
        first.send_request("GET", "/")
        origin.wait_for("/", 2)
        for _ in range(5):
            response = nginx.get("/")
            assert verdict(response) == ("UPDATING", None)
            assert response.body == b"old"
        assert nginx.get("/", {"Range": "bytes=0-1"}).body == b"ol"
        gate.set()
        response = first.read_response()
    assert (verdict(response), response.body) == (("EXPIRED", None), b"new")
    assert nginx.get("/").body == b"new"
    assert origin.count("/") == 2


def test_a_head_request_gets_the_stale_header(failing):
    nginx = failing(Reply(503))
    response = nginx.get("/", method="HEAD")
    assert (response.status, response["Content-Length"]) == (200, "3")


def test_a_client_that_has_it_gets_304(failing):
    nginx = failing(Reply(503), {**IF_ERROR, "ETag": '"1"'})
    response = nginx.get("/", {"If-None-Match": '"1"'})
    assert (response.status, response.body) == (304, b"")


def wait_fresh(nginx, body=b"new"):
    wait_until(lambda: nginx.get("/").body == body)
    assert verdict(nginx.get("/")) == ("HIT", None)


def refreshes(nginx, result):
    return metric(nginx, "edge_cache_refreshes_total", result=result)


def test_nobody_waits_for_what_is_asked_in_the_background(cached, origin):
    """Not even the next request on the connection that has caused it."""
    gate = threading.Event()
    origin.on("/", [Reply(headers=WHILE, body=b"old"),
                    Reply(headers=control("max-age=60"), body=b"new",
                          wait=gate)])
    nginx = cached()
    nginx.get("/")
    with nginx.connect() as client:
        for _ in range(5):
            response = client.request("GET", "/")
            assert verdict(response) == ("UPDATING", None)
            assert response.body == b"old"
    origin.wait_for("/", 2)
    gate.set()
    wait_fresh(nginx)
    assert origin.count("/") == 2
    assert refreshes(nginx, "stored") == 1


def test_in_the_background_it_is_asked_by_what_is_stored(cached, origin):
    origin.on("/", [Reply(headers={**WHILE, "ETag": '"1"'}, body=b"old"),
                    Reply(304, {**control("max-age=60"), "ETag": '"1"'})])
    nginx = cached()
    nginx.get("/")
    assert nginx.get("/", {"If-None-Match": '"0"'}).body == b"old"
    assert origin.wait_for("/", 2).all("If-None-Match") == ['"1"']
    wait_fresh(nginx, b"old")
    wait_until(lambda: refreshes(nginx, "stored") == 1)
    assert nginx.get("/")["X-Cache"] == "HIT"
    assert origin.count("/") == 2


def test_a_refresh_that_fails_is_not_tried_for_every_request(cached, origin):
    origin.on("/", [Reply(headers=WHILE, body=b"old"), Reply(503)])
    nginx = cached()
    nginx.get("/")
    nginx.get("/")
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    for _ in range(10):
        assert verdict(nginx.get("/")) == ("UPDATING", None)
    assert origin.count("/") == 2


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


def test_a_refresh_that_is_cut_off_is_not_tried_for_every_request(
        cached, origin):
    origin.on("/", [Reply(headers=WHILE, body=b"old"),
                    Reply(headers=control("max-age=60"), body=b"x" * 1000,
                          cut=10)])
    nginx = cached()
    nginx.get("/")
    nginx.get("/")
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    ends = time.monotonic() + 1.5  # who waits is told sooner
    while time.monotonic() < ends:
        assert nginx.get("/").body == b"old"
    assert origin.count("/") == 2


def test_a_soft_purge_is_refreshed_in_the_background(cached, origin):
    fields = control("max-age=60", "stale-while-revalidate=60")
    origin.on("/", [Reply(headers=fields, body=b"old"),
                    Reply(headers=fields, body=b"new")])
    nginx = cached()
    nginx.get("/")
    purge(nginx, url="/", mode="soft")
    response = nginx.get("/")
    assert (verdict(response)[0], response.body) == ("UPDATING", b"old")
    wait_fresh(nginx)


def test_a_hard_purge_is_not(cached, origin):
    fields = control("max-age=60", "stale-while-revalidate=60")
    origin.on("/", [Reply(headers=fields, body=b"old"),
                    Reply(headers=fields, body=b"new")])
    nginx = cached()
    nginx.get("/")
    purge(nginx, url="/")
    assert nginx.get("/").body == b"new"


def test_a_purge_ends_what_a_refresh_brings(cached, origin):
    """What it has asked for is older than the purge."""
    gate = threading.Event()
    origin.on("/", [Reply(headers={**WHILE, "ETag": '"1"'}, body=b"old"),
                    Reply(304, {**control("max-age=60"), "ETag": '"1"'},
                          wait=gate),
                    Reply(headers=control("max-age=60"), body=b"new")])
    nginx = cached()
    nginx.get("/")
    nginx.get("/")
    origin.wait_for("/", 2)
    purge(nginx, url="/")
    gate.set()
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    assert nginx.get("/").body == b"new"


def test_a_body_in_the_key_is_not_sent_twice(cached, origin):
    origin.on("/", [Reply(headers=WHILE, body=b"old"), Reply(body=b"new")])
    nginx = cached("edge_cache_methods POST; edge_cache_body_key on;")
    nginx.get("/", method="POST", body=b"q")
    assert nginx.get("/", method="POST", body=b"q").body == b"new"
    assert origin.seen("/")[1].body == b"q"


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


def test_one_instance_asks_for_all(fleet, origin):
    origin.on("/", [Reply(headers={**control("max-age=1",
                                             "stale-while-revalidate=60"),
                                   "ETag": '"1"'}, body=b"x"),
                    Reply(304, {**control("max-age=60"), "ETag": '"1"'})])
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    b.get("/")
    time.sleep(1.1)
    assert a.get("/")["X-Cache"] == "UPDATING"
    wait_stored(a, 2)
    b.get("/")
    wait_until(lambda: b.get("/")["X-Cache"] == "HIT")
    assert origin.count("/") == 2


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
