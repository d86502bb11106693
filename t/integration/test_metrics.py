"""GET metrics: what Prometheus accepts, counted right."""

import subprocess
import threading

import pytest

from lib.cached import TOKEN, api, metric, purge
from lib.origin import Reply
from lib.wait import wait_until


def test_promtool_accepts_it(cached, origin):
    nginx = cached("edge_cache_label 'a \"b\" \\\\ c';",
                   http="edge_cache_zone y:8m;",
                   locations={"/y": "edge_cache y;"})
    for target in ("/", "/", "/y"):
        nginx.get(target)
    purge(nginx, all=True, zone="z")
    response = api(nginx, "GET", "metrics")
    assert response["Content-Type"] == "text/plain; version=0.0.4"
    check = subprocess.run(["promtool", "check", "metrics"], text=True,
                           input=response.text, capture_output=True)
    assert (check.returncode, check.stdout + check.stderr) == (0, "")


def counts(nginx):
    return {status: metric(nginx, "edge_cache_requests_total", status=status)
            for status in ("HIT", "MISS", "BYPASS")}


def test_requests_count_once_each(cached, origin):
    origin.on("/fail", Reply(500, {"Cache-Control": "no-store"}))
    nginx = cached(workers=2)
    for target in ("/a", "/a", "/a", "/b", "/fail", "/fail"):
        nginx.get(target)
    nginx.get("/other", method="POST", body=b"")
    nginx.get("/a", method="HEAD")
    nginx.get("/a", {"If-None-Match": "*"})
    # The worker that answered may count after the other has been asked.
    wait_until(lambda: counts(nginx) == {"HIT": 4, "MISS": 4, "BYPASS": 1})
    assert metric(nginx, "edge_cache_hits_total", tier="memory") == 4
    assert metric(nginx, "edge_cache_refused_total", reason="method") == 1
    assert metric(nginx, "edge_cache_refused_total",
                  reason="response_no_store") == 2
    assert metric(nginx, "edge_cache_lookup_seconds_count",
                  tier="memory") == 8


def test_fills_count_by_what_became_of_them(cached, origin):
    fresh = {"Cache-Control": "max-age=60"}
    origin.on("/large", Reply(headers=fresh, body=b"x" * 2000,
                              framing="chunked"))
    nginx = cached("edge_cache_max_size 1000;")
    nginx.get("/small")
    nginx.get("/large")
    for result, count in (("started", 2), ("stored", 1), ("aborted", 1)):
        assert metric(nginx, "edge_cache_fills_total", result=result) == count


def test_bytes_are_those_of_bodies(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"},
                         body=b"x" * 1000))
    nginx = cached()
    for _ in range(3):
        nginx.get("/")
    nginx.get("/", {"Range": "bytes=0-99"})
    nginx.get("/", method="HEAD")
    nginx.get("/", {"If-None-Match": "*"})
    assert metric(nginx, "edge_cache_sent_bytes_total",
                  source="origin") == 1000
    assert metric(nginx, "edge_cache_sent_bytes_total",
                  source="cache") == 2100


def test_labels_tell_locations_apart(cached, origin):
    nginx = cached(locations={
        "/a": "edge_cache z;", "/b": "edge_cache z; edge_cache_label shop;",
        "/c": "edge_cache z; edge_cache_label shop;"})
    for target in ("/", "/a", "/a", "/b", "/c"):
        nginx.get(target)

    def of(label):
        return metric(nginx, "edge_cache_requests_total", label=label)

    assert (of("/"), of("/a"), of("shop")) == (1, 2, 2)


def test_many_labels_end_in_other(cached, origin):
    names = [f"/l{i}" for i in range(140)]
    nginx = cached(locations={name: "edge_cache z;" for name in names})
    for name in names:
        nginx.get(name)
    assert metric(nginx, "edge_cache_requests_total") == 140
    assert metric(nginx, "edge_cache_requests_total", label="other") > 0


def test_purges_count(cached):
    nginx = cached()
    purge(nginx, tags=["a", "b"])
    purge(nginx, all=True, mode="soft")
    api(nginx, "POST", "purge", "{}")
    assert metric(nginx, "edge_cache_purges_total", mode="hard") == 1
    assert metric(nginx, "edge_cache_purges_total", mode="soft") == 1


def test_zone_figures(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"},
                         body=b"x" * 10_000))
    nginx = cached("edge_cache_key $args;")
    assert metric(nginx, "edge_cache_zone_objects") == 0
    for number in range(5):
        nginx.get(f"/?{number}")
    assert metric(nginx, "edge_cache_zone_objects") == 5
    assert 50_000 < metric(nginx, "edge_cache_zone_used_bytes") < 100_000
    assert metric(nginx, "edge_cache_zone_pinned_objects") == 0
    assert 0 < metric(nginx, "edge_cache_zone_capacity_bytes") < 4 << 20


@pytest.mark.parametrize("http", ["", "edge_cache_zone z:4m;"])
def test_without_use_there_are_no_errors(edge, http):
    nginx = edge(http=http, server="location /edge/ { edge_api; }")
    for route in ("metrics", "health"):
        assert api(nginx, "GET", route).status == 200


def test_nothing_secret_is_shown(cached, origin):
    origin.headers = {"Cache-Control": "max-age=60",
                      "Surrogate-Key": "secret-tag"}
    nginx = cached("edge_cache_tenant $http_x_tenant;"
                   "edge_cache_authorization key;")
    nginx.get("/secret-path", {"X-Tenant": "secret-tenant",
                               "Authorization": "Bearer secret-token",
                               "Cookie": "secret-cookie=1"})
    for route in ("metrics", "health"):
        text = api(nginx, "GET", route).text
        assert "secret" not in text and TOKEN not in text


# Health

def test_health_is_ok(cached):
    nginx = cached()
    nginx.get("/")
    response = api(nginx, "GET", "health", token=None)
    assert response.status == 200
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert body["status"] == "ok"
    zone, = body["zones"]
    assert (zone["name"], zone["objects"]) == ("z", 1)
    assert 0 < zone["used_bytes"] < zone["capacity_bytes"]
    assert api(nginx, "GET", "health?strict=1").status == 200


def test_a_request_that_is_under_way_is_not_counted(cached, origin):
    gate = threading.Event()
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, wait=gate))
    nginx = cached()
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/")
        assert counts(nginx)["MISS"] == 0
        gate.set()
        client.read_response()
    wait_until(lambda: counts(nginx)["MISS"] == 1)
