"""The limit script in a real Redis: windows, quotas, looks, debits, leases."""

import copy
from datetime import datetime, timedelta, timezone

import pytest

from lib.limit_script import NOW, SECOND, Answer, Limit, Quota, Window


# Windows

def window_answers(ask, limit, count, **options):
    return [ask(limit, **options).granted for _ in range(count)]


def test_a_window_admits_its_units_and_then_what_fades(ask):
    limit = Window("k", units=10, seconds=1)
    assert sum(window_answers(ask, limit, 20, now=NOW + 900_000)) == 10
    assert sum(window_answers(ask, limit, 20, now=NOW + 1_000_000)) == 0
    assert sum(window_answers(ask, limit, 20, now=NOW + 1_250_000)) == 2
    assert sum(window_answers(ask, limit, 20, now=NOW + 1_500_000)) == 3
    assert sum(window_answers(ask, limit, 20, now=NOW + 3_000_000)) == 10


def test_who_waits_as_a_window_told_is_admitted(ask):
    limit = Window("k", units=10, seconds=1, cost=3)
    now = NOW + 700_000
    for _ in range(60):
        answer = ask(limit, now=now)
        if not answer.granted:
            assert answer.levels[0] > 0
            now += answer.levels[0]
            assert ask(limit, now=now).granted == 1


def test_a_window_tells_when_there_is_one_unit_more(ask):
    limit = Window("k", units=10, seconds=1)
    assert ask(limit, wanted=0) == Answer(0, 0, [10], [0])
    answer = ask(limit, now=NOW + 500_000)
    assert answer.remaining == [9]
    assert ask(limit, now=NOW + 500_000 + answer.levels[0],
               wanted=0).remaining == [10]


def test_a_window_s_key_lives_as_long_as_it_counts(ask):
    ask(Window("k", units=10, seconds=60))
    assert 119_000 < ask.client.command("PTTL", "k") <= 121_001


def test_a_window_stays_when_the_clock_goes_back_over_its_beginning(ask):
    limit = Window("k", units=2, seconds=1)
    assert window_answers(ask, limit, 3) == [1, 1, 0]
    assert window_answers(ask, limit, 1, now=NOW - 10) == [0]


# Quotas

def test_a_quota_ends_with_its_period_and_is_a_strict_ceiling(ask):
    limit = Quota("k", units=5, period="h")
    assert window_answers(ask, limit, 7, now=NOW) == [1] * 5 + [0] * 2
    answer = ask(limit, now=NOW + 3_599 * SECOND)
    assert answer == Answer(0, 1, [0], [SECOND])
    assert ask(limit, now=NOW + 3_600 * SECOND).granted == 1


@pytest.mark.parametrize("period, offset, ends", [
    ("h", 0, "2027-01-15T09:00:00+00:00"),
    ("h", 19800, "2027-01-15T14:00:00+05:30"),
    ("d", 0, "2027-01-16T00:00:00+00:00"),
    ("d", -36000, "2027-01-15T00:00:00-10:00"),
    ("k", 0, "2027-01-18T00:00:00+00:00"),
    ("k", 3600, "2027-01-18T00:00:00+01:00"),
    ("m", 0, "2027-02-01T00:00:00+00:00"),
    ("m", 50400, "2027-02-01T00:00:00+14:00")])
def test_a_period_ends_where_the_offset_says(ask, period, offset, ends):
    answer = ask(Quota("k", units=5, period=period, offset=offset))
    assert answer.levels == [datetime.fromisoformat(ends).timestamp()
                             * SECOND - NOW]


def test_a_month_ends_when_the_calendar_says(ask):
    days = timedelta(days=1)
    for month in range(12 * 80):
        begin = datetime(2027 + month // 12, month % 12 + 1, 1,
                         tzinfo=timezone.utc)
        last = (begin + 31 * days).replace(day=1) - days
        for day in begin, last:
            now = int(day.timestamp()) * SECOND
            left = ask(Quota("k", 5, "m"), now=now, wanted=0).levels[0]
            assert now + left == (last + days).timestamp() * SECOND


def test_a_quota_s_key_lives_a_minute_longer_than_its_period(ask):
    answer = ask(Quota("k", units=5, period="h"), now=0)
    left = ask.client.command("PTTL", "k") - answer.levels[0] / 1000
    assert 60_000 <= left <= 62_000


def test_a_clock_that_goes_back_gives_no_second_quota(ask):
    for period in "hdkm":
        limit = Quota(period, units=1, period=period)
        ends = NOW + ask(limit, wanted=0).levels[0]
        assert ask(limit, now=ends).granted == 1
        assert ask(limit, now=ends - SECOND).granted == 0


@pytest.mark.parametrize("garbage", ["", "x", "1 2", "1 2 x", "nan nan nan",
                                     "99999999999999999999 9 9", NOW])
@pytest.mark.parametrize("limit", [Window("k", 5, 1), Quota("k", 5)])
def test_a_value_that_is_no_count_counts_nothing(ask, garbage, limit):
    ask.client.command("SET", "k", garbage)
    assert ask(limit).remaining == [4]
    assert ask(limit).remaining == [3]


def test_limits_of_all_kinds_are_charged_all_or_none(ask):
    limits = [Limit("b", rate=10, burst=3), Window("w", 5, 60),
              Quota("q", units=2)]
    assert ask(*limits).remaining == [2, 4, 1]
    assert ask(*limits).remaining == [1, 3, 0]
    refused = ask(*limits)
    assert (refused.granted, refused.denied) == (0, 0b100)
    assert refused.remaining == [1, 3, 0]


# Looks and debits

@pytest.mark.parametrize("limit", [Limit("k", 10, 1), Window("k", 1, 60),
                                   Quota("k", 1)])
def test_a_look_asks_for_a_unit_and_takes_none(ask, limit):
    look = copy.copy(limit)
    look.arguments = limit.arguments[:3] + [-1]
    assert [ask(look).granted for _ in range(3)] == [1, 1, 1]
    assert ask(limit).granted == 1
    assert ask(look).granted == 0


@pytest.mark.parametrize("limit", [Limit("k", 10, 5), Window("k", 5, 60),
                                   Quota("k", 5)])
def test_a_debit_charges_whatever_is_left_and_gives_back(ask, limit):
    def debit(amount):
        one = copy.copy(limit)
        one.arguments = limit.arguments[:3] + [amount]
        return ask(one, wanted=-1).remaining[0]

    assert [debit(3), debit(4), ask(limit).granted] == [2, 0, 0]
    assert debit(-2) > 0 or debit(-2) > 0
    assert debit(-100) == 5
    assert ask.client.command("PTTL", "k") > 0


# Leases

def leased(ask, limit, extra):
    one = copy.copy(limit)
    one.arguments = [f"{limit.arguments[0]}{extra}", *limit.arguments[1:]]
    reply = ask.client.command("EVALSHA", ask.sha, 1, limit.key, 1, NOW,
                               *one.arguments)
    return reply[0], reply[2], reply[4]


@pytest.mark.parametrize("limit", [Limit("k", 10, 100), Quota("k", 100)])
def test_units_are_charged_ahead_as_far_as_a_fifth_is_left(ask, limit):
    assert leased(ask, limit, 10) == (1, 89, 10)
    assert leased(ask, limit, 1000) == (1, 71, 17)
    for _ in range(20):
        granted, left, got = leased(ask, limit, 1000)
        assert granted == 1 and (got == 0 or left >= 20)
    assert ask(limit, wanted=100).granted == left


def test_who_is_refused_leases_nothing(ask):
    limit = Limit("k", 10, 5)
    ask(limit, wanted=5)
    assert leased(ask, limit, 10) == (0, 0, 0)


def test_what_is_handed_over_may_stand_over_the_brim(ask):
    limit = Limit("k", rate=10, burst=5)
    assert [ask(limit).granted for _ in range(6)] == [1] * 5 + [0]
    assert ask(limit, wanted=-2).levels == [600_000]
    assert ask(Limit("k", 10, 5, cost=1000), wanted=-2).levels == [SECOND]
    assert ask(limit, now=NOW + 599_999).granted == 0
    assert ask(limit, now=NOW + 600_001).granted == 1
    assert ask(Limit("k", 10, 5, cost=-1000), wanted=-2).levels == [0]


def test_what_stands_over_the_brim_stays_by_the_clock_of_redis(ask):
    limit = Limit("k", rate=1, burst=5)
    ask(Limit("k", 1, 5, cost=9), wanted=-2, now=0)
    assert ask(limit, now=0).levels[0] > 8_000_000


def test_a_debit_fills_a_bucket_and_not_more(ask):
    assert ask(Limit("k", 10, 5, cost=1000), wanted=-1).levels == [500_000]
