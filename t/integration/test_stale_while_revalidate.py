"""Answers that are too old, and sent while the origin is asked (RFC 5861 3)."""

import threading
import time

from lib.cached import purge, refreshes, verdict
from lib.fleet import wait_stored
from lib.origin import Reply
from lib.stale import WHILE, control
from lib.wait import wait_until


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


def wait_fresh(nginx, body=b"new"):
    wait_until(lambda: nginx.get("/").body == body)
    assert verdict(nginx.get("/")) == ("HIT", None)


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
