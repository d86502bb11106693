"""The log of purges is lost, cut or set back: what was purged stays purged.

Whatever happens to Redis, after a purge was acknowledged nobody is shown what
was before it; that more is fetched than need be is the price."""

import os
import signal
import time

import pytest

from lib.cached import purge
from lib.fleet import (LOG, MEMBERS, log_metric, object_keys, origin_of_hit,
                       try_purge, version, wait_acknowledged, wait_current,
                       wait_stored)
from lib.wait import wait_until


@pytest.fixture
def pair(fleet, tagged):
    return fleet.start(2)


def purged(pair, origin, redis):
    """Both have had the old; it was purged.  Returns its key and value."""
    a, b = pair
    version(a)
    version(b)
    wait_stored(a, 1)
    key, = object_keys(redis)
    value = redis.command("GET", key)
    origin.bump()
    purge(a, tags=["t"])
    return key, value


def put_back(redis, old):
    redis.command("SET", *old, "PX", 60_000)


def delete(*keys):
    return lambda redis: redis.command("DEL", *keys)


def replace_by(value):
    def lose(redis):
        redis.command("DEL", LOG)
        redis.command(*value)
    return lose


def cut_to_nothing(redis):
    redis.command("XTRIM", LOG, "MAXLEN", 0)


def cut_newest(redis):
    newest, = redis.command("XREVRANGE", LOG, "+", "-", "COUNT", 1)
    redis.command("XDEL", LOG, newest[0])


def foreign_record(redis):
    epoch = redis.command("XREVRANGE", LOG, "+", "-", "COUNT", 1)[0][0]
    epoch, sequence = epoch.decode().split("-")
    redis.command("XADD", LOG, f"{epoch}-{int(sequence) + 5}", "n", "x",
                  "k", "p")


LOSSES = {
    "log": delete(LOG),
    "members": delete(MEMBERS),
    "log-and-members": delete(LOG, MEMBERS),
    "flushall": lambda redis: redis.command("FLUSHALL"),
    "trimmed": cut_to_nothing,
    "newest-record": cut_newest,
    "epoch-field": lambda redis: redis.command("HDEL", MEMBERS, "epoch"),
    "garbage-member": lambda redis: redis.command("HSET", MEMBERS, "x", "y"),
    "log-a-string": replace_by(["SET", LOG, "text"]),
    "log-a-foreign-stream": replace_by(["XADD", LOG, "99-7", "a", "b"]),
    "log-a-stream-by-time": replace_by(["XADD", LOG, "*", "a", "b"]),
    "record-by-time": lambda redis: redis.command("XADD", LOG, "*", "k", "p"),
    "last-epoch-there-is": replace_by(["XADD", LOG, "16777214-1", "n", "x"]),
    "foreign-record": foreign_record,
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_what_was_purged_stays_purged_when_the_log_is_lost(
        fleet, pair, tagged, redis, loss):
    old = purged(pair, tagged, redis)
    loss(redis)
    put_back(redis, old)
    newcomer, = fleet.start(join=False)
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        for nginx in (*pair, newcomer):
            assert version(nginx) == tagged.version
        put_back(redis, old)


RECOVERABLE = [name for name in LOSSES
               if name not in ("garbage-member", "log-a-string")]


@pytest.mark.parametrize("name", RECOVERABLE)
def test_purges_are_acknowledged_again_after_a_loss(pair, tagged, redis,
                                                    name):
    purged(pair, tagged, redis)
    LOSSES[name](redis)
    for filler, purger in (pair, pair[::-1]):
        wait_acknowledged(purger)
        for nginx in pair:
            version(nginx)
        tagged.bump()
        assert purge(purger, tags=["t"])["instances"]["live"] == 2
        for nginx in pair:
            assert version(nginx) == tagged.version


def test_a_log_lost_three_times_in_a_row_goes_on_at_once(fleet, redis):
    """The second time nothing was shared for a second: a master that
    restarted was replaced right after."""
    fleet.start(1, zone_options="lease=400ms")

    def lose():
        redis.command("DEL", LOG)
        return wait_until(lambda: redis.command("EXISTS", LOG)
                          and time.monotonic())

    intervals = []
    for _ in range(3):
        first = lose()
        lose()
        intervals.append(lose() - first)
        time.sleep(4)
    assert min(intervals) < 0.9


def test_a_loss_costs_no_more_than_the_log(pair, tagged, redis):
    """Who lived through it keeps what it has in memory, if the others knew of
    it: by its first acknowledged purge they do."""
    a, b = pair
    for edge in (b, a, b, a):
        wait_acknowledged(edge)
    version(a)
    version(b)
    redis.command("DEL", LOG, MEMBERS)
    wait_acknowledged(a)
    assert origin_of_hit(a.get("/p")) == ("HIT", "memory")
    assert origin_of_hit(b.get("/p")) == ("HIT", "memory")


@pytest.mark.parametrize("purger", [0, 1])
def test_an_old_snapshot_brings_nothing_back(fleet, pair, tagged, redis,
                                             purger):
    a, b = pair
    version(a)
    version(b)
    wait_stored(a, 1)
    redis.command("SAVE")
    tagged.bump()
    purge(pair[purger], tags=["t"])
    redis.restart()
    assert len(object_keys(redis)) == 1
    newcomer, = fleet.start(join=False)
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        for nginx in (*pair, newcomer):
            assert version(nginx) == tagged.version
    wait_acknowledged(a)


def test_an_old_snapshot_brings_nothing_back_to_those_who_restart(
        pair, tagged, redis):
    a, b = pair
    version(a)
    wait_stored(a, 1)
    redis.command("SAVE")
    tagged.bump()
    purge(a, tags=["t"])
    for nginx in pair:
        nginx.quit()
    redis.restart()
    assert len(object_keys(redis)) == 1
    for nginx in pair:
        nginx.start()
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        for nginx in pair:
            assert version(nginx) == tagged.version


def test_who_is_trimmed_past_trusts_nothing(fleet, tagged, redis):
    a, b = fleet.start(2, zone_options="selectors=64")
    version(b)
    stopped = b.workers()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        tagged.bump()
        assert try_purge(a, tags=["t"], wait="1ms").status == 503
        for i in range(400):
            try_purge(a, tags=[f"x{i}"], wait="1ms")
        first = redis.command("XRANGE", LOG, "-", "+", "COUNT", 1)[0][0]
        assert int(first.split(b"-")[1]) > 100
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    wait_acknowledged(a)
    assert version(b) == tagged.version


def test_the_log_is_bounded_and_expires(fleet, redis):
    a, = fleet.start(1, zone_options="selectors=64")
    for i in range(500):
        purge(a, tags=[f"x{i}"])
    assert redis.command("XLEN", LOG) < 300
    for key in LOG, MEMBERS:
        assert 0 < redis.command("PTTL", key) <= 7 * 24 * 3600 * 1000


def test_a_long_log_is_read_by_a_newcomer(fleet, tagged, redis):
    a, = fleet.start(1)
    version(a)
    wait_stored(a, 1)
    key, = object_keys(redis)
    old = key, redis.command("GET", key)
    tagged.bump()
    purge(a, tags=["t"])
    for i in range(1000):
        purge(a, tags=[f"x{i}"])
    put_back(redis, old)
    newcomer, = fleet.start()
    assert version(newcomer) == tagged.version
    assert log_metric(newcomer, "sequence") == log_metric(a, "sequence")


def test_who_restarts_reads_the_log_before_it_serves(pair, tagged, redis):
    a, b = pair
    old = purged(pair, tagged, redis)
    b.quit()
    put_back(redis, old)
    b.start()
    for _ in range(20):
        assert version(b) == tagged.version
    wait_current(b)
    assert version(b) == tagged.version


def test_instances_know_how_many_they_are(fleet):
    for count in 1, 2, 3:
        fleet.start()
        for nginx in fleet.members:
            wait_until(lambda: log_metric(nginx, "instances") == count)


def test_other_keys_on_the_redis_are_left_alone(fleet, tagged, redis):
    redis.command("SET", "queue", "job")
    redis.command("HSET", "ec-like", "f", "v")
    redis.command("RPUSH", "ec:other", "x")
    a, b = fleet.start(2)
    purged((a, b), tagged, redis)
    purge(b, all=True)
    redis.command("DEL", LOG)
    wait_acknowledged(a)
    assert redis.command("GET", "queue") == b"job"
    assert redis.command("HGET", "ec-like", "f") == b"v"
    assert redis.command("LRANGE", "ec:other", 0, -1) == [b"x"]
