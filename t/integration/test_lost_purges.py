"""Purges that a log has lost are put into the next one again, by one of those
who know them."""

import signal
import time

import pytest

from lib.cached import metric, purge
from lib.fleet import (LOG, MEMBERS, is_append, log_metric, try_purge, version,
                       wait_acknowledged, wait_behind, wait_current)
from lib.wait import wait_until


def restored(*fleet):
    return sum(metric(nginx, "edge_cache_log_restored_total")
               for nginx in fleet)


def rows_in_log(redis):
    """Of each purge in it: (mode, number of rows)."""
    records = [dict(zip(fields[::2], fields[1::2])) for _, fields
               in redis.command("XRANGE", LOG, "-", "+")]
    return [(record[b"m"].decode(), len(record[b"s"]) // 8)
            for record in records if record[b"k"] == b"p"]


def test_a_lost_purge_reaches_who_was_cut_off(one_behind, tagged, redis,
                                              fake_redis):
    """B misses the purge, and the log loses it before B is back."""
    b, a = one_behind
    for nginx in (b, a) * 2:
        wait_acknowledged(nginx)
    version(b)
    fake_redis.stop()
    tagged.bump()
    assert try_purge(a, tags=["t"], wait="100ms").status == 503
    redis.command("DEL", LOG, MEMBERS)
    wait_until(lambda: restored(a) > 0)
    wait_behind(b)
    fake_redis.start()
    wait_current(b)
    assert version(b) == tagged.version


def test_of_those_who_know_a_lost_purge_one_restores_it(fleet, redis):
    pair = a, b = fleet.start(2)
    for nginx in (a, b, a, b):
        wait_acknowledged(nginx)
    purge(a, tags=["t", "u"])
    purge(b, tags=["v"], mode="soft")
    redis.command("DEL", LOG)
    # The three, and what wait_acknowledged() purged.
    wait_until(lambda: restored(*pair) >= 4)
    wait_acknowledged(a)
    assert restored(*pair) == 4
    assert sorted(rows_in_log(redis))[-1] == ("s", 1)


def test_very_many_lost_purges_are_one_of_everything(fleet, tagged, redis):
    a, = fleet.start(1, size="16m")
    names = [f"x{i}" for i in range(10_001)]
    for first in range(0, len(names), 1000):
        purge(a, tags=names[first:first + 1000])
    version(a)
    tagged.bump()
    redis.command("DEL", LOG)
    wait_until(lambda: restored(a) == 1)
    assert rows_in_log(redis) == [("h", 1)]
    wait_current(a)
    assert version(a) == tagged.version


def test_a_purge_goes_on_when_the_log_is_lost_meanwhile(
        one_behind, tagged, redis, fake_redis):
    """It is asked once, and is answered when the next epoch has it, too."""
    a, b = one_behind
    for nginx in (b, a) * 2:
        wait_acknowledged(nginx)
    version(b)
    lost = []

    def lose_after_append(args):
        answer = redis.command(*args)
        if is_append(args) and answer[0] == b"OK" and not lost:
            redis.command("DEL", LOG, MEMBERS)
            lost.append(answer[1])
        return answer

    fake_redis.on("EVALSHA", lose_after_append)
    tagged.bump()
    answer = purge(a, tags=["t"], wait="10s")
    assert lost and answer["generation"] != lost[0].decode()
    assert version(b) == tagged.version


# Members that cannot be read

def test_a_member_that_cannot_be_read_costs_no_lease(fleet, tagged, redis):
    a, = fleet.start(1, zone_options="isolation=3s")
    version(a)
    redis.command("HSET", MEMBERS, "x", "y")
    wait_until(lambda: log_metric(a, "instances") == 2)
    answer = try_purge(a, tags=["nothing"], wait="300ms")
    assert answer.status == 503
    assert {"instance": "unreadable member x"} in answer.json()["missing"]
    assert log_metric(a, "current") == 1
    assert a.get("/p")["X-Cache"] == "HIT"
    # It is silent for longer than its isolation, and goes.
    wait_acknowledged(a)
    assert redis.command("HEXISTS", MEMBERS, "x") == 0


# Leaving

@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGTERM])
def test_who_leaves_is_no_member_any_more(fleet, redis, number):
    a, b = fleet.start(2, workers=2)
    wait_acknowledged(b)
    b.quit(number=number)
    wait_until(lambda: log_metric(a, "instances") == 1)
    assert purge(a, tags=["x"])["instances"] == {"applied": 1, "live": 1}
    b.start()
    wait_until(lambda: log_metric(a, "instances") == 2)


def test_who_leaves_with_a_beat_under_way_is_no_member_any_more(fleet, redis):
    a, b = fleet.start(2, redis_lines="timeout 2s; connect_timeout 2s;")
    wait_acknowledged(b)
    redis.pause()
    time.sleep(0.2)  # some turns of 50 ms: a beat waits for its answer
    b.quit(number=signal.SIGTERM)
    redis.resume()
    wait_until(lambda: log_metric(a, "instances") == 1)
    assert purge(a, tags=["x"])["instances"] == {"applied": 1, "live": 1}


def test_a_reload_does_not_leave(fleet, tagged, redis):
    a, b = fleet.start(2)
    ids = set(redis.command("HKEYS", MEMBERS))
    for _ in range(3):
        b.reload()
        assert set(redis.command("HKEYS", MEMBERS)) == ids
