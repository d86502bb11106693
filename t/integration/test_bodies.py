"""Bodies: whole or not at all, whatever their size and framing."""

import hashlib
import os
import threading
import time

import pytest

from lib.cached import logged, metric, slow_listen, verdict
from lib.client import Connection, Incomplete
from lib.origin import Raw, Reply
from lib.ports import free_port
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}


def digest(body):
    return hashlib.sha256(body).hexdigest()


def check_intact(nginx, body, hits=3):
    for number in range(hits + 1):
        response = nginx.get("/")
        assert verdict(response)[0] == ("HIT" if number else "MISS")
        assert digest(response.body) == digest(body)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", [
    1, 4095, 4096, 4097, 100_000, 1_000_000])
def test_bodies_are_intact(cached, origin, size, framing):
    body = os.urandom(size)
    origin.on("/", Reply(headers=FRESH, body=body, framing=framing))
    check_intact(cached(zone="z:16m"), body)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("location", ["", "proxy_buffering off;",
                                      "sendfile on; aio threads;",
                                      "proxy_max_temp_file_size 0;"])
def test_the_largest_body_is_intact(cached, origin, framing, location):
    body = os.urandom(8 * 1024 * 1024)
    origin.on("/", Reply(headers=FRESH, body=body, framing=framing))
    check_intact(cached(f"edge_cache_max_size 8m; {location}", zone="z:32m"),
                 body, hits=1)


@pytest.mark.parametrize("status, headers, framing", [
    (200, {"Content-Length": "0"}, "length"), (200, {}, "chunked"),
    (204, {}, "length"), (301, {"Location": "/b"}, "length"),
    (404, {}, "length"), (301, {"Location": "/b"}, "chunked")])
def test_empty_bodies_are_stored(cached, origin, status, headers, framing):
    origin.on("/", Reply(status, {**FRESH, **headers}, framing=framing))
    nginx = cached()
    with nginx.connect() as connection:
        for expected in ("MISS", "HIT", "HIT"):
            response = connection.request("GET", "/")
            assert verdict(response) == (expected, None)
            assert (response.status, response.body) == (status, b"")
        assert response["Content-Length"] == (None if status == 204 else "0")


# edge_cache_max_size

@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("over", [0, 1])
def test_max_size_is_the_last_size_stored(cached, origin, framing, over):
    origin.on("/", Reply(headers=FRESH, body=b"x" * (5000 + over),
                         framing=framing))
    nginx = cached("edge_cache_max_size 5000;")
    assert len(nginx.get("/").body) == 5000 + over
    assert verdict(nginx.get("/"))[0] == ("MISS" if over else "HIT")
    nginx.quit()
    assert logged(nginx)[0] == ("MISS", "too_large" if over else None)


def test_a_body_too_large_reaches_the_client_whole(cached, origin):
    body = os.urandom(3_000_000)
    for framing in ("length", "chunked"):
        origin.on("/", Reply(headers=FRESH, body=body, framing=framing))
        nginx = cached()
        for _ in range(2):
            response = nginx.get("/")
            assert verdict(response)[0] == "MISS"
            assert digest(response.body) == digest(body)


def test_the_default_limit_is_a_megabyte(cached, origin):
    origin.on("/a", Reply(headers=FRESH, body=b"x" * 1024 * 1024))
    origin.on("/b", Reply(headers=FRESH, body=b"x" * (1024 * 1024 + 1)))
    nginx = cached(zone="z:16m")
    for target, expected in (("/a", "HIT"), ("/b", "MISS")):
        nginx.get(target)
        assert verdict(nginx.get(target))[0] == expected


# edge_cache_fill_memory

def test_fill_memory_bounds_what_is_captured_at_once(cached, origin):
    gate = threading.Event()
    origin.on("/", Reply(headers=FRESH, body=b"x" * 50_000, body_wait=gate))
    nginx = cached("edge_cache_key $args;",
                   http="edge_cache_fill_memory 120k;")
    clients = [nginx.connect() for _ in range(6)]
    for number, client in enumerate(clients):
        client.send_request("GET", f"/?{number}")
    origin.wait_for("/", 6)
    wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                              result="aborted") == 4)
    gate.set()
    for client in clients:
        assert client.read_response().body == b"x" * 50_000
        client.close()
    nginx.get("/?again")
    nginx.quit()
    reasons = [reason for _, reason in logged(nginx)]
    assert reasons.count("fill_memory") == 4
    assert reasons.count(None) == 3


# Truncation

@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("cut", [0, 300])
def test_a_truncated_body_is_not_stored(cached, origin, framing, reset, cut):
    body = b"x" * 1000
    origin.on("/", [Reply(headers=FRESH, body=body, framing=framing, cut=cut,
                          reset=reset),
                    Reply(headers=FRESH, body=body)])
    nginx = cached("proxy_next_upstream off;")
    try:
        nginx.get("/")
    except Incomplete:
        pass
    assert nginx.get("/").body == body
    assert origin.count("/") == 2
    nginx.quit()
    assert logged(nginx)[0][0] == "MISS"
    assert logged(nginx)[0][1] in ("truncated", "error_page")


@pytest.mark.parametrize("setting, stored", [("off", False), ("on", True)])
def test_edge_cache_close_delimited(cached, origin, setting, stored):
    origin.on("/", Reply(headers=FRESH, body=b"x" * 1000, framing="close"))
    nginx = cached(f"edge_cache_close_delimited {setting};")
    assert verdict(nginx.get("/")) == (
        "MISS", None if stored else "close_delimited")
    response = nginx.get("/")
    assert verdict(response)[0] == ("HIT" if stored else "MISS")
    assert response.body == b"x" * 1000


def test_a_reset_ends_no_close_delimited_body(cached, origin):
    origin.on("/", Reply(headers=FRESH, body=b"x" * 1000, framing="close",
                         cut=500, reset=True))
    nginx = cached("edge_cache_close_delimited on;")
    try:
        nginx.get("/")
    except Incomplete:
        pass
    try:
        assert verdict(nginx.get("/"))[0] == "MISS"
    except Incomplete:
        pass
    assert origin.count("/") == 2


def test_more_than_was_announced_is_not_stored(cached, origin):
    origin.on("/", Raw(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n"
                       b"Content-Length: 5\r\n\r\n1234567890"))
    nginx = cached()
    assert nginx.get("/").body == b"12345"
    assert nginx.get("/").body == b"12345"


def test_broken_headers_are_nothing_to_store(cached, origin):
    origin.on("/", Raw(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n"
                       b"X-Bad: a\x01b\r\nContent-Length: 1\r\n\r\nx"))
    nginx = cached()
    response = nginx.get("/")
    assert response.status == 502 or verdict(response) == (
        "MISS", "header_invalid")


def test_a_large_header_is_stored_or_has_a_reason(cached, origin):
    origin.on("/", Reply(headers={**FRESH, "X-Large": "x" * 30_000},
                         body=b"x"))
    nginx = cached("proxy_buffer_size 64k; proxy_buffers 8 64k;"
                   "proxy_busy_buffers_size 64k;")
    nginx.get("/")
    hit = nginx.get("/")
    assert (verdict(hit), hit["X-Large"]) == (("HIT", None), "x" * 30_000)


# Clients

@pytest.mark.limit(90)
@pytest.mark.parametrize("location", ["", "proxy_buffering off;"])
def test_a_slow_client_does_not_hold_up_the_fill(cached, origin, location):
    body = os.urandom(4 * 1024 * 1024)
    origin.on("/", Reply(headers=FRESH, body=body))
    port = free_port()
    nginx = cached(f"edge_cache_max_size 8m; {location}", zone="z:32m",
                   server=slow_listen(port), graceful=False)
    with Connection(port) as slow:
        slow.send_request("GET", "/")
        wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                                  result="stored") == 1,
                   what="the fill without a reader")
        response = nginx.get("/")
        assert verdict(response) == ("HIT", None)
        assert digest(response.body) == digest(body)


def test_slow_readers_of_hits_pin_the_object_once(cached, origin):
    body = os.urandom(1024 * 1024)
    origin.on("/", Reply(headers=FRESH, body=body))
    port = free_port()
    nginx = cached("edge_cache_max_size 8m;", zone="z:32m",
                   server=slow_listen(port))
    nginx.get("/")
    slow = [Connection(port) for _ in range(5)]
    for client in slow:
        client.send_request("GET", "/")
        client.read_head()
    assert metric(nginx, "edge_cache_zone_pinned_objects") == 1
    for client in slow:
        assert digest(client.read(len(body))) == digest(body)
        client.close()
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)


def test_a_pinned_object_survives_its_eviction(cached, origin):
    """Reading it while others push it out of a small zone."""
    body = os.urandom(1_000_000)
    origin.on("/", Reply(headers=FRESH, body=body))
    origin.on("/f", Reply(headers=FRESH, body=os.urandom(500_000)))
    port = free_port()
    nginx = cached(zone="z:8m", server=slow_listen(port))
    nginx.get("/")
    with Connection(port) as slow:
        slow.send_request("GET", "/")
        slow.read_head()
        first = slow.read(1000)
        for number in range(60):
            nginx.get(f"/f?{number}")
        assert digest(first + slow.read(len(body) - 1000)) == digest(body)


def test_time_of_a_slow_origin_counts(cached, origin):
    gate = threading.Event()
    origin.on("/", Reply(headers={"Cache-Control": "max-age=1", "Date": None},
                         body=b"xx", body_wait=gate))
    nginx = cached()
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/")
        time.sleep(1.2)
        gate.set()
        client.read_response()
    assert verdict(nginx.get("/"))[0] == "MISS"
