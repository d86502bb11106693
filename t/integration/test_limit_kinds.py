"""Windows and quotas, by themselves and in Redis."""

import time

import pytest

from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"


@pytest.fixture
def limited(edge, redis):
    """Starts one that limits by the query's k; shared: in Redis."""
    def start(zone, limit="edge_limit zone=users;", shared=False,
              fallback="local", **pieces):
        nginx = edge(redis=redis,
                     http=f"edge_limit_zone $arg_k zone=users:1m {zone} "
                          + ("redis=main;" if shared else ";"),
                     location=f"{limit} {SHOW}"
                              f"edge_limit_fallback {fallback} after=1s;",
                     **pieces)
        if shared:
            wait_until(lambda: nginx.get("/?k=warm")["X-Source"] == "redis",
                       what="a decision by Redis")
        return nginx

    return start


def statuses(nginx, target, count):
    return [nginx.get(target).status for _ in range(count)]


def wait_for_time_in_period(seconds, of):
    """Until no period of that length ends within so many seconds."""
    wait_until(lambda: of - time.time() % of > seconds, timeout=seconds + 5)


@pytest.mark.parametrize("shared", [False, True])
def test_a_window_admits_no_burst_on_top(limited, shared):
    nginx = limited("rate=5r/m algorithm=window", shared=shared)
    assert nginx.get("/?k=a")["RateLimit-Policy"] == '"users";q=5;w=60'
    wait_for_time_in_period(3, 60)
    assert statuses(nginx, "/?k=b", 7) == [200] * 5 + [429] * 2
    refused = nginx.get("/?k=b")
    assert refused["RateLimit"].startswith('"users";r=0;t=')
    # The window's units fade in the next one: the first of five after 12 s.
    assert 12 <= int(refused["Retry-After"]) <= 73


@pytest.mark.parametrize("shared", [False, True])
def test_a_window_slides(limited, shared):
    nginx = limited("rate=4r/s algorithm=window", shared=shared)
    begin, admitted = time.time(), 0
    while time.time() < begin + 3:
        admitted += nginx.get("/?k=a").status == 200
        time.sleep(0.01)
    assert 8 <= admitted <= 4 * (time.time() - begin) + 4


@pytest.mark.parametrize("shared", [False, True])
def test_a_quota_is_for_its_period(limited, shared):
    nginx = limited("quota=3/hour", shared=shared)
    wait_for_time_in_period(5, 3600)
    assert nginx.get("/?k=a")["RateLimit-Policy"] == '"users";q=3;w=3600'
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]
    refused = nginx.get("/?k=a")
    left = 3600 - time.time() % 3600
    assert left <= int(refused["Retry-After"]) + 1 <= left + 3
    assert refused["RateLimit"] == f'"users";r=0;t={refused["Retry-After"]}'


def test_a_quota_s_period_has_an_offset(limited):
    nginx = limited("quota=3/hour tz=+05:30")
    wait_for_time_in_period(5, 1800)
    seconds = int(nginx.get("/?k=a")["RateLimit"].rpartition("t=")[2])
    left = 3600 - (time.time() + 1800) % 3600
    assert left <= seconds + 1 <= left + 3


@pytest.mark.parametrize("shared", [False, True])
def test_a_quota_may_come_from_a_map(limited, shared):
    nginx = limited("quota=2/day", "edge_limit zone=users quota=$arg_q;",
                    shared=shared)
    wait_for_time_in_period(5, 86400)
    assert statuses(nginx, "/?k=a&q=4/day", 5) == [200] * 4 + [429]
    assert statuses(nginx, "/?k=b", 3) == [200] * 2 + [429]
    assert statuses(nginx, "/?k=c&q=x", 3) == [200] * 2 + [429]
    nginx.wait_for_log(r'"x" for limit zone "users": a quota is')


def test_without_redis_an_instance_has_its_share_of_what_is_left(limited,
                                                                 redis):
    nginx = limited("quota=9/day", shared=True,
                    fallback="local instances=2")
    wait_for_time_in_period(8, 86400)
    assert statuses(nginx, "/?k=a", 5) == [200] * 5
    redis.kill()
    wait_until(lambda: nginx.get("/?k=warm")["X-Source"] == "local")
    assert statuses(nginx, "/?k=a", 2) == [200, 429]


def test_limits_of_all_kinds_go_together(edge, redis):
    zones = "".join(
        f"edge_limit_zone $arg_k zone={name}:1m {rate} redis=main;"
        for name, rate in {"bucket": "rate=1r/m burst=9",
                           "window": "rate=9r/m algorithm=window",
                           "month": "quota=2/month"}.items())
    nginx = edge(redis=redis, http=zones, location="""
        edge_limit zone=bucket; edge_limit zone=window; edge_limit zone=month;
        edge_limit_fallback local after=1s;""" + SHOW)
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]
    refused = nginx.get("/?k=a")
    assert refused.json()["violated-policies"] == ["month"]
    assert refused["RateLimit"].startswith('"bucket";r=7, "window";r=7, '
                                           '"month";r=0;t=')
