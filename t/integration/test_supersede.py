"""Of two answers the newer one counts, stored or not (RFC 9111 4)."""

import threading
from email.utils import formatdate

import pytest

from lib.cached import verdict
from lib.client import Connection
from lib.fleet import object_keys, wait_stored
from lib.origin import Reply
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}
REFRESH = "edge_cache_bypass $http_x_refresh;"


def refresh(nginx, **headers):
    return nginx.get("/", {"X-Refresh": "1", **headers})


@pytest.mark.parametrize("status, fields", [
    (200, {"Cache-Control": "no-store"}),
    (200, {"Cache-Control": "private, max-age=60"}),
    (200, {**FRESH, "Vary": "*"}),
    (200, {**FRESH, "Set-Cookie": "a=b"}),
    (200, {"X-Accel-Expires": "0"}),
    (404, {}),
])
def test_an_answer_that_is_not_stored_takes_the_older_one_away(
        cached, origin, status, fields):
    origin.on("/", [Reply(headers=FRESH, body=b"old"),
                    Reply(status, fields, b"new"),
                    Reply(headers=FRESH, body=b"newer")])
    nginx = cached(REFRESH)
    nginx.get("/")
    assert refresh(nginx).status == status
    response = nginx.get("/")
    assert verdict(response) == ("MISS", None)
    assert response.body == b"newer"


def test_a_failure_takes_nothing_away(cached, origin):
    origin.on("/", [Reply(headers=FRESH, body=b"old"), Reply(503)])
    nginx = cached(REFRESH)
    nginx.get("/")
    assert refresh(nginx).status == 503
    assert nginx.get("/")["X-Cache"] == "HIT"


def test_an_answer_to_credentials_takes_nothing_away(cached, origin):
    origin.on("/", [Reply(headers=FRESH, body=b"old"),
                    Reply(headers={"Cache-Control": "private"})])
    nginx = cached(REFRESH)
    nginx.get("/")
    for headers in {"Authorization": "Basic x"}, {"Cookie": "a=b"}:
        assert refresh(nginx, **headers)["X-Cache"] == "BYPASS"
    assert nginx.get("/")["X-Cache"] == "HIT"


def test_only_the_variant_goes(cached, origin):
    control = {"Cache-Control": "max-age=60"}
    origin.on("/", lambda request: Reply(headers={
        "Vary": "X-Who", **control}))
    nginx = cached(REFRESH)
    for who in "a", "b":
        nginx.get("/", {"X-Who": who})
    control["Cache-Control"] = "no-store"
    refresh(nginx, **{"X-Who": "a"})
    assert nginx.get("/", {"X-Who": "b"})["X-Cache"] == "HIT"
    assert nginx.get("/", {"X-Who": "a"})["X-Cache"] == "MISS"


def test_it_goes_from_redis_too(fleet, origin, redis):
    origin.on("/", [Reply(headers=FRESH, body=b"old"),
                    Reply(headers={"Cache-Control": "no-store"}),
                    Reply(headers=FRESH, body=b"newer")])
    a, = fleet.start(1, location=REFRESH)
    a.get("/")
    wait_stored(a, 1)
    refresh(a)
    # Nobody waits for Redis: until then the older one is still found there.
    wait_until(lambda: object_keys(redis) == [], what="nothing in Redis")
    assert a.get("/").body == b"newer"


# It used to be the last to arrive that stayed.
def test_a_slow_answer_does_not_replace_a_newer_one(cached, origin):
    held = threading.Event()
    # Of the same second, so that Date does not decide.
    fields = {**FRESH, "Date": formatdate(usegmt=True)}
    origin.on("/", [Reply(headers=fields, body=b"older", wait=held),
                    Reply(headers=fields, body=b"newer")])
    nginx = cached(REFRESH)
    slow = Connection(nginx.port)
    slow.send_request("GET", "/", {"X-Refresh": "1"})
    origin.wait_for("/")
    assert refresh(nginx).body == b"newer"
    held.set()
    assert slow.read_response().body == b"older"
    response = nginx.get("/")
    assert response["X-Cache"] == "HIT"
    assert response.body == b"newer"
