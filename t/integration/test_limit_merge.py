"""What is asked about the same limits while an answer is under way goes as one
call of the script."""

import pytest

from lib.client import answers
from lib.fake_redis import Late
from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"
ZONE = "edge_limit_zone $arg_k zone=users:1m rate=1r/h burst=12 redis=main;"


@pytest.fixture
def limited(edge, redis, fake_redis):
    """Behind a Redis that takes 20 ms for each answer.  `asked`: how many
    requests it took to find it there."""
    fake_redis.upstream = redis.port

    def start(use="", after="1s", http="", more=""):
        nginx = edge(redis=fake_redis, http=ZONE + http,
                     location=f"edge_limit zone=users {use}; {more} {SHOW}"
                              f"edge_limit_fallback local after={after};")
        start.asked = 0

        def is_there():
            start.asked += 1
            return nginx.get("/?k=w")["X-Source"] == "redis"

        wait_until(is_there, what="a decision by Redis")
        fake_redis.delay = 0.02
        return nginx

    return start


def at_once(nginx, targets):
    clients = [nginx.connect(timeout=30) for _ in targets]
    for client, target in zip(clients, targets):
        client.send_request("GET", target)
    return answers(clients)


def calls(fake_redis, key):
    """[how many requests each call was for]"""
    return [int(command[4]) for command in list(fake_redis.commands)
            if command[0] == b"EVALSHA" and command[3].endswith(b":" + key)]


def test_as_many_pass_as_one_by_one(limited, fake_redis):
    nginx = limited()
    responses = at_once(nginx, ["/?k=a"] * 30)
    statuses = [r.status for r in responses]
    assert (statuses.count(200), statuses.count(429)) == (12, 18)
    assert {r["X-Source"] for r in responses} <= {"redis", "denied_cache"}
    wanted = calls(fake_redis, b"a")
    assert sum(wanted) <= 30 and len(wanted) < 15
    refused = next(r for r in responses if r.status == 429)
    assert refused["RateLimit"].startswith('"users";r=0;')
    assert refused.json()["violated-policies"] == ["users"]


def test_who_comes_alone_goes_at_once(limited, fake_redis):
    nginx = limited()
    for _ in range(3):
        assert nginx.get("/?k=a").status == 200
    assert calls(fake_redis, b"a") == [1, 1, 1]


def test_what_costs_something_else_goes_by_itself(limited, fake_redis):
    nginx = limited("cost=$arg_c")
    targets = [f"/?k=a&c={1 + i % 2}" for i in range(20)]
    responses = at_once(nginx, targets)
    spent = sum(1 + i % 2 for i, r in enumerate(responses) if r.status == 200)
    assert 11 <= spent <= 12
    assert {r.status for r in responses} == {200, 429}


def test_in_dry_run_each_is_asked_for(limited, fake_redis):
    nginx = limited("dry_run", more="add_header X-Limit $edge_limit_status;")
    responses = at_once(nginx, ["/?k=a"] * 20)
    assert {r.status for r in responses} == {200}
    assert [r["X-Limit"] for r in responses].count("PASSED") == 12
    assert calls(fake_redis, b"a") == [1] * 20


def test_looks_take_nothing_together(limited, fake_redis):
    nginx = limited("on=response cost=0")
    assert {r.status for r in at_once(nginx, ["/?k=a"] * 30)} == {200}
    assert len(calls(fake_redis, b"a")) < 15


def test_several_limits_are_charged_all_or_none(limited):
    nginx = limited(more="edge_limit zone=all;",
                    http="edge_limit_zone all zone=all:1m rate=1r/h burst=9 "
                         "redis=main;")
    statuses = [r.status for r in at_once(nginx, ["/?k=a"] * 20)]
    passed = 9 - limited.asked
    assert statuses.count(200) == passed
    left = nginx.get("/?k=a")["RateLimit"]
    assert f'"users";r={12 - passed}' in left and '"all";r=0' in left


def test_who_leaves_takes_nobody_along(limited):
    nginx = limited()
    clients = [nginx.connect(timeout=30) for _ in range(20)]
    for client in clients:
        client.send_request("GET", "/?k=a")
    for client in clients[::2]:
        client.abort()
    assert {r.status for r in answers(clients[1::2])} <= {200, 429}
    statuses = [nginx.get("/?k=a").status for _ in range(12)]
    assert statuses[-1] == 429


def test_without_an_answer_all_are_decided_by_the_fallback(limited,
                                                           fake_redis):
    nginx = limited(after="50ms")
    fake_redis.freeze()
    responses = at_once(nginx, ["/?k=a"] * 20)
    statuses = [r.status for r in responses]
    assert (statuses.count(200), statuses.count(429)) == (12, 8)
    assert {r["X-Source"] for r in responses} == {"local"}
    fake_redis.thaw()


def test_an_answer_that_is_none_is_not_believed_by_any(limited, fake_redis):
    nginx = limited()
    fake_redis.on("EVALSHA", Late(0.02, [99, 0, 2, 60]))
    statuses = [r.status for r in at_once(nginx, ["/?k=a"] * 20)]
    assert (statuses.count(200), statuses.count(429)) == (12, 8)
