"""What somebody reads while it arrives, of unknown length, breaks off, is
purged, or becomes too large."""

import time

import pytest

from lib.arriving import (AT_ONCE, BODY, FRESH, HALF, LARGE, arriving,
                          assert_broken, chunked, read_first_half, read_part,
                          read_second_half)
from lib.cached import metric, nothing_left, purge, verdict
from lib.client import Incomplete, answers
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting


def test_an_answer_that_breaks_off_is_no_whole_one(edge_with, origin, gate,
                                                   rest):
    origin.on("/", [chunked(cut=HALF + 100, first=HALF, wait=gate,
                            body_wait=rest), chunked()])
    nginx = edge_with(workers=2)
    clients = ask(nginx, 8)
    origin.wait_for("/")
    waiters = ask(nginx, 4, headers={"Range": "bytes=0-9"})
    waiting(nginx, 12)
    gate.set()
    read_first_half(clients)
    rest.set()
    assert_broken(clients)
    assert {(r.status, r.body) for r in answers(waiters)} == {
        (200, BODY), (206, BODY[:10])}
    wait_until(lambda: metric(nginx, "edge_cache_hits_broken_off_total") == 7)
    assert origin.count("/") == 2
    assert nginx.get("/").body == BODY
    nothing_left(nginx)


def test_gzip_that_breaks_off_has_no_end(edge_with, origin, rest):
    origin.on("/", chunked(headers={**FRESH, "Content-Type": "text/plain"},
                           body_wait=rest, cut=HALF + 100))
    nginx = edge_with(f"{AT_ONCE} gzip on; gzip_types text/plain;")
    clients = ask(nginx, 4, headers={"Accept-Encoding": "gzip"})
    arriving(nginx, 3)
    rest.set()
    for client in clients:
        with pytest.raises((Incomplete, ConnectionError)):
            client.read_response()
        client.close()
    nothing_left(nginx)


def test_what_becomes_too_large_is_sent_to_its_end_and_not_stored(
        edge_with, origin, rest):
    origin.on("/", chunked(body_wait=rest))
    nginx = edge_with(f"{AT_ONCE} edge_cache_max_size 30k;", workers=2)
    clients = ask(nginx, 6)
    read_first_half(clients)
    rest.set()
    read_second_half(clients)
    assert verdict(nginx.get("/"))[0] == "MISS"
    assert origin.count("/") == 2
    assert metric(nginx, "edge_cache_fills_total", result="stored") == 0
    assert metric(nginx, "edge_cache_hits_broken_off_total") == 0
    nothing_left(nginx)


def test_what_becomes_too_large_takes_no_memory_for_nobody(edge_with, origin,
                                                           rest):
    origin.on("/", chunked(body=LARGE, body_wait=rest, first=100_000))
    nginx = edge_with(f"{AT_ONCE} edge_cache_max_size 90k;")
    leader, = ask(nginx, 1)
    leader.read_head()
    read_part(leader, LARGE[:100_000])
    assert metric(nginx, "edge_cache_fills_running") == 0
    before = metric(nginx, "edge_cache_zone_used_bytes")
    rest.set()
    read_part(leader, LARGE[100_000:])
    assert metric(nginx, "edge_cache_zone_used_bytes") <= before
    leader.close()
    nothing_left(nginx)


def test_what_becomes_too_large_releases_who_waits_for_its_end(
        edge_with, origin, rest):
    origin.on("/", [chunked(first=HALF + 10, body_wait=rest),
                    Reply(headers=FRESH, body=b"0123456789")])
    nginx = edge_with(f"{AT_ONCE} edge_cache_max_size {HALF};")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    part, = ask(nginx, 1, headers={"Range": "bytes=2-3"})
    # It asks for itself, and gets what it fills with.
    assert answers([part])[0].body == b"0123456789"
    rest.set()
    assert answers([leader])[0].body == BODY
    nothing_left(nginx)


def test_what_outgrows_its_room_breaks_off_once(edge_with, origin, gate,
                                                rest):
    """Another answer has nearly half of the zone; from the next time on those
    who wait are sent it as a whole."""
    other = LARGE[:1_500_000]
    origin.on("/other", Reply(headers=FRESH, body=other, body_wait=gate))
    large = LARGE[:600_000]
    origin.on("/", chunked(body=large, first=20_000, body_wait=rest))
    nginx = edge_with(f"{AT_ONCE} edge_cache_max_size 2m;",
                      expect=["has no more room for an answer"])
    holder, = ask(nginx, 1, "/other")
    holder.read_head()
    leader, = ask(nginx, 1)
    leader.read_head()
    read_part(leader, large[:20_000])
    readers = ask(nginx, 3)
    for reader in readers:
        reader.read_head()
        read_part(reader, large[:20_000])
    rest.set()
    read_part(leader, large[20_000:])
    assert_broken(readers)
    leader.close()
    wait_until(lambda: verdict(nginx.get("/")) == ("HIT", None))
    assert nginx.get("/").body == large
    purge(nginx, url="/")
    rest.clear()
    clients = ask(nginx, 4)
    waiting(nginx, 4)
    rest.set()
    assert {r.body for r in answers(clients)} == {large}
    arriving(nginx, 3)
    assert origin.count("/") == 2
    gate.set()
    assert holder.read(len(other)) == other
    holder.close()
    nothing_left(nginx)


def test_fill_memory_bounds_it(edge_with, origin, rest):
    origin.on("/", chunked(body=LARGE[:200_000], first=20_000,
                           body_wait=rest))
    nginx = edge_with(http="edge_cache_fill_memory 64k;",
                      expect=["has no more room for an answer"])
    leader, = ask(nginx, 1)
    leader.read_head()
    read_part(leader, LARGE[:20_000])
    reader, = ask(nginx, 1)
    reader.read_head()
    read_part(reader, LARGE[:20_000])
    rest.set()
    read_part(leader, LARGE[20_000:200_000])
    assert_broken([reader])
    leader.close()
    nothing_left(nginx)


def test_a_client_that_leaves_ends_it_for_nobody(edge_with, origin, rest):
    origin.on("/", chunked(body_wait=rest))
    nginx = edge_with(workers=2)
    leader, = ask(nginx, 1)
    read_first_half([leader])
    others = ask(nginx, 5)
    read_first_half(others)
    leader.abort()
    wait_until(lambda: metric(nginx, "edge_cache_fills_outlived_total") == 1)
    rest.set()
    read_second_half(others)
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert origin.count("/") == 1
    nothing_left(nginx)


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/"}])
def test_a_purge_in_the_middle(edge_with, origin, rest, body):
    headers = {**FRESH, "Surrogate-Key": "t"}
    origin.on("/", [chunked(headers=headers, body_wait=rest),
                    chunked(headers=headers, body=b"new")])
    nginx = edge_with(workers=2)
    clients = ask(nginx, 5)
    read_first_half(clients)
    purge(nginx, **body)
    after = ask(nginx, 5)
    if "tags" in body:
        waiting(nginx, 10)
    else:
        assert after[0].read_response().body == b"new"
        after[0].close()
        del after[0]
    rest.set()
    read_second_half(clients)
    assert {r.body for r in answers(after)} == {b"new"}
    assert nginx.get("/").body == b"new"
    assert origin.count("/") == 2
    nothing_left(nginx)


def test_a_filler_that_is_killed(edge_with, origin, rest):
    origin.on("/", [chunked(body_wait=rest), chunked(body=b"new")])
    port = free_port()  # whose clients are spread over the workers
    nginx = edge_with(workers=4, graceful=False, server=f"""
        listen 127.0.0.1:{port} reuseport; {STATUS}""")
    leader, = ask(nginx, 1)
    read_first_half([leader])
    owner = nginx.worker_that_asks(origin.address)
    clients = ask(nginx, 20, port=port)
    read_first_half(clients)
    begun = time.monotonic()
    nginx.kill_worker(pid=owner)
    assert_broken(clients)
    assert time.monotonic() - begun < 10
    leader.close()
    assert nginx.get("/").body == b"new"
    wait_until(lambda: len(nginx.workers()) == 4)
    nothing_left(nginx)
    assert metric(nginx, "edge_cache_zone_recoveries_total") == 0
