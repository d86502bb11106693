"""Clocks that disagree: what one server stores is not fresh for longer on
another."""

import glob
import time

import pytest

from lib.cached import verdict
from lib.fleet import wait_stored
from lib.nginx import NGINX_BIN
from lib.origin import Reply

VALID = "edge_cache_valid 2s;"
CHANGED = [Reply(headers={"ETag": '"1"'}, body=b"old"),
           Reply(headers={"ETag": '"2"'}, body=b"new")]

# Nothing can be loaded before a sanitizer.
pytestmark = pytest.mark.skipif(NGINX_BIN != "nginx",
                                reason="this nginx may be a sanitized one")


@pytest.fixture
def by_clock(fleet, monkeypatch):
    """An instance whose clock is ahead by some time, such as "+1h"."""
    def start(offset):
        library, = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        monkeypatch.setenv("LD_PRELOAD", library)
        monkeypatch.setenv("FAKETIME", offset)
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        nginx, = fleet.start(1, location=VALID)
        for name in "LD_PRELOAD", "FAKETIME":
            monkeypatch.delenv(name)
        return nginx

    return start


def test_what_a_clock_ahead_has_stored_is_not_fresh_for_longer(
        fleet, by_clock, origin):
    origin.on("/", CHANGED)
    ahead = by_clock("+1h")
    right, = fleet.start(1, location=VALID)
    assert ahead.get("/").body == b"old"
    wait_stored(ahead, 1)
    right.get("/")
    time.sleep(2.1)
    assert right.get("/").body == b"new"


def test_a_clock_ahead_uses_what_one_behind_has_stored_no_longer(
        fleet, by_clock, origin):
    """By its own it is an hour old."""
    origin.on("/", CHANGED)
    ahead = by_clock("+1h")
    right, = fleet.start(1, location=VALID)
    right.get("/")
    wait_stored(right, 1)
    assert ahead.get("/").body == b"new"


def test_what_a_clock_ahead_has_stored_may_be_confirmed(fleet, by_clock,
                                                        origin):
    origin.on("/", [Reply(headers={"ETag": '"1"'}, body=b"x"),
                    Reply(304, {"ETag": '"1"', "Cache-Control": "max-age=60"}),
                    Reply(503)])
    ahead = by_clock("+1h")
    right, = fleet.start(1, location=VALID)
    ahead.get("/")
    wait_stored(ahead, 1)
    assert verdict(right.get("/"))[0] == "REVALIDATED"
    assert verdict(right.get("/"))[0] == "HIT"
