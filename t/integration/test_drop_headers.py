"""edge_cache_drop_headers: fields of one answer and no other."""

from lib.cached import verdict
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Reply

DROP = "edge_cache_drop_headers X-Request-Id Server-Timing;"
OWN = {"X-Request-ID": "1", "Server-Timing": ["a", "b"]}
FRESH = {"Cache-Control": "max-age=60", "X-Kept": "k"}


def test_they_are_sent_with_the_answer_they_came_with(cached, origin):
    origin.on("/", Reply(headers={**FRESH, **OWN}))
    nginx = cached(DROP)
    miss, hit = nginx.get("/"), nginx.get("/")
    assert (miss["X-Request-Id"], miss.all("Server-Timing")) == ("1",
                                                                 ["a", "b"])
    assert verdict(hit) == ("HIT", None)
    assert hit["X-Kept"] == "k"
    assert hit["X-Request-Id"] is None and hit["Server-Timing"] is None


def test_without_the_directive_all_fields_are_stored(cached, origin):
    origin.on("/", Reply(headers={**FRESH, **OWN}))
    nginx = cached()
    nginx.get("/")
    assert nginx.get("/")["X-Request-Id"] == "1"


def test_those_of_a_304_go_to_who_has_asked(cached, origin):
    origin.on("/", [Reply(headers={"Cache-Control": "no-cache", "ETag": '"1"',
                                   "X-Request-Id": "1"}, body=b"x"),
                    Reply(304, {**FRESH, "ETag": '"1"', "X-Request-Id": "2"})])
    nginx = cached(DROP)
    nginx.get("/")
    confirmed, hit = nginx.get("/"), nginx.get("/")
    assert (confirmed["X-Cache"], confirmed["X-Request-Id"]) == (
        "REVALIDATED", "2")
    assert (hit["X-Cache"], hit["X-Request-Id"]) == ("HIT", None)


def test_redis_has_none_either(fleet, origin):
    origin.on("/", Reply(headers={**FRESH, **OWN}))
    a, b = fleet.start(2, location=DROP)
    a.get("/")
    wait_stored(a, 1)
    hit = b.get("/")
    assert origin_of_hit(hit) == ("HIT", "redis")
    assert hit["X-Request-Id"] is None
