"""Warm-up: what is wanted is there before anybody asks for it."""

import pytest

from lib.cached import TENANT, api, metric, purge, verdict
from lib.client import Tls
from lib.fleet import origin_of_hit, wait_stored
from lib.gauge import Gauge
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.warming import (FRESH, HIT, kill_workers, paths, post, progress,
                         refusal, wait_ended, warm)


def test_what_was_warmed_is_a_hit(cached, origin):
    origin.headers = FRESH
    nginx = cached(workers=2)
    said = warm(nginx, *paths(300), "/p/7", "/p/8")
    assert said["state"] == "done"
    assert (said["urls"], said["stored"]) == (302, 300)
    assert (said["found"], said["done"]) == (2, 302)
    assert (said["failed"], said["left"], said["reasons"]) == (0, 0, {})
    assert said["rate"] > 0 and said["seconds"] > 0
    with nginx.connect() as client:
        for path in paths(300):
            assert verdict(client.request("GET", path)) == HIT
    assert origin.count() == 300
    assert metric(nginx, "edge_cache_warmed_total", result="stored") == 300
    assert metric(nginx, "edge_cache_warmed_total", result="found") == 2
    assert metric(nginx, "edge_cache_zone_pinned_objects") == 0
    nginx.wait_for_log(
        rf'\[notice\] .*edge warm {said["id"]} by "token 1": 302 of 302 URLs '
        r"in [\d.]+ s, \d+/s: 300 stored, 2 found, 0 failed\n")
    assert len([line for line in nginx.access_log()
                if " /edge/" not in line]) == 300


@pytest.mark.parametrize("bound", [1, 3, None])
def test_no_more_than_so_many_at_a_time(cached, origin, bound):
    origin.on("/", gauge := Gauge(FRESH, 0.02))
    members = {} if bound is None else {"concurrency": bound}
    said = warm(cached(), *[f"/?{i}" for i in range(40)], **members)
    assert said["stored"] == 40
    assert gauge.most == (bound or 8)


def test_every_worker_knows_how_far_it_is(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = cached(workers=4)
    job = post(nginx, "/").json()["id"]
    origin.wait_for("/")
    for _ in range(40):
        said = progress(nginx, job)
        assert (said["state"], said["left"]) == ("running", 1)
    gate.set()
    assert wait_ended(nginx, job)["stored"] == 1
    jobs = api(nginx, "GET", "warm").json()["jobs"]
    assert [one["id"] for one in jobs] == [job]


def test_what_is_there_is_not_fetched(cached, origin):
    nginx = cached()
    nginx.get("/a")
    said = warm(nginx, "/a", "/b")
    assert (said["found"], said["stored"]) == (1, 1)
    assert origin.count("/a") == 1


def test_what_is_stale_is_fetched_again(cached, origin):
    stale = {"Cache-Control": "max-age=10, stale-while-revalidate=60",
             "Age": "11", "ETag": '"1"'}
    origin.on("/", [Reply(headers=stale, body=b"old"),
                    Reply(304, {**FRESH, "ETag": '"1"'})])
    nginx = cached()
    nginx.get("/")
    assert warm(nginx, "/")["stored"] == 1
    assert origin.seen("/")[1]["If-None-Match"] == '"1"'
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", HIT)


def test_a_client_that_comes_meanwhile_waits_for_it(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"1", wait=gate))
    nginx = cached(workers=2)
    job = post(nginx, "/").json()["id"]
    origin.wait_for("/")
    with nginx.connect() as client:
        client.send_request("GET", "/")
        wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 1)
        gate.set()
        assert client.read_response().body == b"1"
    assert wait_ended(nginx, job)["stored"] == 1
    assert origin.count("/") == 1


def test_whole_urls_and_fields(cached, origin):
    origin.on("/", lambda request: Reply(
        headers=FRESH | {"Vary": "Accept-Language"},
        body=request["Accept-Language"].encode()))
    nginx = cached()
    url = f"http://localhost:{nginx.port}/"
    assert warm(nginx, url, headers={"Accept-Language": "de"})["stored"] == 1
    for language, known in ("de", "HIT"), ("en", "MISS"):
        response = nginx.get("/", {"Accept-Language": language})
        assert response.body == language.encode()
        assert verdict(response)[0] == known
    assert origin.seen("/")[0]["Host"] == "localhost"


def test_a_url_of_https_has_its_own_key(cached, origin, certificate):
    port = free_port()
    nginx = cached("proxy_set_header X-Forwarded-Proto $scheme;",
                   server=f"""listen 127.0.0.1:{port} ssl;
                       ssl_certificate {certificate}/cert;
                       ssl_certificate_key {certificate}/key;""")
    assert warm(nginx, f"https://localhost:{port}/")["stored"] == 1
    assert origin.seen("/")[0]["X-Forwarded-Proto"] == "https"
    with Tls(port) as client:
        assert verdict(client.request("GET", "/")) == HIT
    assert verdict(nginx.get("/"))[0] == "MISS"


# Whose it is


def test_a_tenant_gets_what_was_fetched_as_him(cached, origin):
    nginx = cached(TENANT)
    said = warm(nginx, "/", tenant="acme", headers={"X-Tenant": "acme"})
    assert said["stored"] == 1
    assert origin.seen("/")[0]["X-Tenant"] == "acme"
    assert verdict(nginx.get("/", {"X-Tenant": "acme"})) == HIT
    assert verdict(nginx.get("/", {"X-Tenant": "umbrella"}))[0] == "MISS"


@pytest.mark.parametrize("location, members, reason", [
    (TENANT, {"tenant": "acme", "headers": {"X-Tenant": "umbrella"}},
     "warm_tenant"),
    (TENANT, {"tenant": "acme"}, "tenant_missing"),
    ("", {"tenant": "acme"}, "warm_tenant"),
    # What only the access phase would know.
    ("""auth_request /auth; auth_request_set $t $upstream_http_x_tenant;
        edge_cache_tenant $t;""",
     {"tenant": "acme", "headers": {"X-Tenant": "acme"}}, "tenant_missing")])
def test_nothing_is_fetched_as_somebody_else(cached, origin, location, members,
                                             reason):
    origin.on("/auth", Reply(headers={"X-Tenant": "acme"}))
    nginx = cached(location, server=f"""location = /auth {{
        internal; proxy_pass http://{origin.address}; }}""")
    said = warm(nginx, "/", **members)
    assert said["reasons"] == {reason: 1}
    assert origin.count() == 0


def test_access_and_limits_are_for_clients(cached, origin, tmp_path):
    (tmp_path / "users").write_text("")
    nginx = cached(f"""auth_basic here; auth_basic_user_file {tmp_path}/users;
                       deny all; limit_req zone=nginx; edge_limit zone=l;
                       edge_limit zone=m on=miss;""",
                   http="""limit_req_zone $host zone=nginx:1m rate=1r/m;
                           edge_limit_zone $host zone=l:1m rate=1r/m;
                           edge_limit_zone $host zone=m:1m rate=1r/m;""")
    assert warm(nginx, *paths(20))["stored"] == 20
    assert nginx.get("/p/1").status == 403
    assert origin.count() == 20


# Where it leads


def test_where_nothing_is_cached_nothing_is_fetched(cached, origin):
    nginx = cached(locations={"/off/": "edge_cache off;",
                              "/shadow/": "edge_cache z shadow;",
                              "/internal/": "internal;"},
                   server="""location /moved { return 301 /; }
                             location /gone { return 410; }""")
    said = warm(nginx, "/off/a", "/shadow/a", "/internal/a", "/moved", "/gone",
                "/edge/health", "/%zz", "/")
    assert said["reasons"] == {"not_cached": 7}
    assert [r.target for r in origin.seen()] == ["/"]
    nginx.wait_for_log(r'\[info\] .*edge warm \w+: URL 1 '
                       r'"http://localhost/off/a" was not stored: not_cached')


def test_what_is_not_stored_says_why(cached, origin):
    origin.on("/private", Reply(headers={"Cache-Control": "private"}))
    origin.on("/cut", Reply(headers=FRESH, body=b"x" * 100, cut=10))
    origin.on("/down", Reply(502, {"Cache-Control": "no-store"}))
    said = warm(cached(), "/private", "/cut", "/down")
    assert said["failed"] == 3 and said["left"] == 0
    assert said["reasons"] == {"response_private": 1, "truncated": 1,
                               "response_no_store": 1}


def test_it_goes_where_try_files_leads(cached, origin):
    nginx = cached("try_files /none /app$uri;",
                   locations={"/app/": "edge_cache z; auth_basic here;"
                                       "auth_basic_user_file none;"})
    assert warm(nginx, "/a")["stored"] == 1
    assert [r.target for r in origin.seen()] == ["/app/a"]
    assert warm(nginx, "/a")["found"] == 1


def test_an_error_page_is_no_answer(cached, origin):
    origin.on("/a", Reply(404, FRESH, body=b"none"))
    nginx = cached("proxy_intercept_errors on; error_page 404 /page;")
    said = warm(nginx, "/a")
    assert said["reasons"] == {"error_page": 1}
    assert origin.count("/page") == 0


def test_the_querys_rules_apply(cached, origin):
    nginx = cached("edge_cache_query keep id;")
    assert warm(nginx, "/?id=1&x=2")["stored"] == 1
    assert verdict(nginx.get("/?id=1&y=3")) == HIT
    assert origin.seen()[0].target == "/?id=1"


def test_one_ask_is_enough_to_be_stored(cached):
    nginx = cached("edge_cache_min_uses 5;")
    assert warm(nginx, "/")["stored"] == 1
    assert verdict(nginx.get("/")) == HIT


def test_it_waits_for_its_turn(cached, origin):
    origin.on("/", gauge := Gauge(FRESH, 0.02))
    said = warm(cached("edge_cache_fetch_limit 2;"),
                *[f"/?{i}" for i in range(20)])
    assert said["stored"] == 20
    assert gauge.most <= 2


# Purges


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/0"},
                                  {"all": True}])
def test_a_purge_during_it_is_obeyed(cached, origin, gate, body):
    """What was asked for before it is not stored; what comes after is."""
    for i in range(4):
        origin.on(f"/{i}", [Reply(headers=FRESH, body=b"old", wait=gate),
                            Reply(headers=FRESH, body=b"new")])
    nginx = cached()
    job = post(nginx, "/0", "/1", "/2", "/3", concurrency=1).json()["id"]
    origin.wait_for("/0")
    purge(nginx, **body)
    gate.set()
    said = wait_ended(nginx, job)
    assert said["reasons"] == {"purged": 1}
    assert said["stored"] == 3
    response = nginx.get("/0")
    assert (response.body, verdict(response)) == (b"new", ("MISS", None))


def test_a_purge_after_it_finds_what_was_warmed(cached, origin):
    origin.headers = FRESH
    nginx = cached()
    warm(nginx, "/")
    purge(nginx, tags=["t"])
    assert verdict(nginx.get("/"))[0] == "MISS"


def test_what_was_purged_softly_is_fetched_again(cached, origin, gate):
    """Clients are not kept waiting."""
    fresh = FRESH | {"Cache-Control": "max-age=60, stale-while-revalidate=60"}
    origin.on("/", [Reply(headers=fresh, body=b"old"),
                    Reply(headers=fresh, body=b"new", wait=gate)])
    nginx = cached()
    nginx.get("/")
    purge(nginx, tags=["t"], mode="soft")
    job = post(nginx, "/").json()["id"]
    origin.wait_for("/", 2)
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", ("UPDATING", None))
    gate.set()
    assert wait_ended(nginx, job)["stored"] == 1
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"new", HIT)
    assert origin.count("/") == 2


def test_with_redis_it_fetches_what_no_server_has(fleet, origin):
    a, b = fleet.start(2)
    assert warm(a, *paths(20))["stored"] == 20
    wait_stored(a, 20)
    said = warm(b, *paths(30))
    assert (said["found"], said["stored"]) == (20, 10)
    assert origin.count() == 30
    assert origin_of_hit(b.get("/p/3")) == ("HIT", "memory")


# Its end


def test_four_at_a_time(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = cached(workers=2)
    jobs = [post(nginx, f"/?{i}").json()["id"] for i in range(4)]
    response = post(nginx, "/?5")
    assert "four" in refusal(response, 503).lower()
    assert int(response["Retry-After"]) > 0
    gate.set()
    for job in jobs:
        wait_ended(nginx, job)
    assert post(nginx, "/?5").status == 202


def test_few_connections_are_waited_for(cached, origin):
    """An eighth of a worker's connections is all there is for it."""
    origin.on("/", gauge := Gauge(FRESH, 0.02))
    nginx = cached()
    nginx.reload(nginx.conf.replace("worker_connections 512",
                                    "worker_connections 64"))
    said = warm(nginx, *[f"/?{i}" for i in range(60)], concurrency=64)
    assert said["stored"] == 60
    assert gauge.most <= 8


def test_a_reload_stops_it(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = cached()
    job = post(nginx, *[f"/?{i}" for i in range(50)],
               concurrency=2).json()["id"]
    origin.wait_for("/", 2)
    nginx.reload()
    assert progress(nginx, job)["state"] == "running"
    gate.set()
    said = wait_ended(nginx, job)
    assert (said["state"], said["stored"]) == ("stopped", 2)
    assert said["left"] == 48
    nginx.wait_for_log(rf"edge warm {job} .*, stopped\n")


def test_so_does_the_death_of_its_worker(cached, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = cached(workers=2)
    job = post(nginx, "/?1").json()["id"]
    origin.wait_for("/")
    kill_workers(nginx)
    said = wait_ended(nginx, job)
    assert (said["state"], said["left"]) == ("stopped", 1)
