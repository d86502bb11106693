"""sync=local: each instance decides at its share, and never asks Redis."""

import re

import pytest

from lib.cached import metric
from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"
ZONE = "edge_limit_zone $arg_k zone=users:1m rate=1r/h burst=12 redis=main;"


@pytest.fixture
def limited(fleet):
    def start(count=1, use="sync=local", more="", http=""):
        return fleet.start(count, http=ZONE + http,
                           location=f"edge_limit zone=users {use}; {SHOW}"
                                    + more)

    return start


def admitted(nginx, key, offered=15):
    statuses = [nginx.get(f"/?k={key}").status for _ in range(offered)]
    assert set(statuses) <= {200, 429}
    return statuses.count(200)


def test_live_instances_share_the_limit(limited):
    first, = limited(1)
    assert admitted(first, "alone") == 12
    second, third = limited(2)
    for nginx in first, second, third:
        assert admitted(nginx, "together") == 4
    assert first.get("/?k=together")["X-Source"] == "local"


def test_redis_is_not_asked(limited, redis):
    nginx, = limited(1)
    assert admitted(nginx, "a") == 12
    assert redis.command("KEYS", "ec:l1:*") == []
    assert metric(nginx, "edge_limit_decisions_total", zone="users",
                  source="local") == 15


def test_the_number_of_instances_may_be_written(limited):
    nginx, = limited(1, more="edge_limit_fallback open instances=6;")
    assert admitted(nginx, "a") == 2


def test_it_is_decided_while_redis_is_away(limited, redis):
    nginx, = limited(1, more="edge_limit_fallback closed;")
    redis.kill()
    assert admitted(nginx, "a") == 12


def test_a_zone_without_redis_may_be_decided_with_it(limited):
    nginx, = limited(
        1, more="edge_limit zone=own;",
        http="edge_limit_zone all zone=own:1m rate=1r/h burst=3;")
    assert admitted(nginx, "a") == 3
    left = nginx.get("/other?k=a")["RateLimit"]
    assert re.match(r'"users";r=9[;,]', left)


def test_an_answer_is_paid_for_at_this_instance(limited, redis):
    nginx, = limited(1, use="sync=local on=response cost=4")
    assert nginx.get("/?k=a").status == 200
    wait_until(lambda: nginx.get("/?k=a").status == 429)
    assert redis.command("KEYS", "ec:l1:*") == []
