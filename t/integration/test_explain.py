"""explain: what a request would find, and why, without being one."""

import pytest

from lib.cached import TENANT, TOKEN, api, metric, purge, verdict
from lib.client import Connection
from lib.explain import asked, explain, refusal
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}


def test_what_was_never_asked_for_is_nowhere(cached, origin):
    said = explain(cached(), target="/a?x=1")
    key = said["key"]
    assert len(key.pop("hash")) == 32
    assert key == {"scheme": "http", "authority": "localhost",
                   "target": "/a?x=1"}
    assert said["status"] == "MISS" and said["memory"] is None
    assert said["fill"] is said["last_refused"] is said["pass"] is None
    assert (said["zone"], said["location"]) == ("z", "/")
    assert origin.count("/a?x=1") == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_stored_is_described(cached, origin, method):
    origin.on("/", Reply(headers={
        "Cache-Control": "max-age=60, stale-while-revalidate=30",
        "Surrogate-Key": "a b", "Age": "10"}, body=b"12345"))
    nginx = cached()
    nginx.get("/")
    said = explain(nginx, method=method)
    stored = said["memory"]
    assert said["status"] == "HIT"
    assert stored["usable"] == "fresh" and "reason" not in stored
    assert 10 <= stored["age"] <= 20
    assert stored["lifetime"] == 60
    assert stored["fresh_for"] == pytest.approx(60 - stored["age"], abs=1)
    assert stored["stale_while_revalidate"] == 30
    assert stored["may_be_stale"] == ["updating"]
    assert stored["status"] == 200
    assert stored["body_bytes"] == stored["stored_bytes"] == 5
    assert stored["tags"] == ["a", "b"]
    assert stored["against"] is None
    assert "12345" not in asked(nginx).text


def test_asking_is_no_request(cached, origin):
    nginx = cached("edge_cache_min_uses 3;")
    for _ in range(5):
        assert explain(nginx)["status"] == "MISS"
    for uses in range(3):
        assert verdict(nginx.get("/"))[1] == ("min_uses" if uses < 2 else None)
    explain(nginx)
    assert metric(nginx, "edge_cache_requests_total", status="MISS") == 3
    assert metric(nginx, "edge_cache_requests_total", status="HIT") == 0
    assert metric(nginx, "edge_cache_zone_pinned_objects") == 0
    assert origin.count("/") == 3


def test_what_is_stale_says_for_how_long(cached, origin):
    origin.on("/", Reply(headers={
        "Cache-Control": "max-age=60, stale-while-revalidate=30",
        "Age": "70"}))
    nginx = cached()
    nginx.get("/")
    said = explain(nginx)
    assert said["status"] == "EXPIRED"
    assert said["memory"]["usable"] == "expired"
    assert -20 <= said["memory"]["fresh_for"] <= -10
    assert said["memory"]["may_be_stale"] == ["updating"]


@pytest.mark.parametrize("body, selector", [
    ({"tags": ["a"]}, {"kind": "tag", "value": "a"}),
    ({"url": "/p/q?x=1"}, {"kind": "url", "value": "/p/q?x=1"}),
    ({"path": "/p/q"}, {"kind": "path", "value": "/p/q"}),
    ({"prefix": "/p/"}, {"kind": "prefix", "value": "/p/"}),
    ({"all": True}, {"kind": "all"})])
@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_what_was_purged_says_by_what(cached, origin, body, selector, mode):
    origin.on("/p/q?x=1", Reply(headers=FRESH | {"Surrogate-Key": "b a"}))
    nginx = cached(TENANT)
    nginx.get("/p/q?x=1", {"X-Tenant": "acme"})
    before = explain(nginx, "/p/q?x=1", tenant="acme")
    generation = purge(nginx, tenant="acme", mode=mode, **body)["generation"]
    said = explain(nginx, "/p/q?x=1", tenant="acme")
    stored = said["memory"]
    assert stored["against"] == {
        "cause": "purge", "mode": mode, "generation": generation,
        "selector": selector | {"all_tenants": False}}
    assert said["applied"] == generation
    assert stored["ticket"] == before["applied"] != generation
    if mode == "hard":
        assert (stored["usable"], stored["reason"]) == ("no", "purged")
        assert said["status"] == "MISS"
    else:
        assert (stored["usable"], stored["reason"]) == ("expired",
                                                        "soft_purged")
        assert said["status"] == "EXPIRED"


def test_a_purge_of_several_tags_together_is_named_by_one(cached, origin):
    origin.on("/", Reply(headers=FRESH | {"Surrogate-Key": "a b c"}))
    nginx = cached()
    nginx.get("/")
    purge(nginx, tags=["a", "d"], match="all")
    assert explain(nginx)["memory"]["against"] is None
    generation = purge(nginx, tags=["a", "b"], match="all")["generation"]
    against = explain(nginx)["memory"]["against"]
    assert against["generation"] == generation
    assert against["selector"]["value"] in ("a", "b")


def test_a_purge_for_all_tenants_says_so(cached):
    nginx = cached(TENANT)
    nginx.get("/", {"X-Tenant": "acme"})
    purge(nginx, tenant="*", path="/")
    selector = explain(nginx, tenant="acme")["memory"]["against"]["selector"]
    assert selector == {"kind": "path", "value": "/", "all_tenants": True}


def test_what_fills_again_has_nothing_against_it(cached):
    nginx = cached()
    nginx.get("/")
    purge(nginx, path="/")
    nginx.get("/")
    said = explain(nginx)
    assert said["memory"]["against"] is None
    assert said["memory"]["ticket"] == said["applied"]


def test_an_unsafe_method_is_told_from_a_purge(cached):
    nginx = cached()
    nginx.get("/")
    nginx.get("/", method="POST", body="x")
    said = explain(nginx)
    assert said["status"] == "MISS"
    if said["memory"]:  # not removed yet
        assert said["memory"]["against"]["cause"] == "unsafe_method"


@pytest.mark.parametrize("headers, reason", [
    ({"Cache-Control": "private"}, "response_private"),
    ({"Cache-Control": "no-store"}, "response_no_store"),
    (FRESH | {"Set-Cookie": "a=b"}, "set_cookie"),
    (FRESH | {"Vary": "*"}, "vary_star")])
def test_why_the_last_answer_was_not_stored(cached, origin, headers, reason):
    origin.on("/", Reply(headers=headers))
    nginx = cached()
    nginx.get("/")
    said = explain(nginx)
    assert said["status"] == "MISS" and said["memory"] is None
    assert said["last_refused"].pop("ago") <= 5
    assert said["last_refused"] == {"reason": reason}
    assert said["pass"]["to"] == "origin"
    assert 0 < said["pass"]["for"] <= 10
    origin.on("/", Reply(headers=FRESH))
    nginx.get("/")
    said = explain(nginx)
    assert said["status"] == "HIT"
    assert said["last_refused"] is said["pass"] is None


def test_a_fill_that_was_purged_on_its_way_says_so(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = cached()
    client = Connection(nginx.port, timeout=30)
    client.send_request("GET", "/", ())
    wait_until(lambda: explain(nginx)["fill"] is not None)
    fill = explain(nginx)["fill"]
    assert 0 <= fill["running"] < 30 and fill["elsewhere"] is False
    purge(nginx, path="/")
    gate.set()
    assert client.read_response().status == 200
    said = explain(nginx)
    assert said["fill"] is said["pass"] is None
    assert said["last_refused"]["reason"] == "purged"


def test_a_variant_is_found_by_its_fields(cached, origin):
    origin.on("/", Reply(headers=FRESH | {"Vary": "Accept-Language"}))
    nginx = cached()
    nginx.get("/", {"Accept-Language": "de"})
    german = explain(nginx, headers={"Accept-Language": "de"})
    french = explain(nginx, headers={"Accept-Language": "fr"})
    assert (german["status"], french["status"]) == ("HIT", "MISS")
    assert german["key"]["hash"] == french["key"]["hash"]
    assert german["key"]["variant"] != french["key"]["variant"]


def test_a_tenant_is_the_one_that_is_named(cached):
    nginx = cached(TENANT)
    nginx.get("/", {"X-Tenant": "acme"})
    assert explain(nginx, tenant="acme")["status"] == "HIT"
    assert explain(nginx, headers={"X-Tenant": "acme"})["tenant"] == "acme"
    other = explain(nginx, tenant="other", headers={"X-Tenant": "acme"})
    assert (other["status"], other["tenant"]) == ("MISS", "other")
    said = explain(nginx)
    assert (said["status"], said["reason"]) == ("BYPASS", "tenant_missing")
    assert "key" not in said


@pytest.mark.parametrize("location, headers, reason", [
    ("edge_cache_bypass $http_x_fresh;", {"X-Fresh": "1"}, "bypass_directive"),
    ("edge_cache_client_control on;", {"Cache-Control": "no-cache"},
     "client_control"),
    ("", {"X-HTTP-Method-Override": "DELETE"}, "method_override")])
def test_what_passes_the_cache_says_why(cached, location, headers, reason):
    nginx = cached(location)
    nginx.get("/")
    said = explain(nginx, headers=headers)
    assert (said["status"], said["reason"]) == ("BYPASS", reason)


def test_what_may_not_answer_this_request_says_why(cached):
    nginx = cached()
    nginx.get("/")
    said = explain(nginx, headers={"Authorization": "Basic c2VjcmV0"},
                   method="POST")
    assert said["status"] == "MISS"
    assert (said["memory"]["usable"], said["memory"]["reason"]) == (
        "no", "credentials")


def test_the_key_is_the_locations_own(cached, origin):
    nginx = cached(locations={
        "/shop/": """rewrite ^/shop/(.*)$ /api/$1 break; edge_cache z;
                     edge_cache_query sort; edge_cache_query drop utm_*;
                     edge_cache_vary Accept-Language language;""",
        "/keyed/": "edge_cache z; edge_cache_key $arg_id;",
        "/again/": "rewrite ^/again(.*)$ /shop$1 last;"})
    nginx.get("/shop/a?utm_source=x&b=1")
    said = explain(nginx, "/shop/a?b=1&utm_source=y")
    assert said["status"] == "HIT"
    assert said["location"] == "/shop/"
    assert said["key"]["target"] == "/api/a?b=1"
    assert said["key"]["requested"] == "/shop/a?b=1"
    nginx.get("/keyed/a?id=7")
    said = explain(nginx, "/keyed/b?id=7")
    assert (said["status"], said["key"]["custom"]) == ("HIT", "7")
    purge(nginx, url="/keyed/a?id=7")
    against = explain(nginx, "/keyed/b?id=7")["memory"]["against"]
    assert against["selector"] is None  # of another URL with this key
    nginx.get("/again/c")
    assert explain(nginx, "/again/c")["status"] == "HIT"


def test_the_server_is_that_of_the_url(cached, origin):
    other, only = free_port(), free_port()
    server = """server { listen 127.0.0.1:%d; server_name %s;
        location / { edge_cache z; edge_cache_key %s;
                     proxy_pass http://origin; } }"""
    nginx = cached(servers=(
        server % (other, "first.example", "first"),
        server % (other, "~^s.*[.]example$ *.second.example", "second"),
        server % (only, "third.example", "third")))

    def key(url):
        return explain(nginx, url=url)["key"].get("custom")

    assert key(f"http://first.example:{other}/") == "first"
    assert key(f"http://secret.example:{other}/") == "second"
    assert key("http://a.second.example/") == "second"
    assert key(f"http://nobody.example:{other}/") == "first"
    assert key("http://third.example/") == "third"
    assert key(f"http://first.example:{only}/") == "third"
    for url in (f"http://a.example:{free_port()}/", "https://a.example/"):
        assert refusal(asked(nginx, url=url)) == 404


def test_tls_has_keys_of_its_own(cached, certificate):
    port = free_port()
    nginx = cached(server=f"""
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate}/cert;
        ssl_certificate_key {certificate}/key;""",
                   location="edge_cache_key $scheme$https$uri;")
    plain = explain(nginx)["key"]
    secure = explain(nginx, url=f"https://localhost:{port}/")["key"]
    assert (plain["scheme"], plain["custom"]) == ("http", "http/")
    assert (secure["scheme"], secure["custom"]) == ("https", "httpson/")


@pytest.mark.parametrize("location", [
    "return 301 /elsewhere;", "return 200 text;", "return 404;", "internal;",
    "proxy_pass http://origin;", "rewrite ^ /loop/a last;",
    "if ($arg_a = '') { return 403; }"])
def test_what_nothing_is_cached_of_is_not_found(edge, origin, tmp_path,
                                                location):
    """And nothing is fetched for it, whatever error pages there are."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    nginx = edge(http="edge_cache_zone z:4m;", location="edge_cache z;",
                 server=f"""error_page 301 403 404 500 /caught;
            location /edge/ {{ edge_api token_file={tmp_path}/token; }}
            location /loop/ {{ {location} post_action /caught; }}
            location /slash/ {{ proxy_pass http://origin; }}""")
    response = asked(nginx, "/loop/a")
    assert refusal(response) == (400 if "loop" in location else 404)
    assert refusal(asked(nginx, "/slash")) == 404
    assert nginx.get("/").status == 200
    assert [r.target for r in origin.requests] == ["/"]


def test_access_is_not_asked_for_and_limits_are_not_charged(cached, origin):
    nginx = cached("""edge_limit zone=l; deny all; auth_request /auth;""",
                   http="edge_limit_zone $uri zone=l:1m rate=1r/h burst=1;",
                   server="location /auth { proxy_pass http://origin/; }")
    for _ in range(3):
        assert explain(nginx)["status"] == "MISS"
    limit = api(nginx, "GET", "limits?zone=l&key=/").json()
    assert limit["remaining"] == 1
    assert origin.requests == []
