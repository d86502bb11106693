"""The limit script in a real Redis: buckets, and what it costs."""

import re
import threading
import time

import pytest

from lib.limit_script import NOW, SECOND, Answer, Limit, Limiter
from lib.resp import RespError


def in_threads(count, function):
    """Runs function() in `count` threads at once; the list of results."""
    results, start = [], threading.Barrier(count)

    def run():
        start.wait()
        results.append(function())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_the_burst_at_once_then_the_rate(ask):
    limit = Limit("k", rate=10, burst=3)
    answers = [ask(limit) for _ in range(4)]
    assert [a.granted for a in answers] == [1, 1, 1, 0]
    assert [a.remaining for a in answers] == [[2], [1], [0], [0]]
    assert [a.levels for a in answers] == [[100_000], [200_000], [300_000],
                                           [300_000]]
    assert [a.denied for a in answers] == [0, 0, 0, 1]
    assert ask(limit, now=NOW + 99_999).granted == 0
    assert ask(limit, now=NOW + 100_000).granted == 1
    assert ask(limit, now=NOW + 100_001).granted == 0


def test_concurrent_clients_get_the_burst_and_not_one_more(redis):
    limit = Limit("k", rate=1000, burst=100)

    def client():
        ask = Limiter(redis)
        return sum(ask(limit).granted for _ in range(100))

    assert sum(in_threads(8, client)) == 100


def test_concurrent_clients_stay_within_the_bound_on_the_clock_of_redis(redis):
    limit = Limit("k", rate=1000, burst=100)
    began = time.monotonic()

    def client():
        ask, admitted = Limiter(redis), 0
        while time.monotonic() < began + 2:
            admitted += ask(limit, now=0).granted
        return admitted

    admitted = sum(in_threads(8, client))
    bound = 1000 * (time.monotonic() - began) + 100
    print(f"admitted {admitted} of at most {bound:.0f}")
    assert bound / 2 < admitted <= bound


def test_a_refusal_charges_none_of_the_limits(ask):
    wide = Limit("wide", rate=10, burst=5)
    narrow = Limit("narrow", rate=10, burst=1)
    assert ask(wide, narrow, Limit("third", 10, 5)).granted == 1
    before = [ask.client.command("GET", k) for k in ("wide", "narrow")]

    answer = ask(wide, narrow)
    assert (answer.granted, answer.denied) == (0, 0b10)
    assert answer.remaining == [4, 0]
    assert [ask.client.command("GET", k)
            for k in ("wide", "narrow")] == before


def test_every_limit_that_refuses_is_marked(ask):
    limits = [Limit(f"k{i}", rate=10, burst=1 + i % 2) for i in range(5)]
    ask(*limits)
    assert ask(*limits).denied == 0b10101


def test_every_write_has_a_time_to_live_that_outlasts_the_bucket(ask):
    slow = Limit("slow", rate=0.5, burst=10)
    fast = Limit("fast", rate=1000, burst=10)
    for _ in range(3):
        ask(slow, fast)
    assert 25_000 < ask.client.command("PTTL", "slow") <= 27_000
    assert 500 < ask.client.command("PTTL", "fast") <= 1_013


def test_a_cost_takes_so_many_units(ask):
    limit = Limit("k", rate=10, burst=5, cost=3)
    assert ask(limit).remaining == [2]
    assert ask(limit).granted == 0
    assert ask(Limit("k", rate=10, burst=5, cost=2)).remaining == [0]


def test_a_cost_above_the_burst_is_never_granted_and_writes_nothing(ask):
    limit = Limit("k", rate=10, burst=5, cost=2_147_483_647)
    assert ask(limit) == Answer(0, 1, [5], [0])
    assert ask.client.command("EXISTS", "k") == 0


def test_a_cost_of_nothing_is_free_also_in_a_full_bucket(ask):
    full = Limit("k", rate=10, burst=1)
    ask(full)
    free = Limit("k", rate=10, burst=1, cost=0)
    assert ask(free) == Answer(1, 0, [0], [100_000])


def test_several_units_are_granted_as_far_as_all_limits_reach(ask):
    wide = Limit("wide", rate=10, burst=9)
    narrow = Limit("narrow", rate=10, burst=8, cost=2)
    answer = ask(wide, narrow, wanted=6)
    assert answer == Answer(4, 0b10, [5, 0], [400_000, 800_000])


def test_looks_together_all_pass_as_long_as_one_unit_is_left(ask):
    look = Limit("k", rate=10, burst=2, cost=-1)
    assert ask(look, wanted=5) == Answer(5, 0, [2], [0])
    ask(Limit("k", rate=10, burst=2, cost=2))
    assert ask(look, wanted=5) == Answer(0, 1, [0], [200_000])


def test_requests_together_get_what_they_get_one_by_one(ask):
    def limits(name, dry_run=False):
        return (Limit(f"{name}a", rate=10, burst=7),
                Limit(f"{name}b", rate=10, burst=9, cost=2, dry_run=dry_run),
                Limit(f"{name}c", rate=10, burst=1, cost=-1))

    for dry_run in False, True:
        single = [ask(*limits("s", dry_run)) for _ in range(10)]
        merged = ask(*limits("m", dry_run), wanted=10)
        assert merged.granted == sum(answer.granted for answer in single)
        assert merged.remaining == single[-1].remaining
        assert merged.levels == single[-1].levels
        for key in b"sa", b"sb", b"ma", b"mb":
            ask.client.command("DEL", key)


def test_wanting_nothing_looks_and_writes_nothing(ask):
    limit = Limit("k", rate=10, burst=2)
    assert ask(limit, wanted=0) == Answer(0, 0, [2], [0])
    assert ask.client.command("EXISTS", "k") == 0
    ask(limit, wanted=2)
    assert ask(limit, wanted=0) == Answer(0, 1, [0], [200_000])


def test_a_dry_run_is_marked_and_stands_in_nobody_s_way(ask):
    dry = Limit("dry", rate=10, burst=1, dry_run=True)
    real = Limit("real", rate=10, burst=3)
    assert ask(dry, real) == Answer(1, 0, [0, 2], [100_000, 100_000])
    assert ask(dry, real) == Answer(1, 1, [0, 1], [100_000, 200_000])
    assert ask(dry, real).granted == 1
    assert ask(dry, real).granted == 0


def test_a_dry_run_is_not_charged_for_what_another_limit_refused(ask):
    dry = Limit("dry", rate=10, burst=5, dry_run=True)
    real = Limit("real", rate=10, burst=1)
    ask(dry, real)
    assert ask(dry, real).remaining == [4, 0]


def test_a_clock_of_redis_that_went_back_costs_about_one_burst(redis, ask):
    limit = Limit("k", rate=10, burst=3)
    seconds, micros = map(int, redis.command("TIME"))
    hour = 3600
    full = (seconds + hour) * SECOND + micros + 300_000
    redis.command("SET", "k", full, "PX", hour * 1000 + 300 + 300 + 1000)

    answer = ask(limit, now=0)
    assert answer.granted == 0
    assert 300_000 <= answer.levels[0] < 1_400_000
    time.sleep(1.4)
    assert ask(limit, now=0).granted == 1


def test_another_clock_that_is_behind_cannot_empty_a_bucket(ask):
    limit = Limit("k", rate=10, burst=3)
    ask(limit, wanted=3)
    behind = ask(limit, now=NOW - 3600 * SECOND)
    assert (behind.granted, behind.remaining) == (0, [0])
    assert ask(limit).granted == 0


def test_a_limit_with_a_smaller_burst_leaves_the_level_of_a_larger(ask):
    large = Limit("k", rate=1, burst=100)
    small = Limit("k", rate=1, burst=3)
    assert ask(large, wanted=90, now=0).granted == 90
    answer = ask(small, now=0)
    assert (answer.granted, answer.remaining) == (0, [0])
    assert answer.levels[0] > 80_000_000
    assert ask(large, wanted=0, now=0).remaining[0] < 20


def test_a_clock_that_jumped_ahead_empties_the_bucket_once(ask):
    limit = Limit("k", rate=10, burst=3)
    for _ in range(3):
        ask(limit)
    later = NOW + 10 * SECOND
    assert [ask(limit, now=later).granted for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.parametrize("garbage", ["", "x", "nan", "-inf", "-1", "1e400x",
                                     "\0\xff" * 1000])
def test_a_value_that_is_no_number_is_an_empty_bucket(ask, garbage):
    ask.client.command("SET", "k", garbage)
    limit = Limit("k", rate=10, burst=3)
    assert ask(limit) == Answer(1, 0, [2], [100_000])
    assert ask.client.command("GET", "k") == b"%d" % (NOW + 100_000)
    assert ask.client.command("PTTL", "k") > 0


@pytest.mark.parametrize("garbage", ["inf", "1e300", NOW * 100])
def test_a_tat_beyond_all_bounds_is_an_empty_bucket(ask, garbage):
    ask.client.command("SET", "k", garbage)
    assert ask(Limit("k", rate=10, burst=3), now=0).remaining == [2]
    assert ask.client.command("PTTL", "k") > 0


@pytest.mark.parametrize("write", [("LPUSH", "k", "x"), ("SADD", "k", "x"),
                                   ("HSET", "k", "f", "x"),
                                   ("XADD", "k", "*", "f", "x")])
def test_a_key_of_another_type_is_an_empty_bucket_and_overwritten(ask, write):
    ask.client.command(*write)
    limit = Limit("k", rate=10, burst=3)
    assert ask(limit).remaining == [2]
    assert ask(limit).remaining == [1]
    assert ask.client.command("TYPE", "k") == "string"


def test_a_user_who_may_not_read_gets_an_error_and_no_decision(redis, ask):
    redis.command("ACL", "SETUSER", "blind", "on", "nopass", "~*",
                  "+evalsha", "+time", "+set")
    ask.client.command("AUTH", "blind", "any")
    with pytest.raises(RespError):
        ask(Limit("k", rate=10, burst=3))


def test_the_documented_commands_are_enough(redis, ask):
    redis.command("ACL", "SETUSER", "edge", "on", "nopass", "~ec:*",
                  "+evalsha", "+eval", "+time", "+get", "+set", "+pttl")
    ask.client.command("AUTH", "edge", "any")
    assert ask(Limit("ec:l1:{a}:z:a", rate=1, burst=99), now=0).granted == 1
    assert ask(Limit("ec:l1:{a}:z:a", rate=99, burst=1), now=0).granted == 0


def test_quarters_of_a_microsecond_survive_in_redis(ask):
    limit = Limit("k", rate=SECOND / 3333.25, burst=1000)
    for _ in range(999):
        assert ask(limit).granted == 1
    assert float(ask.client.command("GET", "k")) == NOW + 999 * 3333.25


@pytest.mark.parametrize("count", [1, 3])
def test_cost_in_redis(redis, ask, count):
    limits = [Limit(f"ec:l1:{{a}}:z{i}:a", rate=1000, burst=100_000)
              for i in range(count)]
    redis.command("CONFIG", "RESETSTAT")
    for _ in range(5000):
        assert ask(*limits, now=0).granted == 1

    stats = ask.client.command("INFO", "commandstats").decode()
    micros = re.search(r"cmdstat_evalsha:.*usec_per_call=([\d.]+)", stats)[1]
    print(f"{count} limits: {micros} us of Redis per decision")
    memory = ask.client.command("MEMORY", "USAGE", limits[0].key)
    print(f"{memory} bytes per key")
