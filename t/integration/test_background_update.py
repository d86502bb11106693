"""What is stale and may be sent so is sent at once, to everybody; a request of
our own asks the origin."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.cached import purge, refreshes, verdict
from lib.fleet import wait_stored
from lib.http2 import Http2
from lib.origin import Raw, Reply
from lib.ports import free_port
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}
# Stale for a second on arrival.
STALE = {"Cache-Control": "max-age=10, stale-while-revalidate=60", "Age": "11",
         "Surrogate-Key": "t"}
UPDATING = ("UPDATING", None)
HIT = ("HIT", None)


@pytest.fixture
def stale(cached, origin):
    """An instance with a stale object, and what the origin says next."""
    def start(*replies, fields=STALE, location="", **pieces):
        origin.on("/", [Reply(headers=fields, body=b"old"), *replies])
        nginx = cached(location, **pieces)
        assert nginx.get("/").body == b"old"
        return nginx

    return start


def wait_refreshed(nginx, result="stored", count=1):
    wait_until(lambda: refreshes(nginx, result) >= count, 10,
               f"{count} refreshes that are {result}")


def test_nobody_waits(stale, origin, gate):
    nginx = stale(Reply(headers=FRESH, body=b"new", wait=gate), workers=4)
    clients = [nginx.connect() for _ in range(200)]
    for client in clients:
        client.send_request("GET", "/")
    for client in clients:
        response = client.read_response()
        assert (response.body, verdict(response)) == (b"old", UPDATING)
        client.close()
    gate.set()
    wait_refreshed(nginx)
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"new", HIT)
    assert origin.count("/") == 2
    assert "MISS" not in "".join(nginx.access_log()[1:])


@pytest.mark.parametrize("protocol", ["http", "http2"])
def test_nor_does_the_connection_it_came_by(stale, origin, gate, protocol,
                                            capsys):
    """Not even for the next request on it."""
    port = free_port()
    nginx = stale(Reply(headers=FRESH, body=b"new", wait=gate),
                  server=f"listen 127.0.0.1:{port} http2;")
    if protocol == "http":
        client = nginx.connect()

        def get():
            return client.request("GET", "/").body
    else:
        client = Http2(port)

        def get():
            return client.read_body(client.send_request("/"))

    took = []
    for _ in range(10):
        begun = time.monotonic()
        assert get() == b"old"
        took.append(time.monotonic() - begun)
    client.close()
    with capsys.disabled():
        print(f" [median {sorted(took)[5] * 1000:.1f} ms,"
              f" slowest {max(took) * 1000:.1f} ms]", end="")
    # The origin does not answer before the gate opens.
    assert sorted(took)[5] < 0.1
    origin.wait_for("/", 2)


def test_tenants_stay_apart(cached, origin):
    """The tenant comes from a subrequest, which a refresh has none of."""
    origin.on("/auth", lambda request: Reply(
        headers={"X-Tenant": request["X-Token"]}))
    origin.on("/", lambda request: Reply(
        headers=STALE, body=f"{request['X-Tenant']} ".encode() * 100))
    nginx = cached("""
        auth_request /auth;
        auth_request_set $tenant $upstream_http_x_tenant;
        edge_cache_tenant $tenant;
        proxy_set_header X-Tenant $tenant;""", workers=2, server=f"""
        location = /auth {{
            internal;
            proxy_pass http://{origin.address};
        }}""")

    def read(tenant):
        return sum(nginx.get(f"/?{i % 3}", {"X-Token": tenant}).body
                   != f"{tenant} ".encode() * 100 for i in range(300))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(read, ["acme", "umbrella"] * 2)) == 0
    wait_refreshed(nginx, count=100)
    assert {r["X-Tenant"] for r in origin.seen("/")} == {"acme", "umbrella"}


def test_off_the_first_waits(stale, origin):
    nginx = stale(Reply(headers=FRESH, body=b"new"),
                  location="edge_cache_background_update off;")
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"new", ("EXPIRED", None))
    assert refreshes(nginx, "stored") == 0


def test_where_the_location_allows_it(stale):
    fields = {"Cache-Control": "max-age=10", "Age": "11"}
    nginx = stale(Reply(headers=FRESH, body=b"new"), fields=fields,
                  location="edge_cache_use_stale updating 60s;")
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", UPDATING)
    wait_refreshed(nginx)
    assert nginx.get("/").body == b"new"


def test_the_origin_confirms_it(stale, origin):
    def reply(request):
        assert request["If-None-Match"] == '"1"'
        return Reply(304, {**FRESH, "ETag": '"1"', "X-New": "yes"})

    nginx = stale(reply, fields={**STALE, "ETag": '"1"'})
    assert verdict(nginx.get("/")) == UPDATING
    wait_refreshed(nginx)
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", HIT)
    assert response["X-New"] == "yes"
    assert origin.count("/") == 2
    # The origin's connection was not closed for it.
    assert origin.accepted == 1


@pytest.mark.parametrize("failure", [
    Reply(503), Raw(b""), Reply(headers=FRESH, body=b"x" * 1000, cut=10),
], ids=["503", "none", "cut"])
def test_a_failure_is_nobody_s_error(stale, origin, failure):
    nginx = stale(failure)
    nginx.get("/")
    wait_refreshed(nginx, "failed")
    asked = origin.count("/")
    for _ in range(20):
        response = nginx.get("/")
        assert (response.status, response.body) == (200, b"old")
    assert origin.count("/") == asked
    origin.on("/", Reply(headers=FRESH, body=b"new"))
    wait_until(lambda: nginx.get("/").body == b"new", 10,
               "another attempt")


def test_what_is_not_to_be_stored_any_more_is_forgotten(stale):
    nginx = stale(Reply(headers={"Cache-Control": "private"}, body=b"mine"))
    assert verdict(nginx.get("/")) == UPDATING
    wait_refreshed(nginx, "failed")
    response = nginx.get("/")
    assert (response.body, response["X-Reason"]) == (b"mine",
                                                     "response_private")


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/"}])
def test_a_purge_while_it_is_under_way(stale, origin, gate, body):
    nginx = stale(Reply(headers=FRESH, body=b"before", wait=gate),
                  Reply(headers=FRESH, body=b"after"))
    assert verdict(nginx.get("/")) == UPDATING
    origin.wait_for("/", 2)
    purge(nginx, **body)
    if "url" in body:  # what has a tag is known with the answer's header only
        assert nginx.get("/").body == b"after"
    gate.set()
    wait_refreshed(nginx, "failed")
    assert nginx.get("/").body == b"after"


def test_a_soft_purge_is_fetched_in_the_background(stale, origin):
    fields = {**FRESH, "Cache-Control": "max-age=60, stale-while-revalidate=60"}
    nginx = stale(Reply(headers=fields, body=b"new"), fields=fields)
    purge(nginx, tags=["t"], mode="soft")
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", UPDATING)
    wait_refreshed(nginx)
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"new", HIT)


def test_a_worker_that_dies_with_it_is_replaced(stale, origin, gate):
    nginx = stale(Reply(headers=FRESH, body=b"1", wait=gate),
                  Reply(headers=FRESH, body=b"2"), graceful=False)
    assert verdict(nginx.get("/")) == UPDATING
    origin.wait_for("/", 2)
    nginx.kill_worker()
    wait_until(lambda: nginx.get("/").body == b"2", 10, "another refresh")
    assert origin.count("/") == 3


def test_once_for_all_servers(fleet, origin, gate):
    """Whoever comes later finds what the first has fetched."""
    origin.on("/p", [Reply(headers=STALE, body=b"old"),
                     Reply(headers=FRESH, body=b"new", wait=gate)])
    a, b = fleet.start(2)
    a.get("/p")
    wait_stored(a, 1)
    b.get("/p")
    origin.wait_for("/p", 2)
    for nginx in (a, b):
        assert nginx.get("/p").body == b"old"
    gate.set()
    for nginx in (a, b):
        wait_until(lambda: nginx.get("/p").body == b"new", 10, "the new one")
    assert origin.count("/p") == 2


def test_answers_to_bodies_are_not_asked_for_again(stale, origin):
    """What a request of our own would have to send is gone."""
    origin.on("/post", [Reply(headers=STALE, body=b"old"),
                        Reply(headers=FRESH, body=b"new")])
    nginx = stale(location="edge_cache_methods GET POST;"
                           " edge_cache_body_key on;")
    with nginx.connect() as client:
        assert client.request("POST", "/post", body="x").body == b"old"
        response = client.request("POST", "/post", body="x")
    assert (response.body, verdict(response)) == (b"new", ("EXPIRED", None))


def test_what_only_a_client_can_ask_for_is_asked_for_by_one(stale, origin):
    """A key that a request of our own does not have: nothing limits it."""
    nginx = stale(Reply(headers=FRESH, body=b"new"), location="""
        set $limit_rate 100k; edge_cache_key $uri$limit_rate;""")
    assert verdict(nginx.get("/")) == UPDATING
    wait_refreshed(nginx, "failed")
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"new", ("EXPIRED", None))
    assert origin.count("/") == 2
