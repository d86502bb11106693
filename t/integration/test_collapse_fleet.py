"""One fetch over all instances that share a Redis."""

import os
import re
import signal
import threading
import time

import pytest

from lib.cached import metric, purge, verdict
from lib.client import answers
from lib.fleet import redis_up
from lib.origin import Reply
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting

FRESH = {"Cache-Control": "max-age=60"}


def locks(redis):
    return redis.command("KEYS", "ec:1:*:lock*")


def test_three_instances_cost_one_fetch(fleet, origin, redis, gate, capsys):
    origin.on("/p", Reply(headers=FRESH, body=b"x", wait=gate))
    # Who does not hear from Redis in time fetches by himself.
    instances = fleet.start(3, workers=2, server=STATUS,
                            redis_lines="timeout 2s; connect_timeout 2s;")
    clients = []
    for nginx in instances:
        clients += ask(nginx, 100, "/p")
    for nginx in instances:
        waiting(nginx, 100)
    begun = time.monotonic()
    gate.set()
    responses = answers(clients)
    took = time.monotonic() - begun
    assert {r.body for r in responses} == {b"x"}
    assert origin.count("/p") == 1
    assert [verdict(r)[0] for r in responses].count("MISS") == 1
    with capsys.disabled():
        print(f" [the last of 300 after {took * 1000:.0f} ms]", end="")


def test_the_others_are_woken(fleet, origin):
    """By a message: by looking for themselves it takes a second.  On a busy
    machine one of several times has to do."""
    a, b = fleet.start(2, server=STATUS)
    took = []
    for i in range(5):
        gate = threading.Event()
        origin.on(f"/{i}", Reply(headers=FRESH, body=b"x", wait=gate))
        first, = ask(a, 1, f"/{i}")
        origin.wait_for(f"/{i}")
        other, = ask(b, 1, f"/{i}")
        waiting(b, 1)
        begun = time.monotonic()
        gate.set()
        answers([first, other])
        took.append(time.monotonic() - begun)
    assert min(took) < 0.4


def test_with_redis_away_each_instance_fetches_once(fleet, origin, redis,
                                                    gate):
    origin.on("/p", Reply(headers=FRESH, body=b"x", wait=gate))
    instances = fleet.start(3, server=STATUS)
    redis.stop()
    for nginx in instances:
        wait_until(lambda: not redis_up(nginx), 10, "the loss of Redis")
    clients = []
    for nginx in instances:
        clients += ask(nginx, 30, "/p")
    for nginx in instances:
        waiting(nginx, 30)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"x"}
    assert origin.count("/p") == 3


def test_an_instance_that_dies_is_replaced(fleet, origin, redis, gate):
    origin.on("/p", [Reply(headers=FRESH, body=b"1", wait=gate),
                     Reply(headers=FRESH, body=b"2")])
    a, b = fleet.start(2, server=STATUS, location="edge_cache_lock_age 1s;")
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    wait_until(lambda: locks(redis), 5, "the lock")
    others = ask(b, 10, "/p")
    waiting(b, 10)
    a.expect_log("exited on signal")
    for pid in [a.pid, *a.workers()]:
        os.kill(pid, signal.SIGKILL)
    assert {r.body for r in answers(others)} == {b"2"}
    assert origin.count("/p") == 2
    first.close()


def test_a_filler_that_leaves_wakes_the_others(fleet, origin, gate):
    origin.on("/p", [Reply(headers=FRESH, body=b"1", wait=gate),
                     Reply(headers=FRESH, body=b"2")])
    a, b = fleet.start(2, server=STATUS,
                       location="edge_cache_ignore_client_abort off;")
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    others = ask(b, 10, "/p")
    waiting(b, 10)
    first.abort()
    assert {r.body for r in answers(others)} == {b"2"}
    assert origin.count("/p") == 2


def test_what_is_private_is_known_everywhere(fleet, origin, redis, gate):
    """The other instance does not serve it one by one, not even at first."""
    origin.on("/p", Reply(headers={"Cache-Control": "private"}))
    a, b = fleet.start(2, server=STATUS)
    a.get("/p")
    wait_until(lambda: locks(redis), 5, "the mark")
    b.get("/p")
    origin.on("/p", Reply(headers={"Cache-Control": "private"}, wait=gate))
    clients = ask(b, 10, "/p")
    origin.wait_for("/p", 12)
    gate.set()
    answers(clients)
    assert metric(b, "edge_cache_hits_for_miss_total") == 10


def test_who_comes_after_a_purge_waits_for_no_older_fill(fleet, origin, gate):
    origin.on("/p", [Reply(headers=FRESH, body=b"old", wait=gate),
                     Reply(headers=FRESH, body=b"new")])
    a, b = fleet.start(2)
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    purge(a, url="/p")
    assert b.get("/p").body == b"new"
    assert a.get("/p").body == b"new"
    gate.set()
    assert answers([first])[0].body == b"old"
    assert b.get("/p").body == b"new"
    assert origin.count("/p") == 2


def test_another_key_is_not_held_up(fleet, origin, gate):
    origin.on("/p", Reply(headers=FRESH, body=b"x", wait=gate))
    a, b = fleet.start(2)
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    assert b.get("/q").status == 200
    gate.set()
    answers([first])


def test_the_locks_expire(fleet, origin, redis):
    nginx, _ = fleet.start(2)
    nginx.get("/p")
    key, = wait_until(lambda: locks(redis), 5, "the lock")
    assert 0 < redis.command("PTTL", key) <= 5000
    wait_until(lambda: not locks(redis), 8, "its end")


def test_a_wait_for_another_server_ends_with_the_timeout(fleet, origin, gate):
    """It lasted as long as the lock, whatever edge_cache_lock_timeout said."""
    origin.on("/p", [Reply(headers=FRESH, body=b"1", wait=gate),
                     Reply(headers=FRESH, body=b"2")])
    a, b = fleet.start(2, location="edge_cache_lock_age 60s; "
                                   "edge_cache_lock_timeout 300ms;")
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    response = b.get("/p")
    assert (response.body, verdict(response)) == (b"2",
                                                  ("MISS", "lock_timeout"))
    assert metric(b, "edge_cache_waits_total", result="timeout") == 1
    gate.set()
    answers([first])


def test_waits_for_other_servers_are_counted(fleet, origin, redis, gate):
    origin.on("/p", Reply(headers=FRESH, body=b"1", wait=gate))
    a, b = fleet.start(2)
    first, = ask(a, 1, "/p")
    origin.wait_for("/p")
    other, = ask(b, 1, "/p")
    key, = locks(redis)
    wait_until(lambda: redis.command("GET", key).endswith(b"+"), 5, "the wait")
    gate.set()
    answers([first, other])
    assert metric(b, "edge_cache_waits_total", result="hit") == 1


@pytest.mark.parametrize("value", [("LPUSH", "x"), ("HSET", "x", "y")])
def test_a_lock_of_another_type_delays_nothing(fleet, origin, redis, value):
    origin.on("/p", Reply(headers={**FRESH, "Vary": "X-A"}))
    nginx, _ = fleet.start(2)
    nginx.get("/p")
    key, = wait_until(lambda: locks(redis), 5, "the lock")
    purge(nginx, url="/p")
    redis.command("DEL", key)
    redis.command(value[0], key, *value[1:])
    assert nginx.get("/p").status == 200
    wait_until(lambda: redis_up(nginx), 5, "Redis counts as up")


def test_who_is_alone_takes_no_lock(fleet, redis):
    nginx, = fleet.start(1)
    nginx.get("/p")
    assert not locks(redis)


def test_what_is_known_as_private_is_not_looked_for(fleet, origin, redis):
    """A lookup in Redis for each made it a third dearer than proxy_pass."""
    origin.on("/p", Reply(headers={"Cache-Control": "private"}))
    nginx, = fleet.start(1)
    nginx.get("/p")

    def lookups():
        stats = redis.command("INFO", "commandstats").decode()
        return int(re.search(r"cmdstat_get:calls=(\d+)", stats)[1])

    before = lookups()
    for _ in range(5):
        assert nginx.get("/p")["X-Cache"] == "MISS"
    assert lookups() == before
    origin.on("/p", Reply(headers=FRESH))
    nginx.get("/p")
    assert nginx.get("/p")["X-Cache"] == "HIT"
