"""Redis as the second tier: what one instance fills, all of them serve."""

import os
import random
import re
import time
from collections import Counter

import pytest

from lib.cached import metric, purge, verdict
from lib.fleet import (object_keys, origin_of_hit, stores, wait_current,
                       wait_stored)
from lib.origin import Reply
from lib.wait import wait_until

# What a proxy, or the cache itself, says of one answer and not of another.
_OWN_FIELDS = {"connection", "age", "x-cache", "x-tier", "x-reason", "server",
               "date"}


@pytest.fixture
def pair(fleet):
    return fleet.start(2)


def fill(nginx, target="/", headers=()):
    """Fetched by this instance and written to Redis."""
    before = stores(nginx)
    response = nginx.get(target, headers)
    assert verdict(response)[0] == "MISS", response
    wait_stored(nginx, before + 1)
    return response


def end_to_end(response):
    return sorted((name.lower(), value) for name, value in response.headers
                  if name.lower() not in _OWN_FIELDS)


# Objects

def test_what_one_instance_fills_the_other_serves(pair, origin):
    a, b = pair
    filled = fill(a)
    shared = b.get("/")
    assert origin_of_hit(shared) == ("HIT", "redis")
    assert shared.body == filled.body
    assert origin.count("/") == 1


def test_a_hit_in_redis_is_kept_in_memory(pair, origin):
    a, b = pair
    fill(a)
    tiers = [origin_of_hit(b.get("/")) for _ in range(3)]
    assert tiers == [("HIT", "redis"), ("HIT", "memory"), ("HIT", "memory")]
    assert metric(b, "edge_cache_hits_total", tier="redis") == 1
    assert metric(b, "edge_cache_hits_total", tier="memory") == 2
    assert origin.count("/") == 1


@pytest.mark.parametrize("reply", [
    Reply(body=b"plain"), Reply(body=b""),
    Reply(body=b"\0\r\n\xff" * 50), Reply(status=404, body=b"none"),
    Reply(status=301, headers={"Location": "http://other.example/"}),
    Reply(body=b"x" * 900_000, framing="chunked"),
    Reply(headers={"X-Two": ["a", "b"], "Link": "</l>; rel=x",
                   "ETag": '"v1"', "Content-Type": "text/plain;charset=x",
                   "Content-Language": "de, en"}, body=b"fields"),
], ids=["plain", "empty", "binary", "404", "301", "large", "fields"])
def test_an_answer_is_the_same_from_each_tier(pair, origin, reply):
    reply.headers["Cache-Control"] = "max-age=60"
    origin.on("/", reply)
    a, b = pair
    answers = [fill(a), a.get("/"), b.get("/"), b.get("/")]
    assert [origin_of_hit(r)[0] for r in answers[1:]] == ["HIT"] * 3
    first = answers[1]
    for response in answers:
        assert response.status == reply.status
        assert response.body == reply.body
    for response in answers[2:]:
        assert end_to_end(response) == end_to_end(first)
        assert response["Date"] == first["Date"]


def test_ranges_and_conditions_are_answered_from_redis(fleet, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "ETag": '"v1"'}, body=b"0123456789"))
    a, b, c = fleet.start(3)
    fill(a)
    part = b.get("/", {"Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    assert origin_of_hit(part) == ("HIT", "redis")
    same = c.get("/", {"If-None-Match": '"v1"'})
    assert (same.status, same["X-Tier"]) == (304, "redis")
    assert origin.count("/") == 1


def test_a_head_is_answered_from_redis(pair, origin):
    a, b = pair
    filled = fill(a)
    head = b.get("/", method="HEAD")
    assert origin_of_hit(head) == ("HIT", "redis")
    assert head["Content-Length"] == str(len(filled.body))
    assert origin.count("/") == 1


# Time

def test_the_age_goes_on(pair, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60", "Age": "20"},
                         body=b"aged"))
    a, b = pair
    fill(a)
    time.sleep(1.1)
    ages = [int(b.get("/")["Age"]) for _ in range(2)]
    assert 21 <= ages[0] <= 25
    assert ages[0] <= ages[1] <= 26


def test_what_has_expired_is_fetched_by_all(pair, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=1"}, body=b"x"))
    a, b = pair
    fill(a)
    assert b.get("/")["X-Cache"] == "HIT"
    time.sleep(1.5)
    assert a.get("/")["X-Cache"] != "HIT"
    assert origin.count("/") == 2


@pytest.mark.parametrize("fields, longest", [
    ({"Cache-Control": "max-age=60"}, 60_000),
    ({"Cache-Control": "max-age=60", "Age": "50"}, 10_000),
    ({"Cache-Control": "max-age=60, stale-while-revalidate=30"}, 90_000),
    ({"Cache-Control": "max-age=31536000000"}, 2**31 * 1000),
])
def test_a_key_in_redis_lives_no_longer_than_its_answer(
        pair, origin, redis, fields, longest):
    origin.on("/", Reply(headers=fields, body=b"x"))
    fill(pair[0])
    key, = object_keys(redis)
    assert 0 < redis.command("PTTL", key) <= longest


def test_all_keys_are_under_the_prefix_and_expire(fleet, origin, redis):
    origin.on("/vary", Reply(headers={"Cache-Control": "max-age=60",
                                      "Vary": "Accept-Language"}, body=b"v"))
    a, _ = fleet.start(2, redis_lines="timeout 500ms; prefix app.edge;")
    for i in range(20):
        a.get(f"/{i}?\r".strip())
    a.get("/vary", {"Accept-Language": "de"})
    wait_stored(a, 22)
    keys = redis.command("KEYS", "*")
    # Objects and a variant, the log and its members, a lock for each fill.
    assert len(keys) == 20 + 2 + 2 + 21
    digits = rb"\{[0-9a-f]{32}\}(:[0-9a-f]{32})?(:lock\d)?"
    for key in keys:
        assert re.fullmatch(rb"app\.edge:(1:z:" + digits
                            + rb"|z:\{log\}(:members)?)", key), key
        assert redis.command("PTTL", key) > 0, key


# Variants

def test_variants_are_shared(pair, origin):
    origin.headers["Vary"] = "Accept-Language"
    a, b = pair
    bodies = {language: a.get("/", {"Accept-Language": language}).body
              for language in ("de", "en", "fr")}
    wait_stored(a, 4)
    for language, body in bodies.items():
        response = b.get("/", {"Accept-Language": language})
        assert origin_of_hit(response) == ("HIT", "redis")
        assert response.body == body
    assert origin.count("/") == 3


def test_a_variant_nobody_filled_is_a_miss(pair, origin):
    origin.headers["Vary"] = "Accept-Language"
    a, b = pair
    fill(a, headers={"Accept-Language": "de"})
    response = b.get("/", {"Accept-Language": "en"})
    assert response["X-Cache"] == "MISS"
    assert "en" in response.text


def test_a_hit_is_one_command(one_behind, fake_redis):
    counted, filler = one_behind
    for target in "/a", "/b", "/c":
        fill(filler, target)
    before = fake_redis.count("GET")
    for target in "/a", "/b", "/c":
        assert origin_of_hit(counted.get(target)) == ("HIT", "redis")
    assert fake_redis.count("GET") == before + 3


def test_a_variant_is_one_command_once_its_vary_is_known(one_behind, origin,
                                                         fake_redis):
    origin.headers["Vary"] = "Accept-Language"
    counted, filler = one_behind
    languages = ["de", "en", "fr", "it"]
    for language in languages:
        filler.get("/", {"Accept-Language": language})
    wait_stored(filler, len(languages) + 1)
    spent = []
    for language in languages:
        before = fake_redis.count("GET")
        response = counted.get("/", {"Accept-Language": language})
        assert origin_of_hit(response) == ("HIT", "redis")
        spent.append(fake_redis.count("GET") - before)
    assert spent == [2, 1, 1, 1]


def test_names_of_vary_that_come_later_count_for_all(pair, origin):
    by = {"Cache-Control": "max-age=60"}
    origin.on("/", [
        Reply(headers={**by, "Vary": "X-A"}, body=b"1"),
        Reply(headers={**by, "Vary": "X-B"}, body=b"2"),
        Reply(headers={**by, "Vary": "X-B"}, body=b"3")])
    a, b = pair
    fill(a, headers={"X-A": "1", "X-B": "1"})
    assert b.get("/", {"X-A": "1", "X-B": "1"}).body == b"1"
    assert b.get("/", {"X-A": "2", "X-B": "2"}).body == b"2"
    assert b.get("/", {"X-A": "2", "X-B": "3"}).body == b"3"
    for nginx in (b, b):
        assert nginx.get("/", {"X-A": "2", "X-B": "2"}).body == b"2"
        assert nginx.get("/", {"X-A": "2", "X-B": "3"}).body == b"3"


# Room

def test_what_memory_has_no_room_for_is_shared(fleet, origin):
    body = b"x" * 700_000
    for i in range(2):
        origin.on(f"/{i}", Reply(headers={"Cache-Control": "max-age=60"},
                                 body=body))
    a, b = fleet.start(2, size="1m", zone_options="selectors=64")
    response = fill(a, "/0")
    assert response.body == body
    assert b.get("/0").body == body
    assert b.get("/0")["X-Cache"] == "HIT"
    assert origin.count("/0") == 1


def test_what_is_asked_for_once_pushes_nothing_out_of_a_full_memory(
        fleet, origin):
    a, b = fleet.start(2, size="1m", zone_options="selectors=64")
    for i in range(60):
        origin.on(f"/{i}", Reply(headers={"Cache-Control": "max-age=60"},
                                 body=b"x" * 20_000))
        fill(a, f"/{i}")
    for i in range(60):
        assert b.get(f"/{i}")["X-Tier"] == "redis"
    kept = metric(b, "edge_cache_zone_objects")
    assert 10 < kept < 60
    assert metric(b, "edge_cache_zone_evictions_total",
                  reason="capacity") == 0
    assert origin_of_hit(b.get("/0")) == ("HIT", "memory")
    tiers = [origin_of_hit(b.get("/59")) for _ in range(2)]
    assert tiers == [("HIT", "redis"), ("HIT", "memory")]


# Apart

def test_prefixes_are_apart(fleet, redis, origin):
    fleet.start(join=False, redis_lines="timeout 500ms; prefix one;")
    fleet.start(join=False, redis_lines="timeout 500ms; prefix two;")
    one, two = fleet.members
    for nginx in fleet.members:
        wait_current(nginx)
    fill(one)
    fill(two)
    assert origin.count("/") == 2
    assert len(object_keys(redis, "one")) == 1
    assert len(object_keys(redis, "two")) == 1


def test_zones_are_apart(fleet, redis):
    more = {"http": "edge_cache_zone y:4m redis=main lease=200ms;",
            "locations": {"/y/": "edge_cache y;"}}
    a, b = fleet.start(2, **more)
    fill(a)
    a.get("/y/")
    wait_until(lambda: len(object_keys(redis)) == 2)
    assert origin_of_hit(b.get("/y/")) == ("HIT", "redis")
    purge(b, zone="y", all=True)
    assert b.get("/y/")["X-Cache"] == "MISS"
    assert origin_of_hit(b.get("/")) == ("HIT", "redis")


def test_an_instance_that_restarts_finds_what_it_filled(fleet, origin):
    a, _ = fleet.start(2)
    fill(a)
    a.quit()
    a.start()
    wait_current(a)
    assert origin_of_hit(a.get("/")) == ("HIT", "redis")
    assert origin.count("/") == 1


def test_no_tenant_ever_sees_anothers(fleet, origin):
    """Few pages, many tenants, all of them in Redis at once."""
    pair = fleet.start(2, location="edge_cache_tenant $http_x_tenant;"
                       "edge_cache_key $arg_p;")
    dice = random.Random(7)
    clients = [nginx.connect() for nginx in pair]
    tiers = Counter()
    for _ in range(int(os.environ.get("REQUESTS", 10_000))):
        tenant, page = dice.randrange(40), dice.randrange(20)
        response = dice.choice(clients).request(
            "GET", f"/?p={page}", {"X-Tenant": f"t{tenant}"})
        echo = response.json()
        assert echo["uri"] == f"/?p={page}"
        assert ["X-Tenant", f"t{tenant}"] in echo["headers"]
        tiers[origin_of_hit(response)] += 1
    for client in clients:
        client.close()
    assert tiers["HIT", "redis"] > 100
    assert tiers["HIT", "memory"] > 1000
    assert origin.count() == 800
