"""sync=lease: units are charged ahead of the requests that use them."""

import re
import threading
import time

import pytest

from lib.cached import cache_conf, metric
from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"


@pytest.fixture
def leased(edge, redis, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("a-token-for-the-tests\n")

    def start(rate="rate=10000r/s burst=10000", use="", http="", more=""):
        nginx = edge(**cache_conf(
            token_file, redis=redis,
            location=f"edge_limit zone=users sync=lease {use}; {more} {SHOW}"
                     "edge_limit_fallback local after=1s;",
            http=f"edge_limit_zone $arg_k zone=users:1m {rate} redis=main;"
                 + http,
            server="keepalive_requests 1000000;"))
        wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
        return nginx

    return start


def scripts(redis):
    stats = redis.command("INFO", "commandstats").decode()
    return int(re.search(r"cmdstat_evalsha:calls=(\d+)", stats)[1])


def answers(nginx, target, seconds):
    found, until = [], time.monotonic() + seconds
    with nginx.connect() as connection:
        while time.monotonic() < until:
            found.append(connection.request("GET", target))
    return found


def test_a_busy_key_asks_redis_now_and_then(leased, redis):
    nginx = leased()
    before = scripts(redis)
    found = answers(nginx, "/?k=a", 2)
    asked = scripts(redis) - before
    assert {a.status for a in found} == {200}
    assert {a["X-Source"] for a in found} == {"redis", "lease"}
    print(f"{asked} calls for {len(found)} requests")
    assert asked < len(found) / 2
    assert found[-1]["RateLimit"].startswith('"users";r=')
    assert metric(nginx, "edge_limit_decisions_total", zone="users",
                  result="PASSED", source="lease") > len(found) / 2


def test_a_key_that_comes_seldom_is_asked_for_each_time(leased):
    nginx = leased()
    for _ in range(3):
        assert nginx.get("/?k=a")["X-Source"] == "redis"
        time.sleep(0.3)


@pytest.mark.limit(90)
def test_leases_of_several_instances_admit_no_more_than_the_bound(leased):
    nginxes = [leased("rate=200r/s burst=100"), leased("rate=200r/s burst=100")]
    counts, begin = [], time.monotonic()

    def run(nginx):
        found = answers(nginx, "/?k=a", 3)
        counts.append(sum(a.status == 200 for a in found))

    threads = [threading.Thread(target=run, args=(nginx,))
               for nginx in nginxes for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bound = 200 * (time.monotonic() - begin) + 100
    print(f"admitted {sum(counts)} of at most {bound:.0f}")
    assert 100 < sum(counts) <= bound


def test_what_is_leased_and_not_used_is_given_back(leased, redis):
    nginx = leased("quota=100000/month")
    found = answers(nginx, "/?k=a", 1)
    time.sleep(1.5)  # until nothing is expected of the key any more
    last = nginx.get("/?k=a")
    assert last["X-Source"] == "redis"
    left = int(re.search(r"r=(\d+)", last["RateLimit"])[1])
    assert 100_000 - left == len(found) + 1


def test_several_limits_are_leased_together(leased, redis):
    nginx = leased(more="edge_limit zone=all sync=lease;",
                   http="edge_limit_zone all zone=all:1m rate=10000r/s "
                        "burst=10000 redis=main;")
    found = answers(nginx, "/?k=a", 1)
    assert {a["X-Source"] for a in found} == {"redis", "lease"}
    assert '"all";r=' in found[-1]["RateLimit"]
