"""A purge while Redis is away: it holds here at once, on the others later."""

import time

import pytest

from lib.fake_redis import HANG
from lib.fleet import (LOG, is_append, log_metric, object_keys, try_purge,
                       version)
from lib.resp import RespError
from lib.wait import wait_until


def purge_without_redis(nginx):
    answer = try_purge(nginx, tags=["t"])
    assert answer.status == 503
    assert answer["Retry-After"]
    assert answer.json()["scope"] == "instance"
    assert answer.json()["instances"]["applied"] == 1


def answer_of(redis, args):
    try:
        return redis.command(*args)
    except RespError as error:
        return error


def settled(nginx):
    return log_metric(nginx, "local_purges") == 0


def watch(pair, new, seconds=0.5):
    """The purged instance never shows the old again; the other one neither,
    once it has shown the new."""
    a, b = pair
    seen_new = False

    def is_over():
        nonlocal seen_new
        assert version(a) == new
        got = version(b)
        assert got == new or not seen_new
        seen_new = seen_new or got == new
        return seen_new and settled(a)

    wait_until(is_over, 15, "the purge to reach the other instance")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert version(a) == version(b) == new


@pytest.mark.parametrize("memory", ["both", "purger", "other"])
def test_a_purge_without_redis_reaches_the_others_when_it_is_back(
        fleet, tagged, redis, memory):
    pair = a, b = fleet.start(2, redis_lines="timeout 200ms;")
    for nginx in {"both": pair, "purger": [a], "other": [b]}[memory]:
        version(nginx)
    wait_until(lambda: len(object_keys(redis)) == 1)
    redis.pause()
    tagged.bump()
    purge_without_redis(a)
    assert version(a) == tagged.version
    redis.resume()
    watch(pair, tagged.version)


def test_a_purge_without_redis_outlives_what_redis_had(fleet, tagged, redis):
    pair = a, b = fleet.start(2)
    version(a)
    version(b)
    redis.kill()
    tagged.bump()
    purge_without_redis(a)
    assert version(a) == tagged.version
    assert log_metric(a, "local_purges") >= 1
    redis.start()
    watch(pair, tagged.version)


def test_more_purges_than_are_remembered_are_one_of_all(fleet, tagged, redis):
    pair = a, b = fleet.start(2)
    for nginx in pair:
        version(nginx)
        version(nginx, "/q")
    redis.kill()
    tagged.bump()
    for i in range(300):
        assert try_purge(a, tags=[f"x{i}"]).status == 503
    assert try_purge(a, tags=["t"]).status == 503
    assert version(a) == tagged.version
    redis.start()
    watch(pair, tagged.version)


def test_what_is_fetched_after_a_purge_without_redis_is_kept(fleet, tagged,
                                                             redis):
    a, _ = fleet.start(2)
    version(a)
    redis.kill()
    tagged.bump()
    purge_without_redis(a)
    assert version(a) == tagged.version
    assert a.get("/p")["X-Cache"] == "HIT"
    redis.start()
    wait_until(lambda: settled(a))


def test_a_purge_that_redis_loses_again_is_appended_again(
        one_behind, tagged, redis, fake_redis):
    """It says OK to APPEND, and then the log is gone."""
    a, b = one_behind
    version(a)
    version(b)
    fake_redis.stop()
    tagged.bump()
    purge_without_redis(a)
    lost = []

    def lose_one(args):
        if is_append(args) and not lost:
            top, = redis.command("XREVRANGE", LOG, "+", "-", "COUNT", 1)
            epoch, sequence = top[0].decode().split("-")
            redis.command("DEL", LOG, LOG + ":members")
            lost.append(f"{epoch}-{int(sequence) + 1}")
            return ["OK", *lost]
        return answer_of(redis, args)

    fake_redis.on("EVALSHA", lose_one)
    fake_redis.start()
    watch((a, b), tagged.version)
    assert lost


def test_a_purge_holds_here_when_redis_goes_right_after_it_was_logged(
        one_behind, tagged, redis, fake_redis):
    a, b = one_behind
    version(a)
    version(b)
    logged = []

    def hang_behind_it(args):
        if logged:
            return HANG
        if is_append(args):
            logged.append(args)
        return answer_of(redis, args)

    fake_redis.on("EVALSHA", hang_behind_it)
    tagged.bump()
    purge_without_redis(a)
    assert logged
    assert version(a) == tagged.version
    fake_redis.forget("EVALSHA")
    watch((a, b), tagged.version)
