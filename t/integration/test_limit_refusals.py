"""An error page for what a limit refuses: nothing stored takes its place, as
the origin has not failed."""

import itertools

import pytest

from lib.origin import Reply
from lib.stale import IF_ERROR
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}

# Who says who it is is refused: it costs more than ever passes.
ZONE = "edge_limit_zone $http_x_who zone=origin:1m rate=1r/h burst=1 {};"
LIMIT = "edge_limit zone=origin cost=2 {};"
WHO = {"X-Who": "me"}


@pytest.fixture
def refusing(cached, origin):
    """/p is stored; the origin makes the error page for `status`."""
    def start(status, more="", on="on=miss", fields=IF_ERROR, cache="",
              zone="", **pieces):
        origin.on("/p", Reply(headers=fields, body=b"old"))
        origin.on("/sorry", Reply(body=b"sorry"))
        nginx = cached(LIMIT.format(on) + more
                       + f"error_page {status} /sorry;",
                       http=ZONE.format(zone), locations={"/sorry": cache},
                       **pieces)
        assert nginx.get("/p").body == b"old"
        return nginx

    return start


def shown(response):
    return response.status, response.body


def assert_origin_is_asked(nginx, origin):
    """A failure would be remembered, and what is stale sent meanwhile."""
    origin.on("/p", Reply(headers=FRESH, body=b"new"))
    assert nginx.get("/p").body == b"new"


@pytest.mark.parametrize("status, more", [
    (503, "edge_limit_status 503;"),
    (429, "edge_cache_use_stale http_429 1m;")])
@pytest.mark.parametrize("cache", ["edge_cache z;", ""], ids=["cache", "none"])
def test_a_refused_fetch_is_no_failure(refusing, origin, status, more, cache):
    nginx = refusing(status, more, cache=cache)
    assert shown(nginx.get("/p", WHO)) == (status, b"sorry")
    assert_origin_is_asked(nginx, origin)


def test_nor_is_one_while_redis_is_away(refusing, origin, redis):
    nginx = refusing(503, "edge_limit_fallback closed after=1s;",
                     zone="redis=main", redis=redis)
    redis.kill()
    wait_until(lambda: shown(nginx.get("/p", WHO)) == (503, b"sorry"),
               what="a refusal by the fallback")
    assert_origin_is_asked(nginx, origin)


@pytest.mark.parametrize("fields", [FRESH, IF_ERROR], ids=["fresh", "stale"])
def test_what_redis_refuses_is_not_answered_from_memory(refusing, redis,
                                                        fields):
    """It was looked up while Redis was asked."""
    show = "add_header X-Source $edge_limit_source always;"
    nginx = refusing(503, "edge_limit_status 503;", on="", fields=fields,
                     cache=show, zone="redis=main", redis=redis)
    names = itertools.count()  # what was refused once Redis is not asked for

    def is_refused_by_redis():
        response = nginx.get("/p", {"X-Who": str(next(names))})
        assert shown(response) == (503, b"sorry")
        return response["X-Source"] == "redis"

    wait_until(is_refused_by_redis, what="a refusal by Redis")
