"""Who waits for an answer of unknown length reads it while it arrives, too."""

import zlib

import pytest

from lib.arriving import (AT_ONCE, BODY, FRESH, HALF, LARGE, arriving, chunked,
                          read_chunk, read_first_half, read_part,
                          read_second_half)
from lib.cached import metric, nothing_left, purge, verdict
from lib.client import Connection, answers
from lib.origin import Reply
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_bytes_come_while_the_origin_pauses(edge_with, origin, gate,
                                                      rest, workers):
    origin.on("/", chunked(wait=gate, body_wait=rest))
    nginx = edge_with(workers=workers)
    clients = ask(nginx, 20)
    waiting(nginx, 20)
    gate.set()
    heads = read_first_half(clients)
    later = ask(nginx, 5)
    heads += read_first_half(later)
    assert metric(nginx, "edge_cache_fills_total", result="stored") == 0
    rest.set()
    read_second_half(clients + later)
    statuses = [head["X-Cache"] for head in heads]
    assert statuses.count("MISS") == 1 and statuses.count("HIT") == 24
    assert origin.count("/") == 1
    arriving(nginx, 24)
    # The connection goes on behind it.
    for client in clients + later:
        response = client.request("GET", "/")
        assert verdict(response) == ("HIT", None)
        assert response.body == BODY
        assert response["Content-Length"] == str(len(BODY))
        client.close()
    nothing_left(nginx)


def test_with_buffers_it_comes_as_they_are_full(edge_with, origin, rest):
    origin.on("/", chunked(body=LARGE[:400_000], body_wait=rest))
    nginx = edge_with("proxy_buffering on; proxy_buffers 4 8k;")
    clients = ask(nginx, 4)
    for client in clients:
        client.read_head()
        data = read_chunk(client)
        assert data and LARGE.startswith(data)
    rest.set()
    for client in clients:
        client.close()


def test_the_end_may_come_alone(edge_with, origin, rest):
    origin.on("/", chunked(body=BODY[:HALF], first=HALF, body_wait=rest))
    nginx = edge_with()
    clients = ask(nginx, 4)
    read_first_half(clients)
    rest.set()
    for client in clients:
        assert read_chunk(client) == b""
        client.close()
    assert nginx.get("/").body == BODY[:HALF]
    nothing_left(nginx)


def test_the_header_comes_before_the_first_byte(edge_with, origin, rest):
    origin.on("/", chunked(body=b"x", body_wait=rest))
    nginx = edge_with()
    clients = ask(nginx, 3)
    for client in clients:
        assert client.read_head()[0] == 200
    rest.set()
    for client in clients:
        read_part(client, b"x")
        assert read_chunk(client) == b""
        client.close()
    assert origin.count("/") == 1


@pytest.mark.parametrize("size", [0, 1, 16_384, 200_001, 900_000])
def test_what_is_stored_then_is_what_a_single_fetch_stores(
        edge_with, origin, rest, size):
    headers = {**FRESH, "ETag": '"1"', "Content-Type": "text/x",
               "Surrogate-Key": "a b", "Vary": "X-A"}
    body = LARGE[:size]
    origin.on("/a", chunked(headers=headers, body=body, body_wait=rest))
    origin.on("/b", Reply(headers=headers, body=body))
    nginx = edge_with()
    clients = ask(nginx, 1, "/a")
    origin.wait_for("/a")
    clients += ask(nginx, 1, "/a")
    arriving(nginx, 1)
    rest.set()
    assert {r.body for r in answers(clients)} == {body}
    nginx.get("/b")

    def seen(target):
        response = nginx.get(target)
        return response.body, [(name, value)
                               for name, value in response.headers
                               if name not in ("Date", "Age", "Cache-Status")]

    assert verdict(nginx.get("/a")) == ("HIT", None)
    assert seen("/a") == seen("/b")
    assert nginx.get("/a", headers={"Range": "bytes=-3"}).body == body[-3:]
    purge(nginx, tags=["b"])
    assert verdict(nginx.get("/a"))[0] == "MISS"
    nothing_left(nginx)


def test_memory_is_what_it_takes(edge_with, origin, rest):
    """What it was given to grow into is free again."""
    origin.on("/a", chunked(body=LARGE[:500_000], body_wait=rest))
    origin.on("/b", Reply(headers=FRESH, body=LARGE[:500_000]))
    nginx = edge_with()

    def used():
        return metric(nginx, "edge_cache_zone_used_bytes")

    before = used()
    nginx.get("/b")
    ordinary = used() - before
    clients = ask(nginx, 3, "/a")
    arriving(nginx, 2)
    rest.set()
    answers(clients)
    nothing_left(nginx)
    assert verdict(nginx.get("/a")) == ("HIT", None)
    assert used() - before - ordinary <= ordinary + 1024


@pytest.mark.parametrize("version, location", [
    ("1.0", ""), ("1.1", "chunked_transfer_encoding off;")])
def test_who_would_not_see_that_it_broke_off_waits_for_its_end(
        edge_with, origin, rest, version, location):
    origin.on("/", chunked(body_wait=rest))
    nginx = edge_with(f"{AT_ONCE} {location}")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = [Connection(nginx.port) for _ in range(3)]
    for client in clients:
        client.send(f"GET / HTTP/{version}\r\nHost: localhost\r\n\r\n"
                    .encode())
    waiting(nginx, 3)
    rest.set()
    for response in answers(clients):
        assert response["Content-Length"] == str(len(BODY))
        assert response.body == BODY
    leader.close()
    arriving(nginx, 0)
    assert origin.count("/") == 1


def test_ranges_wait_for_the_end_and_conditions_for_nothing(edge_with, origin,
                                                            rest):
    origin.on("/", chunked(headers={**FRESH, "ETag": '"1"'}, body_wait=rest))
    nginx = edge_with()
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    part, = ask(nginx, 1, headers={"Range": "bytes=5-9"})
    same, = ask(nginx, 1, headers={"Range": "bytes=5-9", "If-Range": '"1"'})
    other, = ask(nginx, 1, headers={"Range": "bytes=5-9", "If-Range": '"2"'})
    read_first_half([leader])
    response, = answers(ask(nginx, 1, headers={"If-None-Match": '"1"'}))
    assert (response.status, response.body) == (304, b"")
    assert response["Transfer-Encoding"] is None
    rest.set()
    read_second_half([leader])
    responses = answers([part, same, other])
    assert [r.status for r in responses] == [206, 206, 200]
    assert [r.body for r in responses] == [BODY[5:10], BODY[5:10], BODY]
    assert origin.count("/") == 1
    nothing_left(nginx)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_filters_behind_it(edge_with, origin, rest, encoding):
    origin.on("/", chunked(headers={**FRESH, "Content-Type": "text/plain"},
                           body_wait=rest))
    nginx = edge_with(f"{AT_ONCE} gzip on; gzip_types text/plain;")
    clients = ask(nginx, 4, headers={"Accept-Encoding": encoding})
    arriving(nginx, 3)
    rest.set()
    for response in answers(clients):
        body = response.body
        if encoding == "gzip":
            assert response["Content-Encoding"] == "gzip"
            body = zlib.decompress(body, 31)
        assert body == BODY
    nothing_left(nginx)


def test_what_ends_with_the_connection(edge_with, origin, rest):
    """Where edge_cache_close_delimited allows that."""
    origin.on("/", chunked(framing="close", body_wait=rest))
    nginx = edge_with(f"{AT_ONCE} edge_cache_close_delimited on;", workers=2)
    clients = ask(nginx, 6)
    read_first_half(clients)
    rest.set()
    read_second_half(clients)
    assert nginx.get("/").body == BODY
    assert origin.count("/") == 1
    nothing_left(nginx)


def test_redis_has_it_too(fleet, origin, rest):
    origin.on("/", chunked(body_wait=rest))
    a, b = fleet.start(2, location=AT_ONCE, server=STATUS)
    clients = ask(a, 5)
    read_first_half(clients)
    rest.set()
    read_second_half(clients)
    wait_until(lambda: metric(a, "edge_cache_redis_stores_total",
                              result="stored") == 1)
    assert b.get("/").body == BODY
    assert origin.count("/") == 1


def test_many_readers_of_a_trickle(edge_with, origin):
    origin.on("/", chunked(body=LARGE, body_delay=0.2))
    nginx = edge_with("edge_cache_max_size 8m; proxy_limit_rate 4m;",
                      workers=2, zone="z:16m")
    clients = ask(nginx, 40)
    assert all(r.body == LARGE for r in answers(clients))
    assert origin.count("/") == 1
    arriving(nginx, 39)
    nothing_left(nginx)
