"""Who waits for a fetch reads its answer while that arrives."""

import zlib
from functools import partial

import pytest

from lib.arriving import (AT_ONCE, BODY, FRESH, HALF, LARGE, arriving, chunked,
                          read_half, read_rest)
from lib.cached import metric, nothing_left, purge, verdict
from lib.client import Connection, answers
from lib.http2 import Http2
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting


# With buffers nginx passes on what fills one.
@pytest.mark.parametrize("buffering, part", [("on", 8192), ("off", HALF)])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_bytes_come_while_the_origin_pauses(
        edge_with, origin, gate, rest, workers, buffering, part):
    origin.on("/", Reply(headers=FRESH, body=BODY, wait=gate, body_wait=rest))
    nginx = edge_with(f"""proxy_buffering {buffering};
                          edge_cache_status_header on;""", workers=workers)
    clients = ask(nginx, 20)
    waiting(nginx, 20)
    gate.set()
    heads = read_half(clients, part)
    later = ask(nginx, 5)
    heads += read_half(later, part)
    assert metric(nginx, "edge_cache_fills_total", result="stored") == 0
    rest.set()
    for client in clients + later:
        assert client.read(len(BODY) - part) == BODY[part:]
        client.close()
    statuses = [head["X-Cache"] for head in heads]
    assert statuses.count("MISS") == 1 and statuses.count("HIT") == 24
    assert all("collapsed" in head["Cache-Status"] for head in heads
               if head["X-Cache"] == "HIT")
    assert origin.count("/") == 1
    arriving(nginx, 24)
    nothing_left(nginx)
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert nginx.get("/").body == BODY
    assert metric(nginx, "edge_cache_waits_total", result="hit") == 24


def test_the_header_comes_before_the_first_byte(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=b"x", body_wait=rest))
    nginx = edge_with()
    clients = ask(nginx, 3)
    for client in clients:
        assert client.read_head()[0] == 200
    rest.set()
    for client in clients:
        assert client.read(1) == b"x"
        client.close()
    assert origin.count("/") == 1


def test_the_connection_goes_on_behind_it(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    nginx = edge_with()
    clients = ask(nginx, 4)
    read_half(clients)
    rest.set()
    for client in clients:
        assert client.read(len(BODY) - HALF) == BODY[HALF:]
        assert client.request("GET", "/").body == BODY
        client.close()


def test_what_is_stored_then_is_what_a_single_fetch_stores(edge_with, origin,
                                                           rest):
    headers = {**FRESH, "ETag": '"1"', "Content-Type": "text/x",
               "Surrogate-Key": "a b", "Vary": "X-A"}
    origin.on("/a", Reply(headers=headers, body=BODY, body_wait=rest))
    origin.on("/b", Reply(headers=headers, body=BODY))
    nginx = edge_with()
    clients = ask(nginx, 2, "/a")
    read_half(clients)
    rest.set()
    read_rest(clients)
    nginx.get("/b")

    def seen(target):
        response = nginx.get(target)
        return response.body, [(name, value)
                               for name, value in response.headers
                               if name not in ("Date", "Age", "Cache-Status")]

    assert verdict(nginx.get("/a")) == ("HIT", None)
    assert seen("/a") == seen("/b")
    purge(nginx, tags=["b"])
    assert verdict(nginx.get("/a"))[0] == "MISS"


def test_nobody_reads_what_its_client_can_end(edge_with, origin, gate, rest):
    """edge_cache_ignore_client_abort off: he would end it for all."""
    origin.on("/", [Reply(headers=FRESH, body=BODY, wait=gate, body_wait=rest),
                    Reply(headers=FRESH, body=b"new")])
    nginx = edge_with(f"{AT_ONCE} edge_cache_ignore_client_abort off;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    others = ask(nginx, 3)
    waiting(nginx, 4)
    gate.set()
    read_half([leader])
    leader.abort()
    assert {r.body for r in answers(others)} == {b"new"}


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_filters_behind_it(edge_with, origin, rest, encoding):
    origin.on("/", Reply(headers={**FRESH, "Content-Type": "text/plain"},
                         body=BODY, body_wait=rest))
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


def test_variants_that_this_answer_tells_of(edge_with, origin, gate, rest):
    """Nobody knew of them when these began to wait."""
    def reply(request):
        is_first = request["X-A"] == "a"
        return Reply(headers={**FRESH, "Vary": "X-A"},
                     body=BODY if is_first else b"2",
                     wait=gate if is_first else None, body_wait=rest)

    origin.on("/", reply)
    nginx = edge_with()
    first = ask(nginx, 1, headers={"X-A": "a"})
    origin.wait_for("/")
    same = ask(nginx, 5, headers={"X-A": "a"})
    others = ask(nginx, 5, headers={"X-A": "b"})
    waiting(nginx, 11)
    gate.set()
    read_half(first + same)
    rest.set()
    read_rest(first + same)
    assert {r.body for r in answers(others)} == {b"2"}
    assert origin.count("/") == 2
    arriving(nginx, 5)
    nothing_left(nginx)


def test_tenants_read_their_own(edge_with, origin, rest):
    def reply(request):
        return Reply(headers=FRESH, body_wait=rest,
                     body=request["X-T"].encode() * HALF)

    origin.on("/", reply)
    nginx = edge_with(f"{AT_ONCE} edge_cache_tenant $http_x_t;")
    clients = {tenant: ask(nginx, 4, headers={"X-T": tenant})
               for tenant in ("aa", "bb")}
    arriving(nginx, 6)
    rest.set()
    for tenant, group in clients.items():
        assert {r.body for r in answers(group)} == {tenant.encode() * HALF}
    assert origin.count("/") == 2


def test_conditional_requests_get_their_304_at_once(edge_with, origin, rest):
    origin.on("/", Reply(headers={**FRESH, "ETag": '"1"'}, body=BODY,
                         body_wait=rest))
    nginx = edge_with()
    leader, = ask(nginx, 1)
    read_half([leader])
    response, = answers(ask(nginx, 1, headers={"If-None-Match": '"1"'}))
    assert (response.status, response.body) == (304, b"")
    rest.set()
    read_rest([leader])
    nothing_left(nginx)


def test_what_the_zone_has_no_room_for_is_waited_for(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=LARGE[:900_000], body_wait=rest))
    nginx = edge_with(zone="z:1m")
    clients = ask(nginx, 1)
    origin.wait_for("/")
    clients += ask(nginx, 3)
    waiting(nginx, 3)
    rest.set()
    assert {r.body for r in answers(clients)} == {LARGE[:900_000]}
    arriving(nginx, 0)
    nothing_left(nginx)


def test_what_the_budget_has_no_room_for_is_not_shared(edge_with, origin,
                                                       rest):
    origin.on("/", [Reply(headers=FRESH, body=BODY, body_wait=rest),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with(http="edge_cache_fill_memory 32k;")
    leader, = ask(nginx, 1)
    read_half([leader])
    assert nginx.get("/").body == b"2"
    rest.set()
    read_rest([leader])
    arriving(nginx, 0)


@pytest.mark.parametrize("reply", [partial(Reply, headers=FRESH), chunked])
def test_over_http2(edge_with, origin, rest, reply):
    port = free_port()
    body = BODY[:12 * 1024]
    origin.on("/", reply(body=body, body_wait=rest))
    nginx = edge_with(server=f"{STATUS} listen 127.0.0.1:{port} http2;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    client = Http2(port)
    stays, leaves = client.send_request("/"), client.send_request("/")
    for stream in stays, leaves:
        client.read_some(stream, len(body) // 2)
    client.cancel(leaves)
    rest.set()
    assert client.read_body(stays) == body
    assert client.read_body(client.send_request("/")) == body
    client.close()
    assert answers([leader])[0].body == body
    assert origin.count("/") == 1
    arriving(nginx, 2)
    nothing_left(nginx)


def test_redis_has_it_too(fleet, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    a, b = fleet.start(2, location=AT_ONCE, server=STATUS)
    clients = ask(a, 5)
    read_half(clients)
    rest.set()
    read_rest(clients)
    wait_until(lambda: metric(a, "edge_cache_redis_stores_total",
                              result="stored") == 1)
    assert b.get("/").body == BODY
    assert origin.count("/") == 1


def test_many_readers_of_a_trickle(edge_with, origin):
    """Every step of it reaches each of them once, and in order."""
    origin.on("/", Reply(headers=FRESH, body=LARGE, body_delay=0.2))
    nginx = edge_with("edge_cache_max_size 8m; proxy_limit_rate 4m;",
                      workers=2, zone="z:16m")
    clients = [Connection(nginx.port, timeout=30) for _ in range(40)]
    for client in clients:
        client.send_request("GET", "/")
    assert all(r.body == LARGE for r in answers(clients))
    assert origin.count("/") == 1
    arriving(nginx, 39)
    nothing_left(nginx)
