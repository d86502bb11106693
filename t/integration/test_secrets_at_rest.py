"""Credentials that select an answer are not stored with it."""

import pytest

from lib.fleet import object_keys, wait_stored
from lib.origin import Reply

SECRET = "hunter2-correct-horse"
PUBLIC = {"Cache-Control": "public, max-age=60"}


@pytest.mark.parametrize("vary, headers, location", [
    ("Authorization", {"Authorization": f"Bearer {SECRET}"}, ""),
    ("Cookie", {"Cookie": f"session={SECRET}"}, ""),
    ("X-Api-Key", {"X-Api-Key": SECRET}, ""),
    (None, {"Authorization": f"Bearer {SECRET}"},
     "edge_cache_authorization key;"),
    (None, {"Cookie": f"session={SECRET}"},
     "edge_cache_cookies key session;"),
])
def test_redis_has_no_credential(fleet, origin, redis, vary, headers,
                                 location):
    origin.on("/", lambda request: Reply(
        headers={**PUBLIC, **({"Vary": vary} if vary else {})}, body=b"x"))
    a, = fleet.start(1, location=location)
    a.get("/", headers)
    wait_stored(a, 2 if vary else 1)
    assert a.get("/", headers)["X-Cache"] == "HIT"
    kept = []
    for key in object_keys(redis):
        kept += [key, redis.command("GET", key)]
    assert kept
    for text in kept:
        assert SECRET.encode() not in text
