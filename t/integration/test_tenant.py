"""edge_cache_tenant keeps tenants apart; without a sure one nothing is
cached."""

import pytest

from lib.cached import TENANT, verdict
from lib.client import Connection


def test_each_tenant_has_its_own(cached, origin):
    nginx = cached(TENANT)
    bodies = {}
    for tenant in ("acme", "umbrella", "Acme", "acme "[:-1] + "0"):
        miss = nginx.get("/", {"X-Tenant": tenant})
        assert verdict(miss) == ("MISS", None)
        bodies[tenant] = miss.body
        origin.bump()
    for tenant, body in bodies.items():
        hit = nginx.get("/", {"X-Tenant": tenant})
        assert (verdict(hit), hit.body) == (("HIT", None), body)


@pytest.mark.parametrize("headers, reason", [
    ({}, "tenant_missing"),
    ({"X-Tenant": ""}, "tenant_missing"),
    ({"X-Tenant": "   "}, "tenant_missing"),
    ({"X-Tenant": "t" * 129}, "tenant_invalid"),
    ({"X-Tenant": "a\tb"}, "tenant_invalid"),
    ({"X-Tenant": "a\x01b"}, "tenant_invalid"),
    ({"X-Tenant": "a\x7fb"}, "tenant_invalid"),
    ({"X-Tenant": ["acme", "umbrella"]}, "tenant_repeated"),
    ({"X-Tenant": ["acme", "acme"]}, "tenant_repeated"),
    ([("X-Tenant", "acme"), ("x-tenant", "umbrella")], "tenant_repeated"),
])
def test_a_doubtful_tenant_bypasses(cached, origin, headers, reason):
    nginx = cached(TENANT)
    for _ in range(2):
        assert verdict(nginx.get("/", headers)) == ("BYPASS", reason)
    assert origin.count("/") == 2
    assert verdict(nginx.get("/", {"X-Tenant": "acme"})) == ("MISS", None)


def test_a_tenant_of_128_bytes_is_one(cached):
    nginx = cached(TENANT)
    nginx.get("/", {"X-Tenant": "t" * 128})
    assert verdict(nginx.get("/", {"X-Tenant": "t" * 128})) == ("HIT", None)
    assert verdict(nginx.get("/", {"X-Tenant": "t" * 127})) == ("MISS", None)


@pytest.mark.parametrize("one, other", [
    (("/t", "/x"), ("/t/", "x")),
    (("/t", "/x"), ("", "/t/x")),
    (("a", "/b"), ("a/", "/b")),
    (("localhost", "/"), ("", "/localhost/"))])
def test_tenant_and_target_do_not_run_together(cached, origin, one, other):
    nginx = cached(TENANT)
    assert verdict(nginx.get(one[1], {"X-Tenant": one[0]}))[0] == "MISS"
    target = other[1] if other[1].startswith("/") else "/" + other[1]
    assert verdict(nginx.get(target, {"X-Tenant": other[0]}))[0] != "HIT"


def test_a_mapped_tenant_is_empty_for_a_repeated_header(cached):
    nginx = cached("edge_cache_tenant $tenant;", http="""
        map $edge_header_x_tenant $tenant { default $edge_header_x_tenant; }
    """)
    nginx.get("/", {"X-Tenant": "acme"})
    assert verdict(nginx.get("/", {"X-Tenant": "acme"})) == ("HIT", None)
    assert verdict(nginx.get("/", {"X-Tenant": ["acme", "b"]})) == (
        "BYPASS", "tenant_missing")


def test_underscores_do_not_make_another_header_of_it(cached):
    """$http_x_tenant is also that of X_Tenant, where nginx lets it in."""
    nginx = cached(TENANT, server="underscores_in_headers on;")
    assert verdict(nginx.get("/", [("X-Tenant", "a"), ("X_Tenant", "b")])) == (
        "BYPASS", "tenant_repeated")


def test_braces_around_the_variable_change_nothing(cached):
    nginx = cached('edge_cache_tenant "t-${http_x_tenant}";')
    assert verdict(nginx.get("/", {"X-Tenant": ["a", "b"]})) == (
        "BYPASS", "tenant_repeated")


def test_without_a_tenant_configured_there_is_one_for_all(cached):
    nginx = cached()
    nginx.get("/", {"X-Tenant": "acme"})
    assert verdict(nginx.get("/", {"X-Tenant": "umbrella"})) == ("HIT", None)


def test_a_connection_may_change_its_tenant(cached):
    nginx = cached(TENANT)
    with Connection(nginx.port) as connection:
        for tenant in "abab":
            response = connection.request("GET", "/", {"X-Tenant": tenant})
            assert ["X-Tenant", tenant] in response.json()["headers"]


def test_connection_does_not_take_the_tenant_away(cached, origin):
    nginx = cached(TENANT)
    nginx.get("/", {"X-Tenant": "a", "Connection": "close, X-Tenant"})
    assert origin.seen("/")[0]["X-Tenant"] == "a"
