"""edge_cache_age_header: for how long clients keep what is kept for longer
here (RFC 9213 2.3)."""

import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from lib.cached import verdict
from lib.origin import Reply

OFF = "edge_cache_age_header off;"


def at(seconds):
    return formatdate(time.time() + seconds, usegmt=True)


def since(response, name):
    """Seconds from now."""
    return parsedate_to_datetime(response[name]).timestamp() - time.time()


@pytest.fixture
def hit(cached, origin):
    """A hit of what the origin has made 100 seconds ago."""
    def start(location, **fields):
        fields = {name.replace("_", "-"): v for name, v in fields.items()}
        origin.on("/", Reply(headers={"Date": at(-100), **fields}, body=b"x"))
        nginx = cached(location)
        nginx.get("/")
        response = nginx.get("/")
        assert verdict(response) == ("HIT", None)
        return response

    return start


def test_by_default_they_are_told_how_old_it_is(hit):
    response = hit("", Edge_Cache_Control="max-age=600",
                   Cache_Control="max-age=60", Expires=at(-40))
    assert 100 <= int(response["Age"]) <= 110
    assert -110 <= since(response, "Date") <= -99
    assert -60 <= since(response, "Expires") <= -30


@pytest.mark.parametrize("lifetime", [
    {"Edge_Cache_Control": "max-age=600"}, {"X_Accel_Expires": "600"}])
def test_off_it_is_new_to_them(hit, lifetime):
    response = hit(OFF, Cache_Control="max-age=60", Expires=at(-40),
                   **lifetime)
    assert response["Age"] is None
    assert -5 <= since(response, "Date") <= 1
    assert 50 <= since(response, "Expires") <= 61
    assert response["Cache-Control"] == "max-age=60"


def test_off_expires_alone_moves_on(hit):
    response = hit(OFF, Edge_Cache_Control="max-age=600", Expires=at(-40))
    assert response["Age"] is None
    assert 50 <= since(response, "Expires") <= 61


@pytest.mark.parametrize("fields", [
    {"Cache_Control": "max-age=600"},
    {"Edge_Cache_Control": "max-age=200", "Cache_Control": "max-age=600"},
    {"Edge_Cache_Control": "max-age=600"}])
def test_off_they_are_told_where_they_keep_it_as_long(hit, fields):
    response = hit(OFF, **fields)
    assert 100 <= int(response["Age"]) <= 110
    assert -110 <= since(response, "Date") <= -99


def test_off_what_is_stale_says_so(cached, origin):
    origin.on("/", [Reply(headers={
        "Cache-Control": "max-age=5", "Date": at(-100),
        "Edge-Cache-Control": "max-age=50, stale-if-error=600"}), Reply(503)])
    nginx = cached(OFF)
    nginx.get("/")
    response = nginx.get("/")
    assert verdict(response) == ("STALE", None)
    assert 100 <= int(response["Age"]) <= 110
