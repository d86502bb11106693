"""What Redis has refused is refused without asking it again, and what was
charged while it was away is handed over."""

import re
import time

import pytest

from lib.cached import cache_conf, metric
from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"


@pytest.fixture
def limited(edge, redis, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("a-token-for-the-tests\n")

    def start(rate="rate=1r/m burst=3", use="", fallback="local after=1s"):
        conf = cache_conf(
            token_file, redis=redis,
            location=f"edge_limit zone=users {use}; {SHOW}"
                     f"edge_limit_fallback {fallback};",
            http=f"edge_limit_zone $arg_k zone=users:1m {rate} redis=main;",
            server="keepalive_requests 1000000;")
        nginx = edge(**conf)
        wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
        return nginx

    return start


def scripts(redis):
    """EVALSHA calls so far."""
    stats = redis.command("INFO", "commandstats").decode()
    match = re.search(r"cmdstat_evalsha:calls=(\d+)", stats)
    return int(match[1]) if match else 0


def test_what_was_refused_is_not_asked_again(limited, redis):
    nginx = limited()
    with nginx.connect() as connection:
        begin, before = time.monotonic(), scripts(redis)
        answers = [connection.request("GET", "/?k=a") for _ in range(300)]
        took = time.monotonic() - begin
    assert [a.status for a in answers] == [200] * 3 + [429] * 297
    asked = scripts(redis) - before
    assert asked <= 4 + took / 0.25 + 1
    cached = answers[-1]
    assert cached["X-Source"] in ("denied_cache", "redis")
    assert metric(nginx, "edge_limit_decisions_total", result="REJECTED",
                  source="denied_cache") > 250


def test_a_refusal_is_not_that_of_the_same_key_below_another_tag(limited):
    nginx = limited("rate=1r/m burst=3 tag=$arg_t")
    for tenant in "one", "two":
        statuses = [nginx.get(f"/?k=a&t={tenant}").status for _ in range(5)]
        assert statuses == [200] * 3 + [429] * 2


def test_a_cached_refusal_is_told_like_any_other(limited):
    nginx = limited()
    answers = [nginx.get("/?k=a") for _ in range(6)]
    cached = next(a for a in answers if a["X-Source"] == "denied_cache")
    assert cached["RateLimit-Policy"] == '"users";q=3;w=180'
    assert re.fullmatch(r'"users";r=0;t=(5\d|60)', cached["RateLimit"])
    assert 50 <= int(cached["Retry-After"]) <= 60
    assert cached.json()["violated-policies"] == ["users"]


def test_a_smaller_cost_passes_where_a_larger_was_refused(limited):
    nginx = limited(use="cost=$arg_c")
    assert nginx.get("/?k=a&c=2").status == 200
    assert [nginx.get("/?k=a&c=2").status for _ in range(3)] == [429] * 3
    assert nginx.get("/?k=a&c=1").status == 200


def test_a_larger_plan_acts_at_once(limited):
    nginx = limited(use="burst=$arg_b")
    assert [nginx.get("/?k=a&b=1").status for _ in range(3)] == [200, 429, 429]
    assert nginx.get("/?k=a&b=5").status == 200


def test_who_waits_as_told_is_admitted(limited):
    nginx = limited("rate=1r/s burst=2")
    while True:
        response = nginx.get("/?k=a")
        if response.status == 429:
            break
    time.sleep(int(response["Retry-After"]))
    assert nginx.get("/?k=a").status == 200


@pytest.mark.parametrize("rate", ["rate=1r/m burst=8", "quota=8/month"])
def test_what_was_charged_in_an_outage_is_handed_over(limited, redis, rate):
    nginx = limited(rate)
    assert nginx.get("/?k=a").status == 200
    redis.stop()
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "local")
    assert [nginx.get("/?k=a").status for _ in range(4)] == [200] * 4
    redis.start()
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
    # Redis lost the first, as it keeps nothing on disk.
    response = nginx.get("/?k=a")
    assert re.search(r"r=[32];", response["RateLimit"])


@pytest.mark.parametrize("rate, used", [
    ("rate=1r/m burst=8", None), ("quota=8/month", b"4")])
def test_what_nobody_asks_for_again_is_handed_over_too(limited, redis, rate,
                                                       used):
    nginx = limited(rate)
    redis.stop()
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "local")
    assert [nginx.get("/?k=a").status for _ in range(4)] == [200] * 4
    redis.start()
    value = wait_until(lambda: redis.command("GET", "ec:l1:{a}:users:a"), 10,
                       "what was admitted")
    assert used is None or value.split()[1] == used
    response = nginx.get("/?k=a")
    assert response["X-Source"] == "redis"
    assert re.search(r"r=3;", response["RateLimit"])


@pytest.mark.parametrize("rate", ["rate=1r/m burst=12", "quota=12/month"])
def test_probes_without_an_answer_give_no_second_share(edge, redis, fake_redis,
                                                       rate):
    """Redis takes longer than limits wait, and is tried again and again."""
    fake_redis.upstream = redis.port
    nginx = edge(
        redis=fake_redis, location="edge_limit zone=users; " + SHOW +
        "edge_limit_fallback local instances=3 after=5ms;",
        http=f"edge_limit_zone $arg_k zone=users:1m {rate} redis=main;")
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
    fake_redis.delay = 0.015
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "local")
    asked = fake_redis.count("EVALSHA")
    passed, until = 0, time.monotonic() + 20
    while fake_redis.count("EVALSHA") < asked + 8 and time.monotonic() < until:
        response = nginx.get("/?k=a")
        passed += response.status == 200
        time.sleep(0.005)
    assert passed == 4


def test_nearly_used_up_limits_are_counted(limited):
    nginx = limited("rate=1r/m burst=10")
    for _ in range(8):
        nginx.get("/?k=a")
    before = metric(nginx, "edge_limit_near_total", zone="users")
    nginx.get("/?k=a")
    assert metric(nginx, "edge_limit_near_total", zone="users") == before + 1
