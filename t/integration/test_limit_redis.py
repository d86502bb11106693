"""Rate limits of several instances through one Redis, and what becomes of
them while it does not answer."""

import threading
import time

import pytest

from lib.cached import TOKEN, ZONE, cache_conf
from lib.fleet import redis_up
from lib.resp import RespError
from lib.wait import wait_until

FORMAT = ("log_format limit '$edge_limit_status $edge_limit_source "
          "$edge_limit_remaining';")
SHOW = "add_header X-Source $edge_limit_source always;"
LIMIT = "edge_limit zone=users cost=$arg_c;"


@pytest.fixture
def limited(edges, redis):
    """Starts `count` instances that limit by the query's k: a burst of 10.

    Redis has a second to answer, as this machine may be busy."""
    def start(count=1, location="", limit=LIMIT, fallback="local after=1s",
              rate="1r/m", zone="", http="", **pieces):
        return edges(
            count, redis=redis, server="access_log access.log limit;",
            location=f"{limit} edge_limit_fallback {fallback}; {SHOW}"
                     + location,
            http=f"{FORMAT} edge_limit_zone $arg_k zone=users:1m rate={rate} "
                 f"burst=10 redis=main {zone}; {http}", **pieces)

    return start


def statuses(nginx, target, count):
    return [nginx.get(target).status for _ in range(count)]


def limit_log(nginx):
    nginx.quit()
    return nginx.access_log()


def until_decided_by(source, nginx):
    wait_until(lambda: nginx.get("/?k=warm")["X-Source"] == source,
               what=f"a decision by {source}")


# Together

def test_two_instances_admit_one_burst(limited):
    first, second = limited(2)
    until_decided_by("redis", first)
    until_decided_by("redis", second)
    results = [nginx.get("/?k=a").status
               for _ in range(10) for nginx in (first, second)]
    assert results == [200] * 10 + [429] * 10


@pytest.mark.limit(90)
def test_under_load_no_more_than_rate_and_burst_are_admitted(limited):
    nginxes = limited(2, "keepalive_requests 1000000;", rate="50r/s")
    for nginx in nginxes:
        until_decided_by("redis", nginx)
    admitted, sources, begin = [], set(), time.monotonic()

    def run(nginx):
        with nginx.connect() as connection:
            while time.monotonic() < begin + 3:
                response = connection.request("GET", "/?k=a")
                sources.add(response["X-Source"])
                if response.status == 200:
                    admitted.append(1)

    threads = [threading.Thread(target=run, args=(nginx,))
               for nginx in nginxes for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    assert "redis" in sources and sources <= {"redis", "denied_cache"}
    assert 10 <= len(admitted) <= 50 * took + 10


def test_a_key_in_redis_is_encoded_tagged_and_expires(limited, redis):
    nginx, = limited(zone="tag=$arg_t")
    until_decided_by("redis", nginx)
    assert nginx.get("/?k=a{b&t=acme").status == 200
    key = "ec:l1:{acme}:users:a%7Bb"
    assert 60_000 < redis.command("PTTL", key) < 700_000


def test_limits_in_redis_are_charged_all_or_none(limited):
    nginx, = limited(
        limit="edge_limit zone=wide; edge_limit zone=users burst=1;",
        http="edge_limit_zone $arg_w zone=wide:1m rate=1r/m burst=5 "
             "redis=main;")
    until_decided_by("redis", nginx)
    assert statuses(nginx, "/?w=1&k=a", 4) == [200, 429, 429, 429]
    others = [nginx.get(f"/?w=1&k={k}").status for k in "bcdef"]
    assert others == [200, 200, 200, 200, 429]


def test_fields_tell_the_level_in_redis(limited):
    first, second = limited(2)
    until_decided_by("redis", first)
    until_decided_by("redis", second)
    first.get("/?k=a&c=6")
    response = second.get("/?k=a&c=1")
    assert response["RateLimit-Policy"] == '"users";q=10;w=600'
    assert response["RateLimit"].startswith('"users";r=3;t=')


def test_the_limit_guards_pages_of_the_cache(limited):
    nginx, = limited(1, "edge_cache api;", http="edge_cache_zone api:4m;")
    until_decided_by("redis", nginx)
    assert statuses(nginx, "/?k=a", 11) == [200] * 10 + [429]


# Redis away

def test_without_redis_an_instance_has_its_share(limited, redis):
    nginx, = limited(fallback="local instances=2")
    until_decided_by("redis", nginx)
    redis.kill()
    until_decided_by("local", nginx)
    assert statuses(nginx, "/?k=a", 6) == [200] * 5 + [429]


def test_an_outage_begins_with_the_levels_redis_told(limited, redis):
    nginx, = limited()
    until_decided_by("redis", nginx)
    assert nginx.get("/?k=a&c=8").status == 200
    redis.kill()
    until_decided_by("local", nginx)
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]


def test_fallback_open_admits_and_tells_no_figures(limited, redis):
    nginx, = limited(fallback="open")
    until_decided_by("redis", nginx)
    redis.kill()
    until_decided_by("open", nginx)
    responses = [nginx.get("/?k=a") for _ in range(12)]
    assert {response.status for response in responses} == {200}
    assert {response["RateLimit"] for response in responses} == {None}
    assert limit_log(nginx)[-1] == "UNLIMITED open -"


def test_fallback_closed_refuses_for_a_second(limited, redis):
    nginx, = limited(fallback="closed")
    until_decided_by("redis", nginx)
    redis.kill()
    until_decided_by("closed", nginx)
    response = nginx.get("/?k=a")
    assert response.status == 503
    assert response["Retry-After"] == "1"
    assert response["Cache-Control"] == "no-store"
    assert response["RateLimit"] is None
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "https://iana.org/assignments/http-problem-types"
                "#temporary-reduced-capacity",
        "status": 503, "detail": "Try again in 1 second."}
    nginx.wait_for_log(r'limiting requests, redis is away, by zone "users"')
    assert limit_log(nginx)[-1] == "REJECTED closed -"


def test_in_dry_run_a_closed_fallback_refuses_nobody(limited, redis):
    nginx, = limited(1, "edge_limit_dry_run on;", fallback="closed")
    until_decided_by("redis", nginx)
    redis.kill()
    until_decided_by("closed", nginx)
    assert nginx.get("/?k=a").status == 200


def test_a_redis_that_hangs_is_not_waited_for(limited, redis):
    nginx, = limited(fallback="local")
    until_decided_by("redis", nginx)
    redis.pause()
    begin = time.monotonic()
    responses = [nginx.get("/?k=a") for _ in range(20)]
    took = time.monotonic() - begin
    assert [r.status for r in responses] == [200] * 10 + [429] * 10
    assert {r["X-Source"] for r in responses} == {"local"}
    assert took < 2  # 20 times 5 ms, were the breaker not to open


def test_a_redis_too_slow_for_limits_is_not_down_for_the_cache(
        edge, redis, fake_redis, tmp_path):
    """20 ms are in time for the cache and not for limits."""
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    fake_redis.upstream = redis.port
    nginx = edge(**cache_conf(
        token_file, zone=f"{ZONE}:4m redis=main",
        http=f"""edge_redis main {{ server {fake_redis.address};
                     timeout 500ms; connect_timeout 1s; }}
                 edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=1000
                     redis=main;""",
        location="edge_limit zone=users; edge_cache_valid 200 1m;" + SHOW))
    until_decided_by("redis", nginx)
    fake_redis.delay = 0.02
    sources = [nginx.get(f"/?k=a&n={n}")["X-Source"] for n in range(30)]
    assert sources.count("local") >= 27  # delays were in time on a bad machine
    asked = fake_redis.count("EVALSHA")
    begin = time.monotonic()
    with nginx.connect() as connection:
        for _ in range(50):
            response = connection.request("GET", "/?k=a&n=0")
            assert response["X-Source"] == "local"
    assert fake_redis.count("EVALSHA") - asked <= (
        3 + (time.monotonic() - begin) / 0.025)
    assert redis_up(nginx)
    assert "redis is down" not in nginx.error_log()
    fake_redis.delay = 0
    until_decided_by("redis", nginx)


def test_redis_decides_again_when_it_is_back(limited, redis):
    nginx, = limited()
    until_decided_by("redis", nginx)
    redis.kill()
    until_decided_by("local", nginx)
    redis.start()
    until_decided_by("redis", nginx)


def test_a_client_that_leaves_while_redis_is_asked_harms_nobody(limited,
                                                                redis):
    nginx, = limited()
    until_decided_by("redis", nginx)
    redis.pause()
    for _ in range(3):
        connection = nginx.connect()
        connection.send_request("GET", "/?k=a")
        time.sleep(0.02)
        connection.abort()
    redis.resume()
    assert nginx.get("/?k=b").status == 200


def test_what_redis_refuses_is_decided_by_the_fallback(edge, redis_server):
    redis = redis_server(rename_command=['EVALSHA ""', 'EVAL ""'])
    nginx = edge(redis=redis, location="edge_limit zone=users;" + SHOW,
                 http="edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=3 "
                      "redis=main;")
    assert statuses(nginx, "/?k=a", 4) == [200, 200, 200, 429]

    def told():
        nginx.get("/")
        nginx.get("/?k=b")
        return "to the limits of a request" in nginx.error_log()

    wait_until(told, what="a line about the answer of Redis")
    assert nginx.get("/?k=c")["X-Source"] == "local"


@pytest.mark.parametrize("reply", [
    1, b"1", [], [1], [1, 0], [1, 0, 2], [1, 0, 2, b"60"], [2, 0, 2, 60],
    [1, 2, 2, 60], [1, 0, -1, 60], [1, 0, 4, 60], [1, 0, 2, -60],
    [1, 0, 2, 60, 2, 60], [[1], 0, 2, 60], RespError("OOM no memory")],
    ids=str)
def test_an_answer_that_is_none_is_not_believed(edge, fake_redis, reply):
    """Three may pass at once, so no answer says that four are left."""
    fake_redis.on("EVALSHA", reply)
    nginx = edge(redis=fake_redis, location="edge_limit zone=users;" + SHOW,
                 http="edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=3 "
                      "redis=main;")
    wait_until(lambda: nginx.get("/") and nginx.get("/?k=warm")
               and fake_redis.count("EVALSHA"))
    assert nginx.get("/?k=a")["RateLimit"] == '"users";r=2;t=60'
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]


def test_limits_and_lookup_leave_together(edge, fake_redis):
    """Were the lookup to wait for the limits, it would never be sent."""
    fake_redis.on("EVALSHA", [0, 1, 0, 60_000_000])
    nginx = edge(redis=fake_redis, location="edge_limit zone=users;"
                 "edge_limit_fallback closed after=1s; edge_cache api;",
                 http="edge_limit_zone $arg_k zone=users:1m rate=1r/m "
                      "redis=main; edge_cache_zone api:4m redis=main;")
    wait_until(lambda: nginx.get("/?k=a").status == 429)
    assert fake_redis.count("GET") >= 1
    names = [command[0] for command in fake_redis.commands]
    assert names.index(b"EVALSHA") < names.index(b"GET")
