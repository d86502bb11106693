"""edge_cache_authorization (RFC 9111 3.5): whose answer goes to whom."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

A = {"Authorization": "Bearer a"}
B = {"Authorization": "Bearer b"}


@pytest.mark.parametrize("control", ["max-age=60", "private, max-age=60",
                                     "max-age=60, proxy-revalidate"])
def test_an_answer_to_a_credential_is_not_stored(cached, origin, control):
    origin.headers = {"Cache-Control": control}
    nginx = cached()
    for headers in (A, A, B):
        assert verdict(nginx.get("/", headers))[0] == "MISS"
    assert verdict(nginx.get("/", A))[1] in ("credentials",
                                             "response_private")


def test_a_credential_reaches_the_origin_as_it_was(cached, origin):
    nginx = cached("edge_cache_authorization key;")
    nginx.get("/", {"Authorization": "Bearer  a.b=, c"})
    assert origin.seen("/")[0].all("Authorization") == ["Bearer  a.b=, c"]


@pytest.mark.parametrize("control", [
    "public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"])
def test_the_origin_may_share_it(cached, origin, control):
    origin.headers = {"Cache-Control": control}
    nginx = cached()
    assert verdict(nginx.get("/", A)) == ("MISS", None)
    assert verdict(nginx.get("/", B)) == ("HIT", None)
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_an_operators_lifetime_shares_nothing(cached, origin):
    origin.headers = {}
    nginx = cached("edge_cache_valid 60s;")
    assert verdict(nginx.get("/", A)) == ("MISS", "credentials")
    assert verdict(nginx.get("/")) == ("MISS", None)
    # Neither may what was stored for nobody answer somebody.
    assert verdict(nginx.get("/", A))[0] == "MISS"


@pytest.mark.parametrize("control", ["no-store", "private"])
def test_accel_expires_shares_nothing_private(cached, origin, control):
    origin.headers = {"X-Accel-Expires": "60", "Cache-Control": control}
    nginx = cached("edge_cache_authorization key;")
    nginx.get("/", A)
    assert verdict(nginx.get("/", A))[0] == "MISS"


def test_key_keeps_credentials_apart(cached, origin):
    nginx = cached("edge_cache_authorization key;")
    bodies = {}
    for name in ("Bearer a", "Bearer b", "Basic a", "bearer a", None):
        headers = {"Authorization": name} if name else {}
        miss = nginx.get("/", headers)
        assert verdict(miss) == ("MISS", None), name
        hit = nginx.get("/", headers)
        assert (verdict(hit), hit.body) == (("HIT", None), miss.body)
        assert miss.body not in bodies.values()
        bodies[name] = miss.body


TENANT = """edge_cache_authorization tenant;
            edge_cache_tenant $http_x_tenant;"""


def test_tenant_shares_inside_the_tenant(cached, origin):
    nginx = cached(TENANT)
    acme = {"X-Tenant": "acme"}
    assert verdict(nginx.get("/", {**acme, **A})) == ("MISS", None)
    assert verdict(nginx.get("/", {**acme, **B})) == ("HIT", None)
    assert verdict(nginx.get("/", {"X-Tenant": "other", **B})) == (
        "MISS", None)


def test_a_stored_answer_needs_a_credential_there_too(cached, origin):
    nginx = cached(TENANT)
    acme = {"X-Tenant": "acme"}
    nginx.get("/", {**acme, **A})
    assert verdict(nginx.get("/", acme)) == ("MISS", None)
    assert verdict(nginx.get("/", acme)) == ("HIT", None)
    assert verdict(nginx.get("/", {**acme, **B})) == ("HIT", None)
    assert origin.count("/") == 2


@pytest.mark.parametrize("fields, reason", [
    ({"Cache-Control": "private, max-age=60"}, "response_private"),
    ({"Cache-Control": "no-store"}, "response_no_store"),
    ({"Cache-Control": "max-age=60", "Set-Cookie": "a=b"}, "set_cookie")])
def test_tenant_does_not_override_the_origin(cached, origin, fields, reason):
    origin.headers = fields
    nginx = cached(TENANT)
    headers = {"X-Tenant": "acme", **A}
    assert verdict(nginx.get("/", headers)) == ("MISS", reason)


def test_vary_authorization_keeps_users_apart_inside_the_tenant(cached,
                                                                origin):
    origin.headers = {"Cache-Control": "max-age=60", "Vary": "Authorization"}
    nginx = cached(TENANT)
    for headers in (A, B):
        response = nginx.get("/", {"X-Tenant": "acme", **headers})
        assert ["Authorization", headers["Authorization"]] in (
            response.json()["headers"])


def test_settings_do_not_share_objects(cached, origin):
    """What was stored where anybody may ask is not what a tenant has."""
    nginx = cached(locations={
        "/a": "edge_cache z; edge_cache_key k; edge_cache_authorization key;",
        "/b": "edge_cache z; edge_cache_key k;"})
    nginx.get("/a", A)
    assert verdict(nginx.get("/b"))[0] == "MISS"


def test_hits_by_condition_need_the_credential_too(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "ETag": '"1"'}, body=b"x"))
    nginx = cached(TENANT)
    nginx.get("/", {"X-Tenant": "acme", **A})
    response = nginx.get("/", {"X-Tenant": "acme", "If-None-Match": '"1"'})
    assert (response.status, verdict(response)[0]) == (200, "MISS")
