"""Answers that are too old, and sent all the same (RFC 5861)."""

import threading
import time

import pytest

from lib.cached import purge, verdict
from lib.origin import Raw, Reply


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
    nginx = cached()
    nginx.get("/")
    time.sleep(1.1 if "s-maxage=10" not in words else 0)
    if "s-maxage=10" in words:
        purge(nginx, url="/", mode="soft")
    assert nginx.get("/").status == 503


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
    nginx = cached(workers=2)
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
