"""An instance that starts has in memory what clients asked for most."""

import time

import pytest

from lib.cached import api, metric, purge, verdict
from lib.fleet import origin_of_hit, stores, wait_stored
from lib.origin import Reply
from lib.wait import wait_until

EVERY = "every=1s"
KEY = "ec:z:{popular}"
MEMORY = ("HIT", "memory")
REDIS = ("HIT", "redis")


def warm_start(most=100):
    return f"edge_cache_warm_start {most} {EVERY};"


@pytest.fixture
def members(redis):
    """How many keys are known to be popular."""
    return lambda: redis.command("ZCARD", KEY)


@pytest.fixture
def asked(fleet, members):
    """An instance whose clients have asked so often for each of these targets,
    and which has said so."""
    def start(targets, headers=(), **pieces):
        nginx, = fleet.start(http=warm_start(), **pieces)
        for target, times in targets.items():
            stored = stores(nginx)
            nginx.get(target, headers)
            wait_stored(nginx, stored + 1)
            for _ in range(times):
                assert origin_of_hit(nginx.get(target, headers)) == MEMORY
        wait_until(lambda: members() >= len(targets))
        return nginx

    return start


@pytest.fixture
def fresh(fleet):
    """A new instance, once it has taken what it could."""
    def start(most=100, wait=True, **pieces):
        nginx, = fleet.start(http=warm_start(most), **pieces)
        if wait:
            wait_until(lambda: jobs(nginx)[:1] and
                       jobs(nginx)[0]["state"] == "done")
        return nginx

    return start


def jobs(nginx):
    return api(nginx, "GET", "warm").json()["jobs"]


def test_what_was_asked_for_is_in_memory_before_anybody_asks(asked, fresh,
                                                             origin):
    asked({f"/{i}": 2 for i in range(20)})
    nginx = fresh()
    job, = jobs(nginx)
    assert (job["urls"], job["stored"], job["failed"]) == (20, 20, 0)
    assert metric(nginx, "edge_cache_warm_start_objects_total",
                  result="stored") == 20
    for i in range(20):
        assert origin_of_hit(nginx.get(f"/{i}")) == MEMORY
    assert origin.count() == 20
    nginx.wait_for_log('by "start of zone z": 20 of 20 objects')


def test_the_most_asked_for_where_not_all_are_taken(asked, fresh):
    asked({f"/{i}": 2 if i < 15 else 40 for i in range(20)})
    nginx = fresh(5)
    for i in range(20):
        assert origin_of_hit(nginx.get(f"/{i}")) == (
            REDIS if i < 15 else MEMORY)


def test_no_more_is_kept_in_redis_than_is_taken(fleet, members, redis):
    nginx, = fleet.start(http=warm_start(7))
    for i in range(30):
        for _ in range(3):
            nginx.get(f"/{i}")
    wait_until(lambda: members() == 7)
    assert 0 < redis.command("PTTL", KEY) <= 24 * 3600 * 1000


def test_what_is_asked_for_no_more_gives_way(fleet, members, redis):
    """To what is asked for a little, in time."""
    nginx, = fleet.start(http=warm_start(5))
    hour = 3600 * 1000 / (10 * 60 * 1000)
    now = time.time() * 1000 / (10 * 60 * 1000)
    for i in range(5):
        redis.command("ZADD", KEY, str(now - hour + 3), f"ec:1:z:{{{i:032x}}}")
    for i in range(5):
        nginx.get(f"/{i}")
        assert origin_of_hit(nginx.get(f"/{i}")) == MEMORY
    wait_until(lambda: not any(
        b"00000000" in key for key in redis.command("ZRANGE", KEY, "0", "-1")))
    assert members() == 5


def test_variants_and_tenants_are_kept_apart(asked, fresh, origin):
    origin.on("/v", lambda request: Reply(
        headers={"Cache-Control": "max-age=60", "Vary": "Accept-Language"},
        body=f"{request['X-Tenant']} {request['Accept-Language']}".encode()))
    everybody = [{"X-Tenant": tenant, "Accept-Language": language}
                 for tenant in ("acme", "umbrella") for language in ("de", "en")]
    location = "edge_cache_tenant $http_x_tenant;"
    nginx = asked({}, location=location)
    for headers in everybody * 3:
        nginx.get("/v", headers)
    time.sleep(2.5)
    nginx = fresh(location=location)
    for headers in everybody:
        response = nginx.get("/v", headers)
        assert origin_of_hit(response) == MEMORY
        assert response.body.decode() == (
            f"{headers['X-Tenant']} {headers['Accept-Language']}")
    assert origin.count("/v") == 4


def test_what_was_purged_meanwhile_is_not_taken(asked, fresh, origin):
    a = asked({"/a": 2, "/b": 2})
    purge(a, url="/a")
    nginx = fresh()
    job, = jobs(nginx)
    assert (job["stored"], job["reasons"]) == (1, {"purged": 1})
    assert origin_of_hit(nginx.get("/b")) == MEMORY
    assert verdict(nginx.get("/a"))[0] == "MISS"


def test_what_has_expired_is_not_taken(asked, fresh, origin):
    origin.on("/short", Reply(headers={"Cache-Control": "max-age=2"}))
    asked({"/short": 2, "/long": 2})
    time.sleep(2)
    nginx = fresh()
    job, = jobs(nginx)
    assert (job["stored"], job["reasons"]) == (1, {"not_cached": 1})


def test_a_purge_after_it_counts(asked, fresh):
    asked({"/a": 2})
    nginx = fresh()
    purge(nginx, url="/a")
    assert verdict(nginx.get("/a"))[0] == "MISS"


def test_a_full_memory_takes_no_more(asked, fresh, origin):
    origin.on("/big", Reply(headers={"Cache-Control": "max-age=60"},
                            body=b"x" * 300_000))
    asked({f"/big?{i}": 2 for i in range(12)}, size="16m")
    nginx = fresh(size="1m")
    job, = jobs(nginx)
    assert job["stored"] >= 1 and job["reasons"] == {
        "zone_full": 12 - job["stored"]}
    assert metric(nginx, "edge_cache_zone_evictions_total",
                  reason="capacity") == 0


def test_a_reload_does_not_begin_it_again(asked, fresh):
    asked({"/a": 2})
    nginx = fresh()
    nginx.reload()
    time.sleep(1)
    assert len(jobs(nginx)) == 1
    assert origin_of_hit(nginx.get("/a")) == MEMORY


def slow(fake_redis, redis):
    """It has what `redis` has, and takes a second for 20 objects."""
    def get(arguments):
        time.sleep(0.05)
        return redis.command(*arguments)

    fake_redis.upstream = redis.port
    fake_redis.on("GET", get)


def test_a_redis_that_hangs_meanwhile_is_waited_for(asked, fleet, fake_redis,
                                                    redis):
    asked({f"/{i}": 2 for i in range(20)})
    slow(fake_redis, redis)
    nginx, = fleet.start(http=warm_start(), address=fake_redis.address,
                         join=False)
    fake_redis.wait_for("GET", 1, 20)
    fake_redis.freeze()
    time.sleep(1.5)
    fake_redis.thaw()
    job = wait_until(lambda: (jobs(nginx) or [{}])[0].get("state") == "done"
                     and jobs(nginx)[0], 20)
    assert job["stored"] >= 18, job


def test_a_reload_goes_on_with_what_it_stops(asked, fleet, fake_redis, redis):
    asked({f"/{i}": 2 for i in range(20)})
    slow(fake_redis, redis)
    nginx, = fleet.start(http=warm_start(), address=fake_redis.address,
                         join=False)
    fake_redis.wait_for("GET", 1, 20)
    fake_redis.freeze()
    nginx.reload()
    fake_redis.thaw()
    wait_until(lambda: jobs(nginx)[0]["state"] == "done", 20)
    for i in range(20):
        assert origin_of_hit(nginx.get(f"/{i}")) == MEMORY


def test_a_redis_that_comes_late_is_waited_for(asked, fleet, fake_redis, redis):
    asked({"/a": 2})
    fake_redis.upstream = redis.port
    fake_redis.freeze()
    nginx, = fleet.start(http=warm_start(), address=fake_redis.address,
                         join=False)
    time.sleep(1.5)
    assert jobs(nginx) == []
    fake_redis.thaw()
    wait_until(lambda: jobs(nginx) and jobs(nginx)[0]["state"] == "done", 20)
    assert origin_of_hit(nginx.get("/a")) == MEMORY


@pytest.mark.parametrize("member", [
    "bull:queue:1", "", "ec:1:z:{", "ec:1:other:{" + 32 * "0" + "}",
    "ec:1:z:{" + 32 * "x" + "}", "ec:1:z:{}" + 64 * "x" + "}"])
def test_what_others_write_there_harms_nobody(asked, fresh, redis, member):
    asked({"/a": 2})
    redis.command("ZADD", KEY, "1e300", member)
    redis.command("ZADD", KEY, "inf", "ec:1:z:{" + 31 * "0" + "1}")
    redis.command("SET", "ec:1:z:{" + 31 * "0" + "1}", "x" * 100)
    nginx = fresh()
    job, = jobs(nginx)
    assert (job["stored"], job["failed"]) == (1, 2)
    assert origin_of_hit(nginx.get("/a")) == MEMORY


def test_an_object_under_the_key_of_another_is_not_taken(asked, fresh, redis):
    asked({"/a": 2, "/b": 2})
    keys = redis.command("ZRANGE", KEY, "0", "-1")
    redis.command("COPY", keys[0], keys[1], "REPLACE")
    nginx = fresh()
    job, = jobs(nginx)
    assert (job["stored"], job["reasons"]) == (1, {"entry_mismatch": 1})


def test_a_key_of_another_type_harms_nobody(fleet, redis):
    redis.command("SET", KEY, "x")
    nginx, = fleet.start(http=warm_start())
    nginx.get("/a")
    nginx.get("/a")
    time.sleep(2)
    assert origin_of_hit(nginx.get("/a")) == MEMORY
    assert redis.command("GET", KEY) == b"x"
    assert jobs(nginx) == []


def test_without_the_directive_nothing_is_written(fleet, redis):
    nginx, = fleet.start()
    for _ in range(3):
        nginx.get("/a")
    time.sleep(1.5)
    assert redis.command("EXISTS", KEY) == 0


def test_checks_that_stay_in_memory_are_not_told(fleet, origin, members):
    """What Redis does not have takes no place from what it has."""
    origin.on("/auth", Reply(headers={"Cache-Control": "max-age=60"}))
    nginx, = fleet.start(
        http=warm_start(), location="auth_request /auth;",
        server=f"""location = /auth {{
            internal; edge_cache z; edge_cache_valid 200 60s;
            proxy_pass http://{origin.address}; }}""")
    for _ in range(4):
        nginx.get("/a")
    assert origin.count("/auth") == 1
    wait_until(lambda: members() == 1)
    time.sleep(1.5)
    assert members() == 1


@pytest.mark.parametrize("words", [
    "0", "10001", "many", "5 every=0", "5 every=500ms", "5 every=2h", "5 often",
    "off every=1m"])
def test_a_number_that_cannot_be_taken(edge, words):
    nginx = edge()
    code, said = nginx.check_config(nginx.conf.replace(
        "http {", f"http {{ edge_cache_warm_start {words};", 1))
    assert code != 0
    assert '"edge_cache_warm_start"' in said and "write" in said


def test_a_zone_without_redis_cannot_begin_with_it(cached):
    nginx = cached()
    code, said = nginx.check_config(nginx.conf.replace(
        "http {", "http { edge_cache_warm_start 5;", 1))
    assert code != 0
    assert "finds no zone with Redis: write redis=NAME" in said
