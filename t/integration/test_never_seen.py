"""A purge of tags that nothing ever had says so: they may be misspelt."""

import time

from lib.cached import TENANT, api, metric, purge
from lib.fleet import object_keys, try_purge, version
from lib.origin import Reply
from lib.wait import wait_until

COUNT = "edge_cache_purges_never_seen_total"


def never_seen(answer):
    return answer.get("never_seen_here", {}).get("tags", [])


def test_a_tag_that_nothing_had_is_named(cached, tagged):
    before = time.time() * 1000
    nginx = cached()
    version(nginx)
    answer = purge(nginx, tags=["T", "t", "tt"])
    assert never_seen(answer) == ["T", "tt"]
    assert before - 2000 <= answer["never_seen_here"]["since"] <= (
        time.time() * 1000)
    assert metric(nginx, COUNT) == 2
    assert "never_seen_here" not in purge(nginx, tags=["t"])
    assert "never_seen_here" not in purge(nginx, url="/none")


def test_it_is_seen_for_ever(cached, tagged):
    nginx = cached()
    assert never_seen(purge(nginx, tags=["t"])) == ["t"]
    version(nginx)
    purge(nginx, all=True)
    nginx.reload()
    assert never_seen(purge(nginx, tags=["t"])) == []


def test_what_was_not_stored_was_not_seen(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "no-store",
                                  "Surrogate-Key": "t"}, body=b"x"))
    nginx = cached()
    nginx.get("/")
    assert never_seen(purge(nginx, tags=["t"])) == ["t"]


def test_each_tenant_has_tags_of_its_own(cached, tagged):
    nginx = cached(TENANT)
    nginx.get("/p", {"X-Tenant": "acme"})
    for tenant, expected in ("acme", []), ("other", ["t"]), ("*", []):
        assert never_seen(purge(nginx, tags=["t"], tenant=tenant)) == expected


def test_groups_and_header_fields_count(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Cache-Groups": '"g"',
                                  "Cache-Tag": "a b, c"}, body=b"x"))
    nginx = cached("edge_cache_tags site;")
    nginx.get("/")
    answer = api(nginx, "POST", "purge", headers={
        "Cache-Tag": "a b, c, site, g, a"})
    assert never_seen(answer.json()) == ["a"]


def test_of_several_zones_none_may_have_seen_it(cached, tagged):
    nginx = cached(http="edge_cache_zone empty:1m;")
    version(nginx)
    answer = purge(nginx, tags=["t", "u"])
    assert len(answer["zones"]) == 2
    assert never_seen(answer) == ["u"]
    assert never_seen(purge(nginx, tags=["t"], zone="empty")) == ["t"]


def test_what_came_from_redis_was_seen(fleet, tagged, redis):
    a, b = fleet.start(2)
    version(a)
    wait_until(lambda: len(object_keys(redis)) == 1)
    assert never_seen(purge(b, tags=["u"])) == ["u"]
    assert b.get("/p")["X-Tier"] == "redis"
    assert never_seen(purge(b, tags=["t"])) == []
    redis.kill()
    answer = try_purge(a, tags=["t", "u"])
    assert answer.status == 503
    assert never_seen(answer.json()) == ["u"]
