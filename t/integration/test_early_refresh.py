"""A popular object is fetched again before it expires, by nobody's request."""

import os
import time

import pytest

from lib.cached import metric, nothing_left, purge, refreshes, verdict
from lib.client import Tls
from lib.fleet import wait_stored
from lib.http2 import Http2
from lib.origin import Raw, Reply
from lib.ports import free_port
from lib.timers import timers
from lib.wait import wait_until

# Nearly every hit is one that should fetch again.
EARLY = "edge_cache_early_refresh 1000;"
SOON = {"Cache-Control": "max-age=30", "Surrogate-Key": "t"}
STATUS = "location = /status { stub_status; }"


@pytest.fixture
def early(cached, origin):
    origin.headers = SOON

    def start(location="", **pieces):
        pieces.setdefault("server", STATUS)
        return cached(EARLY + location, **pieces)

    return start


def slowly(reply):
    """As an answer that is worth fetching ahead."""
    reply.delay = 0.1
    return reply


def first_and_then(origin, target, *replies):
    """One that comes slowly, so that hits fetch again; then these."""
    origin.on(target, [slowly(Reply(headers=SOON, body=b"old")), *replies])


def hit_until_refreshed(nginx, origin, target, headers=(), count=2):
    """Hits until one of them fetches."""
    def is_asked():
        response = nginx.get(target, headers)
        assert verdict(response)[0] == "HIT", response
        return origin.count(target) >= count

    wait_until(is_asked, 10, f"request {count} for {target}")


def test_hits_are_answered_while_one_fetch_is_under_way(early, origin, gate):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new", wait=gate))
    nginx = early(workers=2)
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    for _ in range(50):
        response = nginx.get("/")
        assert (response.body, verdict(response)) == (b"old", ("HIT", None))
    assert origin.count("/") == 2
    gate.set()
    wait_until(lambda: nginx.get("/").body == b"new")
    wait_until(lambda: refreshes(nginx, "stored") >= 1)
    nothing_left(nginx)


@pytest.mark.parametrize("protocol", ["http", "http2"])
def test_the_connection_that_caused_it_goes_on_at_once(early, origin, gate,
                                                       protocol, capsys):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new", wait=gate))
    port = free_port()
    nginx = early(server=f"listen 127.0.0.1:{port} http2; {STATUS}")
    nginx.get("/")
    if protocol == "http":
        client = nginx.connect()

        def get(target):
            return client.request("GET", target).body
    else:
        client = Http2(port)

        def get(target):
            return client.read_body(client.send_request(target))

    wait_until(lambda: get("/") and origin.count("/") == 2)
    took = []
    for _ in range(20):
        begun = time.monotonic()
        get("/")
        took.append(time.monotonic() - begun)
    client.close()
    with capsys.disabled():
        print(f" [slowest next answer {max(took) * 1000:.1f} ms]", end="")
    # The refresh waits until the gate opens.
    assert sorted(took)[10] < 0.1
    assert origin.count("/") == 2


def test_it_is_counted_and_not_logged(early, origin):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new"),
                   Reply(headers=SOON, body=b"newer", delay=5))
    nginx = early()
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    wait_until(lambda: refreshes(nginx, "stored") == 1)
    lines = [line for line in nginx.access_log() if line.startswith("GET / ")]
    misses = [line for line in lines if " MISS " in line]
    assert len(misses) == 1
    assert len(lines) == metric(nginx, "edge_cache_requests_total")


def headers_of(request):
    return sorted((name.lower(), value) for name, value in request.headers)


def test_the_origin_sees_what_it_saw_of_the_client(early, origin,
                                                   certificate):
    """Scheme and address, captures, and what rewrites and maps have set."""
    port = free_port()
    early(
        http='map $http_x_kind $mapped { default "none"; "k" "mapped-k"; }',
        server=f"""{STATUS} listen 127.0.0.1:{port} ssl;
            ssl_certificate {certificate}/cert;
            ssl_certificate_key {certificate}/key;
            location ~ ^/item/(\\w+)$ {{
                edge_cache z; {EARLY} set $part "p-$1";
                proxy_pass http://origin/by/$1?$args;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_set_header X-Scheme $scheme;
                proxy_set_header X-Https $https;
                proxy_set_header X-Address $remote_addr;
                proxy_set_header X-Port $server_port;
                proxy_set_header X-Part $part;
                proxy_set_header X-Map $mapped;
                proxy_set_header X-Query $arg_a;
            }}""")
    first_and_then(origin, "/by/x", Reply(headers=SOON, body=b"new"))
    fields = {"X-Kind": "k", "Accept": "a/b", "Accept-Language": ["de", "en"],
              "User-Agent": "test"}

    def get(extra=()):
        with Tls(port) as client:
            return client.request("GET", "/item/x?a=%41&b=2",
                                  {**fields, **dict(extra)})

    get()
    wait_until(lambda: get({"If-None-Match": '"x"', "Range": "bytes=0-1"})
               and origin.count("/by/x") >= 2)
    client, own = origin.seen("/by/x")[:2]
    assert own.target == client.target
    assert headers_of(own) == headers_of(client)
    assert own["X-Scheme"] == "https" and own["X-Map"] == "mapped-k"


def test_what_access_checks_have_set_is_kept(early, origin):
    """Each tenant's object is fetched as that tenant, and stored as its."""
    origin.on("/check", lambda request: Reply(
        204, {"X-Tenant": (request["X-Who"] or "nobody")}))
    origin.on("/data", lambda request: slowly(Reply(
        headers=SOON, body=f"{request['X-Tenant']}".encode())))
    nginx = early(locations={
        "/data": f"""edge_cache z; {EARLY} auth_request /check;
            auth_request_set $tenant $upstream_http_x_tenant;
            edge_cache_tenant $tenant;
            proxy_set_header X-Who ""; proxy_set_header X-Tenant $tenant;""",
        "= /check": "internal; edge_cache off;"})
    for who in "abc":
        nginx.get("/data", {"X-Who": who})

    def is_done():
        for who in "abc":
            response = nginx.get("/data", {"X-Who": who})
            assert (response.text, verdict(response)[0]) == (who, "HIT")
        return refreshes(nginx, "stored") >= 6

    wait_until(is_done, 20, "refreshes of all")
    assert {r["X-Tenant"] for r in origin.seen("/data")} == set("abc")


def test_another_identity_is_not_fetched(early, origin):
    """A key that a request of our own does not have: nothing limits it."""
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new"))
    nginx = early("set $limit_rate 100k; edge_cache_key $uri$limit_rate;")
    nginx.get("/")

    def is_refused():
        assert verdict(nginx.get("/"))[0] == "HIT"
        return metric(nginx, "edge_cache_refused_total",
                      reason="refresh_identity") >= 1

    wait_until(is_refused)
    assert refreshes(nginx, "failed") >= 1
    assert origin.count("/") == 1


def test_variants_are_fetched_each_for_itself(early, origin):
    origin.on("/", lambda request: slowly(Reply(
        headers={**SOON, "Vary": "X-A"}, body=request["X-A"].encode())))
    nginx = early()
    for a in "xy":
        nginx.get("/", {"X-A": a})

    def is_done():
        for a in "xy":
            assert nginx.get("/", {"X-A": a}).text == a
        return refreshes(nginx, "stored") >= 4

    wait_until(is_done, 20, "refreshes of both")


@pytest.mark.parametrize("reply", [
    Reply(503), Reply(headers=SOON, body=b"x" * 1000, cut=10), Raw(b""),
], ids=["503", "cut", "none"])
def test_after_a_failure_it_is_left_alone_for_a_moment(early, origin, reply):
    first_and_then(origin, "/", reply)
    nginx = early()
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    asked = origin.count("/")
    for _ in range(20):
        assert nginx.get("/").body == b"old"
    assert origin.count("/") == asked
    nothing_left(nginx)


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/"}])
def test_a_purge_while_it_is_under_way(early, origin, gate, body):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"old", wait=gate),
                   Reply(headers=SOON, body=b"new"))
    nginx = early()
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    purge(nginx, **body)
    if "url" in body:  # what has a tag is known with the answer's header only
        assert nginx.get("/").body == b"new"
    gate.set()
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    assert nginx.get("/").body == b"new"


def test_what_another_server_has_fetched_is_not_fetched(fleet, origin):
    first_and_then(origin, "/p", Reply(headers=SOON, body=b"new"))
    a, b = fleet.start(2, location=EARLY)
    a.get("/p")
    wait_stored(a, 1)
    hit_until_refreshed(b, origin, "/p")
    wait_stored(b, 1)

    def is_found():
        a.get("/p")
        return refreshes(a, "found") >= 1

    wait_until(is_found)
    assert a.get("/p").body == b"new"


def test_only_get_is_fetched_again(early, origin):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new"))
    nginx = early()
    nginx.get("/")
    with nginx.connect() as client:
        for _ in range(50):
            assert client.request("HEAD", "/").status == 200
    assert origin.count("/") == 1


def test_a_location_elsewhere_gets_nothing(early, origin):
    """error_page takes what no client asked for to another location."""
    first_and_then(origin, "/", Reply(404))
    nginx = early("proxy_intercept_errors on; error_page 404 /other;",
                  locations={"/other": f"edge_cache z; {EARLY}"})
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    wait_until(lambda: refreshes(nginx, "failed") == 1)
    assert origin.count("/other") == 0


def test_a_reload_while_it_is_under_way(early, origin, gate):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new", wait=gate))
    nginx = early()
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    nginx.reload()
    gate.set()
    wait_until(lambda: nginx.get("/").body == b"new")
    wait_until(lambda: len(nginx.all_workers()) == 1, 10,
               "the old worker's exit")


def test_it_ends_with_an_old_worker_s_time(early, origin, gate):
    first_and_then(origin, "/", Reply(headers=SOON, body=b"new", wait=gate))
    nginx = early()
    nginx.shutdown_timeout = "300ms"
    nginx.reload(nginx.conf)
    nginx.get("/")
    hit_until_refreshed(nginx, origin, "/")
    nginx.reload()
    wait_until(lambda: len(nginx.all_workers()) == 1, 10,
               "the old worker's exit")
    assert refreshes(nginx, "failed") == 1


def held(nginx):
    """What fetches could leave behind."""
    pid, = nginx.workers()
    status = nginx.get("/status").text
    return [len(os.listdir(f"/proc/{pid}/fd")), timers(nginx)[0],
            int(status.split()[2])]


def test_many_leave_nothing_behind(early, origin):
    """Descriptors, timers and nginx's count of connections, whatever became of
    them: stored, refused by the origin, cut off, not answered in time."""
    replies = [Reply(headers=SOON, body=b"x" * 20_000), Reply(503),
               Reply(headers=SOON, body=b"x" * 20_000, cut=100),
               Reply(headers=SOON, body=b"x", delay=2)]
    for i in range(60):
        origin.on(f"/{i}", [slowly(Reply(headers=SOON, body=b"old")),
                            replies[i % 4]])
    nginx = early("proxy_read_timeout 1s;", log_level="warn")
    targets = [f"/{i}" for i in range(60)]
    clients = [nginx.connect() for _ in targets]
    for client, target in zip(clients, targets):
        client.send_request("GET", target)
    for client in clients:
        client.read_response()
        client.close()
    before = held(nginx)

    def is_done():
        for target in targets:
            if origin.count(target) < 2:
                nginx.get(target)
        return all(origin.count(target) >= 2 for target in targets)

    wait_until(is_done, 30, "a refresh of each")
    nothing_left(nginx)
    # Idle connections to the origin: 16, with a timer each.
    wait_until(lambda: all(now <= then + 17
                           for now, then in zip(held(nginx), before)), 10,
               f"as before: {before}, with idle connections to the origin")
    wait_until(lambda: held(nginx)[2] == before[2], 10,
               f"{before[2]} connections")


def test_clients_have_the_most_of_the_connections(early, origin, gate):
    for i in range(80):
        origin.on(f"/{i}", [slowly(Reply(headers=SOON, body=b"old")),
                            Reply(headers=SOON, body=b"new", wait=gate)])
    nginx = early()
    targets = [f"/{i}" for i in range(80)]
    clients = [nginx.connect() for _ in targets]
    for client, target in zip(clients, targets):
        client.send_request("GET", target)
    for client in clients:
        client.read_response()
        client.close()

    def is_refused():
        for target in targets:
            assert nginx.get(target).body == b"old"
        return refreshes(nginx, "refused") > 0

    wait_until(is_refused, 20, "a refresh too many")
    # Of 512 connections.
    assert sum(origin.count(t) == 2 for t in targets) <= 64
