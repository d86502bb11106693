"""After a purge the origin may still read a replica that lags: what it says
then is not kept for long."""

import time

import pytest

from lib.cached import api, metric, purge
from lib.fleet import try_purge, version, wait_stored
from lib.wait import wait_until

SETTLING = "edge_cache_fills_settling_total"
# What would let the old answer live on.
FIELDS = {"Cache-Control": "max-age=600, stale-while-revalidate=600, "
                           "stale-if-error=600",
          "Surrogate-Key": "t u", "ETag": None}


@pytest.fixture
def lagging(origin):
    origin.headers = FIELDS
    return origin


def assert_old_dies(origin, *fleet):
    old = origin.version
    assert {version(nginx) for nginx in fleet} == {old}
    origin.bump()
    new = origin.version
    wait_until(lambda: all(version(nginx) == new for nginx in fleet), 10,
               "what is new")


@pytest.mark.parametrize("way", ["body", "fields", "soft", "match", "all"])
def test_what_is_fetched_right_after_a_purge_dies_soon(cached, lagging, way):
    nginx = cached()
    version(nginx)
    if way == "fields":
        assert api(nginx, "POST", "purge", headers={
            "Surrogate-Key": "t", "Edge-Settle": "2s"}).status == 200
    else:
        purge(nginx, settle="2s", **{
            "body": {"tags": ["t"]}, "soft": {"tags": ["t"], "mode": "soft"},
            "match": {"tags": ["t", "u"], "match": "all"},
            "all": {"all": True}}[way])
    wait_until(lambda: nginx.get("/p")["X-Cache"] == "HIT")
    assert metric(nginx, SETTLING) >= 1
    assert_old_dies(lagging, nginx)


def test_what_comes_later_is_kept(cached, lagging):
    nginx = cached()
    version(nginx)
    purge(nginx, tags=["t"], settle="300ms")
    time.sleep(0.35)
    version(nginx)
    purge(nginx, tags=["other"], settle="60s")
    assert metric(nginx, SETTLING) == 0
    assert nginx.get("/p")["X-Cache"] == "HIT"


def test_it_is_never_sent_stale(cached, lagging):
    nginx = cached("edge_cache_use_stale error timeout updating 1h;")
    version(nginx)
    purge(nginx, tags=["t"], settle="2s")
    old = version(nginx)
    assert metric(nginx, SETTLING) == 1
    lagging.bump()
    seen = []

    def is_new():
        answer = nginx.get("/p")
        seen.append((answer["X-Cache"], answer.json()["version"] == old))
        return not seen[-1][1]

    wait_until(is_new)
    # Either as a hit within its time, or not at all.
    assert {status for status, is_old in seen if is_old} <= {"HIT"}


def test_it_holds_on_all_instances_and_in_redis(fleet, lagging):
    trio = a, b, c = fleet.start(3)
    for nginx in (a, b):
        version(nginx)
    purge(c, tags=["t"], settle="2s")
    stored = metric(a, "edge_cache_redis_stores_total", result="stored")
    version(a)
    wait_stored(a, stored + 1)
    assert_old_dies(lagging, *trio)
    assert sum(metric(nginx, SETTLING) for nginx in (a, b)) >= 1


def test_without_redis_it_settles_too_and_the_others_when_it_is_back(
        fleet, lagging, redis):
    a, b = fleet.start(2)
    for nginx in (a, b):
        version(nginx)
    redis.kill()
    assert try_purge(a, tags=["t"], settle="3s").status == 503
    version(a)
    assert metric(a, SETTLING) == 1
    redis.start()
    # As soon as the other one has read of it.
    wait_until(lambda: (version(b), metric(b, SETTLING) >= 1)[1], 15)
    assert_old_dies(lagging, b)


@pytest.mark.parametrize("how", ["purge", "write", "method"])
def test_a_location_settles_after_whatever_invalidates(cached, lagging, how):
    nginx = cached("edge_cache_settle 2s; edge_cache_purge 1;")
    version(nginx)
    if how == "purge":
        purge(nginx, tags=["t"])
    elif how == "write":
        assert nginx.get("/p", method="POST", body=b"x").status == 200
    else:
        assert nginx.get("/p", method="PURGE").status == 200
    assert_old_dies(lagging, nginx)
    assert metric(nginx, SETTLING) >= 1


def test_a_location_settles_after_writes_on_another_instance(fleet, lagging):
    pair = a, b = fleet.start(2, location="edge_cache_settle 2s;")
    # Of the start, when a purge may have been missed.
    time.sleep(2.1)
    for nginx in pair:
        version(nginx)
    settled = metric(b, SETTLING)
    assert a.get("/p", method="POST", body=b"x").status == 200
    wait_until(lambda: (version(b), metric(b, SETTLING) > settled)[1])
    assert_old_dies(lagging, b)


@pytest.mark.parametrize("value", ["61s", "2", 2, ""])
def test_a_time_that_is_none_is_refused(cached, value):
    answer = try_purge(cached(), tags=["t"], settle=value)
    assert answer.status == 400
    assert "settle" in answer.json()["detail"]
