"""What somebody reads while it arrives is cut off, purged, or left."""

import os
import signal
import time
from functools import partial

import pytest

from lib.arriving import (AT_ONCE, BODY, FRESH, HALF, LARGE, arriving, chunked,
                          read_half, read_rest)
from lib.cached import metric, nothing_left, purge, slow_listen, verdict
from lib.client import Incomplete, answers
from lib.http2 import Http2
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting


def test_a_client_that_leaves_ends_it_for_nobody(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    nginx = edge_with(workers=2)
    leader, = ask(nginx, 1)
    read_half([leader])
    others = ask(nginx, 5)
    read_half(others)
    leader.abort()
    wait_until(lambda: metric(nginx, "edge_cache_fills_outlived_total") == 1)
    rest.set()
    read_rest(others)
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert origin.count("/") == 1
    nothing_left(nginx)


def test_a_client_that_takes_nothing_ends_it_for_nobody(edge_with, origin,
                                                        rest):
    port = free_port()
    origin.on("/", Reply(headers=FRESH, body=LARGE, body_wait=rest))
    nginx = edge_with(
        f"{AT_ONCE} edge_cache_max_size 8m; send_timeout 500ms;",
        zone="z:16m", server=f"{STATUS} {slow_listen(port)}")
    leader, = ask(nginx, 1, port=port)
    origin.wait_for("/")
    other, = ask(nginx, 1)
    other.read_head()
    assert other.read(len(LARGE) // 2) == LARGE[:len(LARGE) // 2]
    wait_until(lambda: metric(nginx, "edge_cache_fills_outlived_total") == 1)
    rest.set()
    assert other.read(len(LARGE) // 2) == LARGE[len(LARGE) // 2:]
    leader.close()
    other.close()
    assert verdict(nginx.get("/")) == ("HIT", None)
    nothing_left(nginx)


def test_readers_that_leave(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    nginx = edge_with(workers=2)
    leader, = ask(nginx, 1)
    read_half([leader])
    for _ in range(3):
        clients = ask(nginx, 30)
        read_half(clients)
        for client in clients:
            client.abort()
    arriving(nginx, 90)
    # The filler's alone.
    wait_until(lambda: metric(nginx, "edge_cache_zone_free_pins")
               == 1024 - 1, 5, "the pins of all readers")
    rest.set()
    read_rest([leader])
    nothing_left(nginx)


def test_a_slow_reader_holds_up_nobody(edge_with, origin, rest):
    """Nor does it take memory for what it does not read."""
    port = free_port()
    origin.on("/", Reply(headers=FRESH, body=LARGE, body_wait=rest))
    nginx = edge_with(
        f"{AT_ONCE} edge_cache_max_size 8m;", zone="z:16m",
        server=f"{STATUS} {slow_listen(port)}")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    slow = ask(nginx, 30, port=port)
    others = ask(nginx, 5)
    arriving(nginx, 35)
    before = nginx.own_memory()
    rest.set()
    assert {len(r.body) for r in answers([leader] + others)} == {len(LARGE)}
    assert nginx.own_memory() - before < 1 << 20
    for response in answers(slow):
        assert response.body == LARGE
    nothing_left(nginx)


def test_a_reader_that_takes_nothing_is_left(edge_with, origin, rest):
    port = free_port()
    origin.on("/", Reply(headers=FRESH, body=LARGE, body_wait=rest))
    nginx = edge_with(
        f"{AT_ONCE} edge_cache_max_size 8m; send_timeout 500ms;",
        zone="z:16m", server=f"{STATUS} {slow_listen(port)}")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    reader, = ask(nginx, 1, port=port)
    wait_until(lambda: "client timed out" in nginx.error_log(), 10)
    rest.set()
    assert len(leader.read_response().body) == len(LARGE)
    with pytest.raises((Incomplete, ConnectionError)):
        reader.read_response()
    reader.close()
    leader.close()
    nothing_left(nginx)


def test_an_answer_that_breaks_off_is_no_whole_one(edge_with, origin, gate,
                                                   rest):
    """Who has nothing yet fetches; who has some of it sees that it is not
    all."""
    origin.on("/", [Reply(headers=FRESH, body=BODY, cut=HALF + 100, wait=gate,
                          body_wait=rest),
                    Reply(headers=FRESH, body=BODY)])
    nginx = edge_with(workers=2)
    clients = ask(nginx, 8)
    origin.wait_for("/")
    waiters = ask(nginx, 4, headers={"Range": "bytes=0-9"})
    waiting(nginx, 12)
    gate.set()
    read_half(clients, HALF // 2)
    rest.set()
    for client in clients:
        with pytest.raises((Incomplete, ConnectionError)):
            client.read(len(BODY))
        client.close()
    # The one who fetches gets all of it.
    assert {(r.status, r.body) for r in answers(waiters)} == {
        (200, BODY), (206, BODY[:10])}
    wait_until(lambda: metric(nginx, "edge_cache_hits_broken_off_total") == 7)
    assert origin.count("/") == 2
    assert nginx.get("/").body == BODY
    nothing_left(nginx)


def test_gzip_that_breaks_off_has_no_end(edge_with, origin, rest):
    origin.on("/", Reply(headers={**FRESH, "Content-Type": "text/plain"},
                         body=BODY, body_wait=rest, cut=HALF + 100))
    nginx = edge_with(f"{AT_ONCE} gzip on; gzip_types text/plain;")
    clients = ask(nginx, 4, headers={"Accept-Encoding": "gzip"})
    arriving(nginx, 3)
    rest.set()
    for client in clients:
        with pytest.raises((Incomplete, ConnectionError)):
            client.read_response()
        client.close()
    nothing_left(nginx)


def test_a_purge_in_the_middle(edge_with, origin, rest):
    """Who has begun reads on; nobody else does, and nothing is stored."""
    headers = {**FRESH, "Surrogate-Key": "t"}
    origin.on("/", [Reply(headers=headers, body=BODY, body_wait=rest),
                    Reply(headers=headers, body=b"new")])
    nginx = edge_with(workers=2)
    clients = ask(nginx, 5)
    read_half(clients)
    purge(nginx, tags=["t"])
    after = ask(nginx, 5)  # known when it is stored, as before
    waiting(nginx, 10)
    rest.set()
    read_rest(clients)
    assert {r.body for r in answers(after)} == {b"new"}
    assert nginx.get("/").body == b"new"
    assert origin.count("/") == 2
    nothing_left(nginx)


@pytest.mark.parametrize("body", [{"url": "/"}, {"all": True}])
def test_a_purge_by_name_in_the_middle(edge_with, origin, rest, body):
    origin.on("/", [Reply(headers=FRESH, body=BODY, body_wait=rest),
                    Reply(headers=FRESH, body=b"new")])
    nginx = edge_with(workers=2)
    clients = ask(nginx, 5)
    read_half(clients)
    purge(nginx, **body)
    assert {r.body for r in answers(ask(nginx, 5))} == {b"new"}
    rest.set()
    read_rest(clients)
    assert nginx.get("/").body == b"new"
    assert origin.count("/") == 2
    nothing_left(nginx)


def test_what_hangs_is_replaced_and_read_on(edge_with, origin, rest):
    origin.on("/", [Reply(headers=FRESH, body=BODY, body_wait=rest),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with(f"{AT_ONCE} edge_cache_lock_age 300ms;")
    clients = ask(nginx, 5)
    read_half(clients)
    time.sleep(0.4)
    assert {r.body for r in answers(ask(nginx, 5))} == {b"2"}
    rest.set()
    read_rest(clients)
    nothing_left(nginx)


@pytest.mark.parametrize("reply", [
    partial(Reply, headers=FRESH, body=BODY, cut=HALF + 100),
    partial(chunked, first=HALF // 2, cut=HALF)])
def test_a_stream_that_breaks_off_is_reset(edge_with, origin, rest, reply):
    port = free_port()
    origin.on("/", [reply(body_wait=rest), Reply(headers=FRESH, body=b"new")])
    nginx = edge_with(server=f"{STATUS} listen 127.0.0.1:{port} http2;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    client = Http2(port)
    stream = client.send_request("/")
    client.read_some(stream, HALF // 2)
    rest.set()
    assert len(client.read_body(stream)) < len(BODY)
    assert client.was_reset(stream)
    assert client.read_body(client.send_request("/")) == b"new"
    client.close()
    leader.close()
    nothing_left(nginx)


def test_a_reload_in_the_middle(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    nginx = edge_with(workers=2)
    before = ask(nginx, 5)
    read_half(before)
    nginx.reload()
    after = ask(nginx, 5)
    read_half(after)
    rest.set()
    read_rest(before + after)
    assert origin.count("/") == 1
    assert verdict(nginx.get("/")) == ("HIT", None)
    nothing_left(nginx)


def test_a_filler_that_is_killed(edge_with, origin, rest):
    """Whoever reads it in another worker sees that it is not all, and soon."""
    origin.on("/", [Reply(headers=FRESH, body=BODY, body_wait=rest),
                    Reply(headers=FRESH, body=b"new")])
    port = free_port()  # whose clients are spread over the workers
    nginx = edge_with(workers=4, graceful=False, server=f"""
        listen 127.0.0.1:{port} reuseport; {STATUS}""")
    leader, = ask(nginx, 1)
    read_half([leader])
    owner = nginx.worker_that_asks(origin.address)
    clients = ask(nginx, 40, port=port)
    read_half(clients)
    begun = time.monotonic()
    nginx.kill_worker(pid=owner)
    for client in clients:
        with pytest.raises((Incomplete, ConnectionError)):
            client.read(len(BODY))
        client.close()
    assert time.monotonic() - begun < 10
    leader.close()
    assert nginx.get("/").body == b"new"
    wait_until(lambda: len(nginx.workers()) == 4)
    nothing_left(nginx)


def test_a_worker_ends_with_its_readers(edge_with, origin, rest):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=rest))
    nginx = edge_with()
    clients = ask(nginx, 5)
    read_half(clients)
    os.kill(nginx.pid, signal.SIGQUIT)
    rest.set()
    read_rest(clients)
