"""Who makes room in a full zone: what nobody asked for again, errors beyond
their share, tenants beyond theirs."""

import pytest

from lib.cached import metric, verdict
from lib.nginx import NGINX_BIN
from lib.origin import Reply

LONG = "keepalive_requests 1000000;"
SMALL = "z:1m selectors=64"
TENANTS = "edge_cache_tenant $http_x_tenant;"
HOT = [f"/hot/{i}" for i in range(200)]
# More than ten times what the zone holds.
FLOOD = 10_000


@pytest.fixture
def crowded(cached, origin):
    """A zone with a hot set of tenant "quiet" that the API has said twice."""
    origin.headers = {"Cache-Control": "max-age=600"}

    def start(zone=SMALL, location=TENANTS):
        nginx = cached(location, zone=zone, server=LONG)
        assert hit_ratio(nginx) == 0
        assert hit_ratio(nginx) == 1
        return nginx

    return start


def hit_ratio(nginx, tenant="quiet"):
    with nginx.connect() as client:
        hits = sum(verdict(client.request(
            "GET", target, {"X-Tenant": tenant}))[0] == "HIT"
            for target in HOT)
    return hits / len(HOT)


def flood(nginx, count=FLOOD, times=1, prefix="/flood/", tenant="loud"):
    with nginx.connect() as client:
        for number in range(count):
            for _ in range(times):
                client.request("GET", f"{prefix}{number}",
                               {"X-Tenant": tenant})


def test_a_flood_by_one_tenant_leaves_the_others_what_they_use(crowded):
    nginx = crowded()
    memory = nginx.own_memory()
    for part in range(4):
        flood(nginx, FLOOD // 4, prefix=f"/{part}/")
        assert hit_ratio(nginx) >= 0.9
    assert metric(nginx, "edge_cache_zone_evictions_total",
                  reason="capacity") > FLOOD / 2
    assert metric(nginx, "edge_cache_zone_segment_evictions_total",
                  segment="main") == 0
    if NGINX_BIN == "nginx":  # sanitizers keep what was freed
        assert nginx.own_memory() < memory + 2**20


def test_so_does_one_that_asks_for_each_thing_again(crowded):
    """It gets as far as its share, and makes room for the rest itself."""
    nginx = crowded(f"{SMALL} tenant_share=30%")
    flood(nginx, 3000, times=3)
    assert hit_ratio(nginx) >= 0.9
    assert metric(nginx, "edge_cache_zone_share_evictions_total") > 500
    assert metric(nginx, "edge_cache_zone_tenants_over_share",
                  segment="main") <= 1
    capacity = metric(nginx, "edge_cache_zone_capacity_bytes")
    assert metric(nginx, "edge_cache_zone_segment_bytes",
                  segment="main") <= capacity
    told = [line for line in nginx.error_log().splitlines()
            if 'tenant "loud" has more than its share' in line]
    assert len(told) == 1
    assert 'zone "z" is full' in told[0]


def test_without_tenants_there_are_no_shares_of_them(crowded):
    nginx = crowded(f"{SMALL} tenant_share=1%", location="")
    flood(nginx, 3000)
    assert metric(nginx, "edge_cache_zone_share_evictions_total") == 0
    assert metric(nginx, "edge_cache_zone_tenants_over_share") == 0


def test_errors_take_no_room_from_answers(crowded, origin):
    origin.on("/none", Reply(404, {"Cache-Control": "max-age=600"},
                             b"x" * 500))
    nginx = crowded(f"{SMALL} negative_share=2%")
    for part in range(4):
        # Asked for again and again, like no scan.
        flood(nginx, 1000, times=3, prefix=f"/none?{part}-", tenant="quiet")
    assert metric(nginx, "edge_cache_zone_segment_evictions_total",
                  segment="negative") > 1000
    assert metric(nginx, "edge_cache_zone_segment_evictions_total",
                  segment="main") == 0
    assert hit_ratio(nginx) == 1
    # As soon as something else needs the room.
    flood(nginx, 3000)
    assert metric(nginx, "edge_cache_zone_segment_bytes",
                  segment="negative") < 0.03 * metric(
                      nginx, "edge_cache_zone_capacity_bytes")


def test_what_comes_back_is_kept(crowded):
    """Asked for again after it was evicted, a name is no stranger."""
    nginx = crowded()
    flood(nginx, 3000, prefix="/first/")
    evicted = metric(nginx, "edge_cache_zone_segment_evictions_total",
                     segment="probation")
    target = f"/first/{int(evicted) - 100}"
    with nginx.connect() as client:
        assert verdict(client.request("GET", target,
                                      {"X-Tenant": "loud"}))[0] == "MISS"
        assert metric(nginx, "edge_cache_zone_promotions_total",
                      reason="came_back") == 1
        flood(nginx, 3000, prefix="/second/")
        assert verdict(client.request("GET", target,
                                      {"X-Tenant": "loud"}))[0] == "HIT"


def test_a_reload_changes_shares_and_keeps_what_is_stored(crowded):
    nginx = crowded(f"{SMALL} tenant_share=100%")
    assert metric(nginx, "edge_cache_zone_tenants_over_share") == 0
    nginx.reload(nginx.conf.replace("tenant_share=100%", "tenant_share=1%"))
    assert hit_ratio(nginx) == 1
    assert metric(nginx, "edge_cache_zone_tenants_over_share",
                  segment="probation") == 1
