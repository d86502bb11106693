"""What is asked for seldom is not stored: edge_cache_min_uses."""

import threading

import pytest

from lib.cached import metric, purge, verdict
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Reply

FRESH = {"Cache-Control": "max-age=60"}
RARE, MISS, HIT = ("MISS", "min_uses"), ("MISS", None), ("HIT", None)


@pytest.fixture
def asked(cached, origin):
    """Asks a cache that wants so many uses."""
    origin.headers = FRESH

    def start(uses, **options):
        nginx = cached(f"edge_cache_min_uses {uses};", **options)
        return lambda target="/", headers=(): verdict(
            nginx.get(target, headers))

    return start


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_it_is_stored_when_it_is_asked_for_so_often(asked, uses):
    """No more than three: with the fourth use of anything the first counts are
    halved, and which those are is different in each zone."""
    ask = asked(uses)
    assert [ask() for _ in range(uses + 1)] == (
        [RARE] * (uses - 1) + [MISS, HIT])
    assert ask("/other") == (RARE if uses > 1 else MISS)


def test_counts_that_were_halved_cost_one_use_more(asked):
    """Of five, at most: stored with the fifth use, or with the sixth."""
    ask = asked(5)
    assert [ask() for _ in range(7)] in (
        [RARE] * 4 + [MISS, HIT, HIT], [RARE] * 5 + [MISS, HIT])


def test_variants_of_a_resource_count_together(cached, origin):
    origin.headers = {**FRESH, "Vary": "X-A"}
    nginx = cached("edge_cache_min_uses 2;")
    assert verdict(nginx.get("/", {"X-A": "1"})) == RARE
    assert verdict(nginx.get("/", {"X-A": "2"})) == MISS
    assert verdict(nginx.get("/", {"X-A": "2"})) == HIT


def test_tenants_do_not_count_for_each_other(asked):
    ask = asked("2; edge_cache_tenant $http_x_tenant")
    assert ask(headers={"X-Tenant": "a"}) == RARE
    assert ask(headers={"X-Tenant": "b"}) == RARE
    assert ask(headers={"X-Tenant": "a"}) == MISS


def test_what_passes_the_cache_is_asked_for_as_it_is(cached, origin):
    """It will not be stored, so it need not be whole."""
    origin.headers = FRESH
    nginx = cached("edge_cache_min_uses 2;")
    nginx.get("/", {"Range": "bytes=0-1", "If-None-Match": '"a"'})
    seen = origin.requests[-1]
    assert (seen["Range"], seen["If-None-Match"]) == ("bytes=0-1", '"a"')


def test_what_was_stored_is_stored_again(cached, origin):
    """Hits do not count: what was popular was fetched three times when it
    had been purged."""
    origin.headers = FRESH
    nginx = cached("edge_cache_min_uses 3;", zone="z:1m selectors=64")
    for _ in range(3):
        nginx.get("/")
    assert verdict(nginx.get("/")) == HIT
    for i in range(600):
        nginx.get(f"/{i}")
    purge(nginx, url="/")
    assert verdict(nginx.get("/"))[0] == "MISS"
    assert verdict(nginx.get("/")) == HIT


def test_nobody_waits_for_what_is_not_stored(cached, origin):
    gate = threading.Event()
    origin.on("/", [Reply(headers=FRESH, wait=gate), Reply(headers=FRESH)])
    nginx = cached("edge_cache_min_uses 2;")
    with nginx.connect() as first:
        first.send_request("GET", "/")
        origin.wait_for("/")
        assert verdict(nginx.get("/")) == MISS
        assert verdict(nginx.get("/")) == HIT
        gate.set()
        assert verdict(first.read_response()) == RARE


def test_what_is_in_redis_is_served_at_once(fleet, origin):
    origin.headers = FRESH
    a, b = fleet.start(2, location="edge_cache_min_uses 2;")
    for _ in range(2):
        a.get("/")
    wait_stored(a, 1)
    assert origin_of_hit(b.get("/")) == ("HIT", "redis")
    assert verdict(b.get("/")) == HIT


def test_a_flood_of_single_addresses_displaces_nothing(cached, origin):
    """All in all ten times what the zone holds."""
    hot = [f"/hot{i}" for i in range(20)]
    origin.headers = {**FRESH, "X-Padding": "x" * 2000}
    nginx = cached("edge_cache_min_uses 2;", zone="z:1m selectors=64",
                   server="keepalive_requests 100000;")
    with nginx.connect() as client:
        for target in hot * 2:
            client.request("GET", target)
        for i in range(1000):
            client.request("GET", f"/once{i}")
        found = [verdict(client.request("GET", target)) for target in hot]
    assert found == [HIT] * len(hot)
    stored = metric(nginx, "edge_cache_fills_total", result="stored")
    assert stored < len(hot) + 1000 * 0.1
