"""What is stale is sent in place of a fetch that is over a limit."""

import pytest

from lib.cached import metric, purge, verdict
from lib.client import answers
from lib.fleet import wait_stored
from lib.origin import Reply
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting

ZONE = "edge_limit_zone all zone=origin:1m rate=1r/h burst={} {};"
LIMIT = "edge_limit zone=origin on=miss stale; {}"
FALLBACK = "edge_limit_fallback {};"
SHOW = ("add_header X-Limit $edge_limit_status always;"
        "add_header X-Cache $edge_cache_status always;"
        "add_header X-Reason $edge_cache_reason always;")


def aged(words, age=11):
    return {"Cache-Control": words, "Age": str(age)}


IF_ERROR = aged("max-age=10, stale-if-error=60")


@pytest.fixture
def spent(cached, origin):
    """Before a limit of one fetch, which has been used for /p."""
    def start(fields=IF_ERROR, limit=LIMIT, burst=1, more="", http="",
              zone="", **pieces):
        origin.on("/p", Reply(headers=fields, body=b"old"))
        nginx = cached(limit.format("") + SHOW + more,
                       http=ZONE.format(burst, zone) + http, **pieces)
        wait_until(lambda: nginx.get("/p").body == b"old",
                   what="limits and an answer")
        return nginx

    return start


def test_instead_of_a_refusal(spent, origin):
    nginx = spent()
    response = nginx.get("/p")
    assert (response.status, response.body) == (200, b"old")
    assert verdict(response) == ("STALE", None)
    assert response["X-Limit"] == "STALE"
    assert response["RateLimit"].startswith('"origin";r=0;t=')
    assert response["Retry-After"] is None
    assert "no-store" not in response["Cache-Control"]
    assert origin.count("/p") == 1
    assert metric(nginx, "edge_limit_decisions_total", zone="origin",
                  result="STALE", source="local") == 1
    assert metric(nginx, "edge_limit_decisions_total", zone="origin",
                  result="REJECTED") == 0
    nginx.wait_for_log(r'limiting requests, stale, excess: .* by zone "origin"')


def test_without_the_word_it_is_refused(spent):
    nginx = spent(limit="edge_limit zone=origin on=miss; {}")
    response = nginx.get("/p")
    assert (response.status, response["X-Limit"]) == (429, "REJECTED")


def test_what_was_never_stored_is_refused(spent):
    nginx = spent()
    response = nginx.get("/other")
    assert (response.status, response["X-Limit"]) == (429, "REJECTED")
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("words, more, status", [
    ("max-age=10, stale-if-error=60", "", 200),
    ("max-age=10", "", 429),
    ("max-age=10", "edge_cache_use_stale http_429 1m;", 200),
    ("max-age=10", "edge_cache_use_stale updating 1m;"
     "edge_cache_background_update off;", 200),
    ("max-age=10", "edge_cache_use_stale error 1m;", 200),
    ("max-age=10", "edge_cache_use_stale http_500 1m;", 429),
    ("max-age=10, stale-if-error=60", "edge_cache_use_stale off;", 429),
    ("max-age=10, stale-if-error=60, must-revalidate", "", 429),
    ("s-maxage=10, stale-if-error=60", "", 429),
    ("max-age=10, stale-while-revalidate=60",
     "edge_cache_background_update off;", 200)])
def test_what_may_be_sent(spent, origin, words, more, status):
    nginx = spent(aged(words), more=more + "edge_cache_revalidate off;")
    assert nginx.get("/p").status == status
    assert origin.count("/p") == 1


def test_nothing_is_fetched_behind_it(spent, origin):
    """An answer that is sent as another asks would be fetched meanwhile."""
    nginx = spent(aged("max-age=10, stale-while-revalidate=60"),
                  more="edge_cache_background_update off;")
    for _ in range(5):
        assert verdict(nginx.get("/p")) == ("STALE", None)
    assert origin.count("/p") == 1
    assert metric(nginx, "edge_cache_refreshes_total") == 0


def test_what_was_purged_is_not_sent(spent):
    nginx = spent()
    purge(nginx, url="/p")
    assert nginx.get("/p").status == 429


def test_what_was_purged_softly_is(spent):
    nginx = spent({"Cache-Control": "max-age=60, stale-if-error=60"})
    purge(nginx, url="/p", mode="soft")
    response = nginx.get("/p")
    assert (response.status, response["X-Limit"]) == (200, "STALE")


def test_who_wants_it_fresh_is_refused(spent):
    nginx = spent(more="edge_cache_client_control on;")
    fields = {"Cache-Control": "max-age=0"}
    assert nginx.get("/p", headers=fields).status == 429
    assert nginx.get("/p").status == 200


def test_a_limit_without_the_word_refuses_all_the_same(spent):
    nginx = spent(more="edge_limit zone=strict on=miss;",
                  http="edge_limit_zone all zone=strict:1m rate=1r/h;")
    response = nginx.get("/p")
    assert (response.status, response["X-Limit"]) == (429, "REJECTED")


def test_in_dry_run_it_is_fetched(spent, origin):
    nginx = spent(more="edge_limit_dry_run on;")
    response = nginx.get("/p")
    assert response["X-Limit"] == "REJECTED_DRY_RUN"
    assert origin.count("/p") == 2


def test_while_redis_is_away_and_the_fallback_closed(spent, redis):
    nginx = spent(zone="redis=main", redis=redis, burst=100,
                  more=FALLBACK.format("closed after=1s"))
    redis.kill()
    wait_until(lambda: nginx.get("/p")["X-Limit"] == "STALE",
               what="something stale")
    response = nginx.get("/p")
    assert (response.status, response["RateLimit"]) == (200, None)
    assert nginx.get("/other").status == 503


# Who pays

@pytest.fixture
def fleets(fleet):
    """Instances with a limit of two fetches over all of them."""
    def start(count, **pieces):
        return fleet.start(
            count, http=ZONE.format(2, "redis=main"),
            location=LIMIT.format("") + SHOW
            + FALLBACK.format("local after=1s"),
            server=STATUS, **pieces)

    return start


def test_waiters_here_and_elsewhere_are_free(fleets, origin, gate):
    origin.on("/p", Reply(headers={"Cache-Control": "max-age=60"}, body=b"x",
                          wait=gate))
    instances = fleets(2)
    first = ask(instances[0], 1, "/p")
    origin.wait_for("/p")
    clients = [client for nginx in instances for client in ask(nginx, 20, "/p")]
    for nginx in instances:
        waiting(nginx, 20)
    gate.set()
    responses = answers(first + clients)
    assert {r.body for r in responses} == {b"x"}
    assert origin.count("/p") == 1
    # One of two was charged, so there is one left for another.
    assert instances[1].get("/other").status == 200
    assert instances[0].get("/third").status == 429


def test_stale_serves_are_free_and_come_from_redis_too(fleets, origin):
    origin.on("/p", Reply(headers=IF_ERROR, body=b"old"))
    a, b = fleets(2)
    assert a.get("/p").body == b"old"
    wait_stored(a, 1)
    assert a.get("/other").status == 200
    for nginx in a, b:
        for _ in range(5):
            response = nginx.get("/p")
            assert (response.status, response["X-Limit"]) == (200, "STALE")
    assert origin.count("/p") == 1


def test_waiters_of_a_refused_leader_are_answered(fleets, origin):
    """One after the other takes its place, and none fetches."""
    origin.on("/p", Reply(headers=IF_ERROR, body=b"old"))
    nginx, = fleets(1)
    assert nginx.get("/p").status == 200
    assert nginx.get("/other").status == 200
    responses = answers(ask(nginx, 50, "/p"))
    assert {r.body for r in responses} == {b"old"}
    assert origin.count("/p") == 1
