"""After a soft purge what was asked for most is fetched again first."""

import time

import pytest

from lib.cached import metric, purge, verdict
from lib.client import Tls
from lib.gauge import Gauge
from lib.http2 import Http2
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60, stale-while-revalidate=60",
         "Surrogate-Key": "t"}
UPDATING = ("UPDATING", None)
HIT = ("HIT", None)


@pytest.fixture
def filled(cached, origin):
    """An instance with so many objects, of which the first were asked for
    more often, each more often than the next."""
    origin.on("/", gauge := Gauge(FRESH, body=b"1"))

    def start(count, hot, location="", prime="edge_cache_prime 5;",
              headers=(), **pieces):
        gauge.delay = 0
        nginx = cached(location, http=prime, **pieces)
        with nginx.connect() as client:
            for i in range(count):
                client.request("GET", f"/?{i}", headers)
            for i in range(hot):
                for _ in range(2 * (hot - i)):
                    client.request("GET", f"/?{i}", headers)
        assert origin.count() == count
        gauge.most, gauge.delay, gauge.body = 0, 0.02, b"2"
        return nginx, gauge

    return start


def primes(nginx, result):
    return metric(nginx, "edge_cache_primes_total", result=result)


def wait_primed(nginx, count, result="stored"):
    wait_until(lambda: primes(nginx, result) >= count, 10,
               f"{count} primes that are {result}")


def test_the_hottest_are_fetched_without_a_client(filled, origin):
    nginx, _ = filled(300, 5, prime="edge_cache_prime 5 concurrency=1;")
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 5)
    assert [r.target for r in origin.seen()[300:]] == [
        f"/?{i}" for i in range(5)]
    with nginx.connect() as client:
        for i in range(5):
            response = client.request("GET", f"/?{i}")
            assert (response.body, verdict(response)) == (b"2", HIT)
    time.sleep(0.5)
    assert origin.count() == 305
    # The rest when it is asked for, and nobody waits for it.
    response = nginx.get("/?200")
    assert (response.body, verdict(response)) == (b"1", UPDATING)
    origin.wait_for("/?200", 2)


def test_clients_get_stale_answers_meanwhile(filled, origin):
    nginx, gauge = filled(20, 5, prime="edge_cache_prime 5 concurrency=1;")
    gauge.delay = 0.3
    purge(nginx, tags=["t"], mode="soft")
    origin.wait_for("/?0", 2)
    begun = time.monotonic()
    response = nginx.get("/?0")
    assert (response.body, verdict(response)) == (b"1", UPDATING)
    assert time.monotonic() - begun < 0.25
    wait_primed(nginx, 5)
    assert origin.count("/?0") == 2


@pytest.mark.parametrize("bound", [2, 4])
def test_no_more_than_so_many_at_a_time(filled, bound):
    options = "" if bound == 4 else f" concurrency={bound}"
    nginx, gauge = filled(60, 30, prime=f"edge_cache_prime 30{options};")
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 30)
    assert gauge.most == bound


@pytest.mark.parametrize("prime, mode", [
    ("", "soft"), ("edge_cache_prime off;", "soft"),
    ("edge_cache_prime 5;", "hard")])
def test_otherwise_nothing_is_fetched(filled, origin, prime, mode):
    nginx, _ = filled(20, 5, prime=prime)
    purge(nginx, tags=["t"], mode=mode)
    time.sleep(0.8)
    assert origin.count() == 20


def test_only_what_was_asked_for_and_is_stale(filled, origin):
    nginx, _ = filled(20, 3, prime="edge_cache_prime 10;")
    purge(nginx, mode="soft", url="/?1")
    wait_primed(nginx, 1)
    time.sleep(0.3)
    assert [r.target for r in origin.seen()[20:]] == ["/?1"]


def test_it_is_asked_for_as_its_clients_do(cached, origin):
    """By their tenant and what the answers vary by, without who they are."""
    origin.on("/", lambda request: Reply(
        headers=FRESH | {"Vary": "Accept-Language"},
        body=f"{request['X-Tenant']} {request['Accept-Language']}".encode()))
    nginx = cached("edge_cache_tenant $http_x_tenant;"
                   "edge_cache_cookies ignore;", http="edge_cache_prime 9;")
    clients = [{"X-Tenant": tenant, "Accept-Language": language,
                "Cookie": "session=1", "Range": "bytes=0-1"}
               for tenant in ("acme", "umbrella") for language in ("de", "en")]
    for headers in clients * 3:
        nginx.get("/?1", headers)
    assert origin.count() == 4
    purge(nginx, tenant="acme", tags=["t"], mode="soft")
    wait_primed(nginx, 2)
    primed = origin.seen()[4:]
    assert {(r["X-Tenant"], r["Accept-Language"]) for r in primed} == {
        ("acme", "de"), ("acme", "en")}
    assert {(r["Cookie"], r["Range"]) for r in primed} == {(None, None)}
    for headers in clients:
        del headers["Range"]
        response = nginx.get("/?1", headers)
        assert verdict(response) == HIT
        assert response.body.decode() == (
            f"{headers['X-Tenant']} {headers['Accept-Language']}")


@pytest.mark.parametrize("location, headers, reason", [
    # What only the access phase knows.
    ("""auth_request /auth; auth_request_set $t $upstream_http_x_tenant;
        edge_cache_tenant $t;""", {}, "tenant_missing"),
    ("edge_cache_cookies key c;", {"Cookie": "c=1"}, "refresh_identity"),
    ("edge_cache_authorization key;", {"Authorization": "Bearer 1"},
     "refresh_identity"),
    ("edge_cache_key $uri$remote_port;", {}, "refresh_identity")])
def test_what_needs_its_client_waits_for_him(cached, origin, location, headers,
                                             reason):
    """Nothing else is fetched in its place, nor is he kept from it."""
    origin.on("/auth", Reply(headers={"X-Tenant": "acme"}))
    origin.on("/p", [Reply(headers=FRESH, body=b"1"),
                     Reply(headers=FRESH, body=b"2")])
    nginx = cached(location, http="edge_cache_prime 9;", server=f"""
        location = /auth {{ internal; proxy_pass http://{origin.address}; }}""")
    with nginx.connect() as client:
        for _ in range(3):
            client.request("GET", "/p", headers)
        purge(nginx, tags=["t"], mode="soft",
              **({"tenant": "acme"} if "tenant" in location else {}))
        wait_primed(nginx, 1, "failed")
        assert metric(nginx, "edge_cache_refused_total", reason=reason) == 1
        assert origin.count("/p") == 1
        response = client.request("GET", "/p", headers)
        assert (response.body, verdict(response)) == (b"1", UPDATING)
        origin.wait_for("/p", 2)


def test_a_request_that_is_too_large_is_not_kept(filled, origin):
    nginx, _ = filled(20, 3, headers={"X-Large": "x" * 5000})
    purge(nginx, tags=["t"], mode="soft")
    time.sleep(0.6)
    assert origin.count() == 20


def test_https_and_http2_are_asked_for_alike(cached, origin, certificate):
    origin.headers = FRESH
    port, plain = free_port(), free_port()
    nginx = cached("proxy_set_header X-Forwarded-Proto $scheme;",
                   http="edge_cache_prime 9;",
                   server=f"""listen 127.0.0.1:{port} ssl;
                       listen 127.0.0.1:{plain} http2;
                       ssl_certificate {certificate}/cert;
                       ssl_certificate_key {certificate}/key;""")
    with Tls(port) as client:
        for _ in range(3):
            client.request("GET", "/s")
    client = Http2(plain)
    for _ in range(3):
        client.read_body(client.send_request("/2"))
    client.close()
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 2)
    assert {(r.path, r["X-Forwarded-Proto"]) for r in origin.seen()[2:]} == {
        ("/s", "https"), ("/2", "http")}
    with Tls(port) as client:
        assert verdict(client.request("GET", "/s")) == HIT


def test_what_has_been_fetched_again_is_not_primed(filled, origin):
    nginx, _ = filled(20, 3)
    purge(nginx, tags=["t"], mode="soft")
    for i in range(3):
        nginx.get(f"/?{i}")
    wait_until(lambda: metric(nginx, "edge_cache_refreshes_total",
                              result="stored") + primes(nginx, "stored") == 3)
    time.sleep(0.6)
    assert origin.count() == 23


def test_what_has_just_failed_is_left_alone(filled, origin):
    nginx, _ = filled(20, 1, prime="edge_cache_prime 1;")
    origin.on("/", [Reply(headers=FRESH, body=b"x" * 100, cut=10),
                    Reply(headers=FRESH, body=b"3")])
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 1, "failed")
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 1, "found")
    assert origin.count() == 21
    assert nginx.get("/?0").body == b"1"


def test_one_purge_after_the_other(filled, origin):
    nginx, _ = filled(20, 3)
    for _ in range(10):
        purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 3)
    time.sleep(0.5)
    purge(nginx, tags=["t"], mode="soft")
    wait_primed(nginx, 6)
    assert origin.count() == 26


def test_a_hard_purge_meanwhile_wins(filled, origin, gate):
    nginx, _ = filled(20, 1, prime="edge_cache_prime 1;")
    origin.on("/", [Reply(headers=FRESH, body=b"2", wait=gate),
                    Reply(headers=FRESH, body=b"3")])
    purge(nginx, tags=["t"], mode="soft")
    origin.wait_for("/?0", 2)
    purge(nginx, tags=["t"])
    gate.set()
    wait_primed(nginx, 1, "failed")
    assert nginx.get("/?0").body == b"3"


@pytest.mark.limit(90)
def test_a_fleet_fetches_each_once(fleet, origin):
    origin.headers = FRESH
    a, b = fleet.start(2, http="edge_cache_prime 5;")
    for nginx in a, b:
        for i in range(3):
            for _ in range(4):
                nginx.get(f"/p/{i}")
    assert origin.count() == 3
    purge(a, tags=["t"], mode="soft")
    for nginx in a, b:
        wait_until(lambda: primes(nginx, "stored") + primes(nginx, "found")
                   + metric(nginx, "edge_cache_hits_total", tier="redis") >= 3)
    time.sleep(0.5)
    assert origin.count() == 6
    wait_until(lambda: verdict(b.get("/p/1")) == HIT)
    assert sum(primes(nginx, "stored") for nginx in (a, b)) == 3
    assert origin.count("/p/1") == 2


@pytest.mark.parametrize("words", [
    "0", "1001", "many", "5 concurrency=0", "5 concurrency=65", "5 fast",
    "off concurrency=1"])
def test_a_number_that_cannot_be_taken(edge, words):
    nginx = edge()
    code, said = nginx.check_config(nginx.conf.replace(
        "http {", f"http {{ edge_cache_prime {words};", 1))
    assert code != 0
    assert '"edge_cache_prime"' in said and "write" in said
