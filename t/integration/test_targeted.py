"""Targeted cache control (RFC 9213), and lifetimes made up from
Last-Modified."""

import time
from email.utils import formatdate

import pytest

from lib.cached import verdict
from lib.origin import Reply


def second(cached, origin, fields, location=""):
    origin.on("/", Reply(headers=fields, body=b"x"))
    nginx = cached(location)
    nginx.get("/")
    return nginx.get("/")


@pytest.mark.parametrize("fields, expected", [
    ({"Edge-Cache-Control": "max-age=60", "CDN-Cache-Control": "no-store",
      "Cache-Control": "no-store"}, ("HIT", None)),
    ({"CDN-Cache-Control": "max-age=60", "Cache-Control": "private",
      "Expires": "0"}, ("HIT", None)),
    ({"CDN-Cache-Control": "no-store", "Cache-Control": "max-age=60"},
     ("MISS", "response_no_store")),
    ({"CDN-Cache-Control": "Max-Age=60", "Cache-Control": "no-store"},
     ("MISS", "response_no_store")),
    ({"Other-Cache-Control": "max-age=60"}, ("MISS", "no_freshness")),
])
def test_the_first_usable_field_decides(cached, origin, fields, expected):
    assert verdict(second(cached, origin, fields)) == expected


def test_edge_cache_control_is_for_this_cache_alone(cached, origin):
    origin.on("/", Reply(headers={
        "Edge-Cache-Control": "max-age=60",
        "CDN-Cache-Control": "max-age=30", "Cache-Control": "no-cache"}))
    nginx = cached()
    for expected in "MISS", "HIT":
        response = nginx.get("/")
        assert response["X-Cache"] == expected
        assert response["Edge-Cache-Control"] is None
        assert response["CDN-Cache-Control"] == "max-age=30"
        assert response["Cache-Control"] == "no-cache"


def test_edge_cache_control_is_hidden_when_nothing_is_stored(cached, origin):
    origin.on("/", Reply(headers={"Edge-Cache-Control": "no-store"}))
    response = cached().get("/", method="POST", body=b"")
    assert response["X-Cache"] == "BYPASS"
    assert response["Edge-Cache-Control"] is None


def test_ignored_targeted_fields_leave_it_to_the_next(cached, origin):
    response = second(
        cached, origin,
        {"CDN-Cache-Control": "no-store", "Cache-Control": "max-age=60"},
        "edge_cache_ignore_headers CDN-Cache-Control;")
    assert verdict(response) == ("HIT", None)


def test_a_heuristic_is_off_until_asked_for(cached, origin):
    fields = {"Last-Modified": formatdate(time.time() - 3600, usegmt=True)}
    assert verdict(second(cached, origin, fields)) == ("MISS", "no_freshness")


@pytest.mark.parametrize("setting, low, high", [
    ("10%", 350, 360), ("100% max=50s", 45, 50)])
def test_a_heuristic_lifetime(cached, origin, setting, low, high):
    fields = {"Last-Modified": formatdate(time.time() - 3600, usegmt=True)}
    response = second(cached, origin, fields, f"""
        edge_cache_heuristic {setting};
        add_header X-Cache $edge_cache_status always;
        add_header X-Ttl $edge_cache_ttl always;""")
    assert response["X-Cache"] == "HIT"
    assert low <= int(response["X-Ttl"]) <= high


@pytest.mark.parametrize("text, message", [
    ("0%", 'write a part from 1% to 100%, or "off"'),
    ("10", 'write a part from 1% to 100%, or "off"'),
    ("10% 24h", "write max=TIME, such as max=24h"),
    ("10%; edge_cache_heuristic off", "is duplicate")])
def test_what_a_heuristic_cannot_be(cached, text, message):
    nginx = cached()
    code, said = nginx.check_config(nginx.conf.replace(
        "edge_cache z;", f"edge_cache z; edge_cache_heuristic {text};"))
    assert code != 0 and message in said
