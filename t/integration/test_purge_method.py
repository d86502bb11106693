"""PURGE on the location itself: edge_cache_purge."""

import pytest

from lib.cached import is_hit
from lib.fleet import version

ALLOWED = "edge_cache_purge $http_x_may;"
MAY = {"X-May": "1"}


def purge(nginx, target="/p", headers=MAY):
    return nginx.get(target, headers=headers, method="PURGE")


def test_purge_forgets_the_url_and_nothing_else(cached, origin):
    nginx = cached(ALLOWED)
    for target in "/p", "/p?x=1", "/q":
        version(nginx, target)
    answer = purge(nginx)
    assert answer.status == 200
    assert answer.json()["instances"] == {"applied": 1, "live": 1}
    assert answer["Cache-Control"] == "no-store"
    assert not is_hit(nginx)
    assert is_hit(nginx, "/p?x=1")
    assert is_hit(nginx, "/q")
    assert "PURGE" not in [request.method for request in origin.requests]


@pytest.mark.parametrize("headers", [{}, {"X-May": "0"}, {"X-May": ""}])
def test_who_may_not_is_refused_and_the_origin_does_not_see_it(
        cached, origin, headers):
    nginx = cached(ALLOWED)
    version(nginx)
    answer = purge(nginx, headers=headers)
    assert answer.status == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert is_hit(nginx)
    assert "PURGE" not in [request.method for request in origin.requests]


def test_access_rules_come_first(cached, origin):
    nginx = cached("edge_cache_purge 1; deny all;")
    assert purge(nginx).status == 403
    assert purge(nginx)["Content-Type"] != "application/problem+json"


def test_without_the_directive_the_origin_gets_it(cached, origin):
    nginx = cached()
    version(nginx)
    assert purge(nginx).status == 200
    assert "PURGE" in [request.method for request in origin.requests]


def test_a_purge_is_of_ones_own_tenant(cached, origin):
    nginx = cached(ALLOWED + "edge_cache_tenant $http_x_tenant;")
    for tenant in "a", "b":
        nginx.get("/p", headers={"X-Tenant": tenant})
    assert purge(nginx, headers={**MAY, "X-Tenant": "a"}).status == 200
    assert not is_hit(nginx, headers={"X-Tenant": "a"})
    assert is_hit(nginx, headers={"X-Tenant": "b"})
    assert purge(nginx).status == 400


def test_a_purge_finds_what_has_the_same_key(cached, origin):
    nginx = cached(ALLOWED + "edge_cache_key $uri;")
    version(nginx, "/p?utm=1")
    assert purge(nginx, "/p?utm=2").status == 200
    assert not is_hit(nginx, "/p?utm=1")


def test_a_purge_reaches_the_fleet(fleet, tagged):
    a, b = fleet.start(2, location=ALLOWED)
    version(b)
    tagged.bump()
    assert purge(a).json()["instances"] == {"applied": 2, "live": 2}
    assert version(b) == tagged.version
