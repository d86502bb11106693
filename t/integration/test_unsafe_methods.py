"""What an unsafe method changed is not served any more (RFC 9111 4.4)."""

import threading

import pytest

from lib.cached import is_hit, verdict, write
from lib.fleet import version
from lib.origin import Reply


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "LINK"])
def test_an_unsafe_method_invalidates_its_url(cached, origin, method):
    nginx = cached()
    version(nginx)
    assert is_hit(nginx)
    origin.bump()
    write(nginx, method=method)
    assert version(nginx) == origin.version
    assert is_hit(nginx)


@pytest.mark.parametrize("method", ["OPTIONS", "PROPFIND", "HEAD"])
def test_a_safe_method_invalidates_nothing(cached, origin, method):
    nginx = cached()
    version(nginx)
    nginx.get("/p", method=method)
    assert is_hit(nginx)


@pytest.mark.parametrize("status, is_gone", [
    (200, True), (201, True), (204, True), (303, True), (304, True),
    (400, False), (404, False), (500, False), (503, False)])
def test_only_success_invalidates(cached, origin, status, is_gone):
    nginx = cached()
    version(nginx)
    origin.on("/p", lambda request: Reply(status=status)
              if request.method == "POST" else origin.echo(request))
    write(nginx)
    assert is_hit(nginx) != is_gone


LED = "proxy_intercept_errors on; error_page 302 403 502 = "


@pytest.mark.parametrize("answer, location, other", [
    (Reply(201, {"X-Accel-Redirect": "/led"}), "", "/led"),
    (Reply(201, {"X-Accel-Redirect": "@led"}), "", "@led"),
    (Reply(302, {"Location": "/led"}), LED + "/led;", "/led"),
    (Reply(302, {"Location": "/led"}), LED + "@led;", "@led")],
    ids=["accel", "accel named", "page", "page named"])
@pytest.mark.parametrize("cache", ["edge_cache z;", ""], ids=["cache", "none"])
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_nginx_follows_elsewhere_invalidates(
        cached, origin, answer, location, other, cache, status):
    """What it led to was all that counted, or nothing if it was cached."""
    origin.on("/p", lambda request: answer if request.method == "POST"
              else origin.echo(request))
    origin.on("/led", Reply(status, body=b"led"))
    nginx = cached(location, locations={
        other: f"rewrite ^ /led break; {cache}"})
    version(nginx)
    assert is_hit(nginx)
    assert write(nginx).body == b"led"
    assert not is_hit(nginx)


@pytest.mark.parametrize("cache", ["edge_cache z;", ""], ids=["cache", "none"])
@pytest.mark.parametrize("status, other, is_gone", [
    (403, "/led", False),  # the page is asked for with GET
    (502, "@led", True)])  # another origin takes the write
def test_after_a_failure_what_answers_the_write_counts(
        cached, origin, status, other, is_gone, cache):
    origin.on("/p", lambda request: Reply(status)
              if request.method == "POST" else origin.echo(request))
    origin.on("/led", Reply(201, body=b"led"))
    nginx = cached(LED + f"{other};", locations={
        other: f"rewrite ^ /led break; {cache}"})
    version(nginx)
    assert is_hit(nginx)
    assert write(nginx).body == b"led"
    assert is_hit(nginx) != is_gone


def test_other_urls_queries_and_hosts_stay(cached, origin):
    nginx = cached()
    others = ["/p?x=1", "/q", "/p/"]
    for target in others:
        version(nginx, target)
    nginx.get("/p", headers={"Host": "other"})
    write(nginx)
    for target in others:
        assert is_hit(nginx, target)
    assert verdict(nginx.get("/p", headers={"Host": "other"}))[0] == "HIT"


def test_all_variants_go(cached, origin):
    origin.headers["Vary"] = "X-Lang"
    nginx = cached()
    for language in "de", "en":
        nginx.get("/p", headers={"X-Lang": language})
    write(nginx)
    for language in "de", "en":
        assert verdict(nginx.get(
            "/p", headers={"X-Lang": language}))[0] == "MISS"


def test_another_tenants_answers_stay(cached, origin):
    nginx = cached("edge_cache_tenant $http_x_tenant;")
    for tenant in "a", "b":
        nginx.get("/p", headers={"X-Tenant": tenant})
    write(nginx, headers={"X-Tenant": "a"})
    assert verdict(nginx.get("/p", headers={"X-Tenant": "a"}))[0] == "MISS"
    assert verdict(nginx.get("/p", headers={"X-Tenant": "b"}))[0] == "HIT"


def test_a_key_of_ones_own_goes(cached, origin):
    nginx = cached("edge_cache_key $uri;")
    version(nginx, "/p?utm=1")
    write(nginx, "/p?utm=2")
    assert not is_hit(nginx, "/p?utm=1")


@pytest.mark.parametrize("field", ["Location", "Content-Location"])
@pytest.mark.parametrize("value, is_gone", [
    ("/q", True), ("q", True), ("http://localhost/q", True),
    ("//LOCALHOST:80/q", True), ("/q#part", True),
    ("http://other/q", False), ("/r", False), ("mailto:q", False)])
def test_the_answers_locations_of_the_same_authority_go(
        cached, origin, field, value, is_gone):
    nginx = cached()
    version(nginx, "/q")
    origin.on("/p", Reply(status=201, headers={field: value}))
    write(nginx)
    assert is_hit(nginx, "/q") != is_gone


def test_off_is_off(cached, origin):
    nginx = cached("edge_cache_invalidate off;")
    version(nginx)
    write(nginx)
    assert is_hit(nginx)


def test_a_fill_under_way_during_the_write_is_not_stored(cached, origin):
    gate = threading.Event()
    origin.on("/p", lambda request: Reply(
        headers=origin.headers, body=b"old",
        wait=gate if request.method == "GET" else None))
    nginx = cached()
    with nginx.connect() as client:
        client.send_request("GET", "/p")
        origin.wait_for("/p")
        write(nginx)
        gate.set()
        assert client.read_response().body == b"old"
    assert verdict(nginx.get("/p"))[0] == "MISS"


def test_any_number_of_writes_leaves_the_rest_in_the_cache(cached, origin):
    """More than the zone remembers: what is hot is hit all the same, and what
    was written is not."""
    nginx = cached(zone="z:4m selectors=64", server="keepalive_requests 100000;")
    kept = [f"/kept{i}" for i in range(20)]
    for target in kept:
        version(nginx, target)
    with nginx.connect() as client:
        for i in range(100):
            client.request("GET", f"/w{i}")
        for i in range(100):
            client.request("POST", f"/w{i}", body="x")
        for i in range(1000):
            client.request("POST", f"/x{i}", body="x")
        for target in kept:
            assert verdict(client.request("GET", target))[0] == "HIT"
        for i in range(100):
            assert verdict(client.request("GET", f"/w{i}"))[0] == "MISS"


# RFC 9110 9.3 and RFC 10008

QUERY = "edge_cache_body_key on; edge_cache_methods GET QUERY;"
JSON = {"Content-Type": "application/json"}


def test_an_unsafe_method_invalidates_answers_to_query(cached, origin):
    nginx = cached(QUERY)
    for body in "a", "b":
        nginx.get("/p", JSON, "QUERY", body)
    write(nginx)
    for body in "a", "b":
        assert nginx.get("/p", JSON, "QUERY", body)["X-Cache"] == "MISS"


@pytest.mark.parametrize("location", [QUERY, ""])
def test_what_a_query_says_of_another_url_invalidates_nothing(cached, origin,
                                                              location):
    nginx = cached(location)
    version(nginx, "/p")
    version(nginx, "/q")
    origin.on("/q", Reply(headers={"Location": "/p", "Content-Location": "/p",
                                   "Cache-Group-Invalidation": '"a"'}))
    nginx.get("/q", JSON, "QUERY", "x")
    assert is_hit(nginx, "/p")
    assert is_hit(nginx, "/q")


def test_an_unsafe_method_leaves_nothing_to_be_sent_stale(cached, origin):
    """What it changed needs validation (RFC 9111 4.4), whatever allows a
    stale answer."""
    words = "max-age=60, stale-while-revalidate=60, stale-if-error=60"
    origin.on("/p", [Reply(headers={"Cache-Control": words}), Reply(),
                     Reply(503)])
    nginx = cached("edge_cache_use_stale error updating http_503;")
    nginx.get("/p")
    write(nginx)
    assert nginx.get("/p").status == 503


def test_an_unsafe_method_is_answered_by_the_origin(cached, origin):
    nginx = cached()
    version(nginx)
    for count in 2, 3:
        response = write(nginx)
        assert response.json()["method"] == "POST"
        assert origin.count("/p") == count
