"""Cache-Control in requests (RFC 9111 5.2.1)."""

import time

import pytest

from lib.cached import metric, verdict
from lib.fleet import wait_stored
from lib.origin import Reply

ON = "edge_cache_client_control on;"


@pytest.fixture
def stored(cached, origin):
    """An answer of the age 20 that is fresh for 40 more seconds."""
    def start(location=ON, **pieces):
        origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                      "Age": "20"}, body=b"x"))
        nginx = cached(location, **pieces)
        nginx.get("/")
        return nginx

    return start


def ask(nginx, control, target="/"):
    return nginx.get(target, {"Cache-Control": control})


@pytest.mark.parametrize("control", [
    "max-age=30", "min-fresh=30", "max-stale", "no-store", "no-transform",
    "only-if-cached", "unknown=1", "max-age=99999999999999999999",
    'x="no-cache"'])
def test_what_the_stored_answer_satisfies(stored, control):
    assert verdict(ask(stored(), control)) == ("HIT", None)


@pytest.mark.parametrize("control, status", [
    ("max-age=10", "MISS"), ("max-age=0", "MISS"), ("max-age=x", "MISS"),
    ("min-fresh=50", "MISS"), ("no-cache", "BYPASS")])
def test_what_it_does_not_satisfy(stored, origin, control, status):
    nginx = stored()
    response = ask(nginx, control)
    assert response["X-Cache"] == status
    assert origin.count("/") == 2
    # The new answer is stored as any other.
    assert nginx.get("/")["X-Cache"] == "HIT"


@pytest.mark.parametrize("control, status", [
    ("max-age=0", "HIT"), ("no-cache", "BYPASS"),
    ("max-age=0, no-cache", "BYPASS"), ("max-age=0, min-fresh=50", "MISS")])
def test_a_reload_of_what_is_immutable_is_a_hit(cached, origin, control,
                                                status):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60, immutable",
                                  "Age": "20"}, body=b"x"))
    nginx = cached(ON)
    nginx.get("/")
    assert ask(nginx, control)["X-Cache"] == status


def test_what_a_client_asks_reaches_the_origin_as_it_was(cached, origin):
    control = 'max-age=0 , x="a, no-store", Y'
    ask(cached(ON), control)
    assert origin.seen("/")[0].all("Cache-Control") == [control]


def test_a_refusal_is_counted(stored):
    nginx = stored()
    assert verdict(ask(nginx, "no-cache")) == ("BYPASS", "client_control")
    assert metric(nginx, "edge_cache_refused_total",
                  reason="client_control") == 1


def ignored(nginx):
    return metric(nginx, "edge_cache_client_control_ignored_total")


def test_pragma_stands_in_for_cache_control_alone(stored):
    nginx = stored()
    assert nginx.get("/", {"Pragma": "no-cache"})["X-Cache"] == "BYPASS"
    assert nginx.get("/", {"Pragma": "no-cache", "Cache-Control": "max-age=60"}
                     )["X-Cache"] == "HIT"


def test_no_store_keeps_the_new_answer_out(cached, origin):
    nginx = cached(ON)
    assert verdict(ask(nginx, "no-store")) == ("MISS", "request_no_store")
    assert nginx.get("/")["X-Cache"] == "MISS"


@pytest.mark.parametrize("control", [
    "no-cache", "max-age=0", "min-fresh=50", "no-store"])
def test_off_clients_have_no_say(stored, control):
    nginx = stored("")
    assert verdict(ask(nginx, control)) == ("HIT", None)
    assert ignored(nginx) == 1


def test_what_is_not_ignored_is_not_counted_so(stored):
    nginx = stored("")
    for control in "only-if-cached", "no-transform", "x=no-store":
        ask(nginx, control)
    assert ignored(nginx) == 0
    nginx = stored()
    ask(nginx, "no-cache")
    assert ignored(nginx) == 0


@pytest.mark.parametrize("location", ["", ON])
def test_only_if_cached_is_a_hit_or_504(stored, origin, location):
    nginx = stored(location)
    assert ask(nginx, "only-if-cached").status == 200
    response = ask(nginx, "only-if-cached", "/other")
    assert response.status == 504
    assert verdict(response) == ("MISS", "only_if_cached")
    assert origin.count("/other") == 0


def test_only_if_cached_counts_where_the_cache_is_passed_by(stored, origin):
    nginx = stored("edge_cache_bypass 1;")
    response = ask(nginx, "only-if-cached")
    assert response.status == 504
    assert verdict(response) == ("BYPASS", "only_if_cached")
    assert origin.count("/") == 1


def test_only_if_cached_says_nothing_of_other_methods(stored, origin):
    response = stored().get("/", {"Cache-Control": "only-if-cached"}, "POST",
                            b"x")
    assert verdict(response) == ("BYPASS", "method")
    assert origin.count("/") == 2


def test_an_error_page_for_504_is_shown(stored):
    nginx = stored(server="""
        error_page 504 /sorry;
        location = /sorry { return 504 sorry; }""")
    response = ask(nginx, "only-if-cached", "/other")
    assert response.status == 504
    assert response.text == "sorry"


@pytest.mark.parametrize("words, location", [
    (", stale-if-error=60", ""),
    ("", "edge_cache_use_stale error timeout 1m;"),
    (", stale-if-error=60", "error_page 504 /sorry;")])
def test_a_504_for_only_if_cached_is_no_failure_of_the_origin(
        cached, origin, words, location):
    """What is stale was sent in its place, and to all others for a while."""
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=10" + words,
                                   "Age": "15"}, body=b"old"),
                    Reply(headers=VALIDATED, body=b"new")])
    nginx = cached(location, locations={"/sorry": "edge_cache z;"})
    nginx.get("/")
    assert ask(nginx, "only-if-cached").status == 504
    assert nginx.get("/").body == b"new"


def test_only_if_cached_is_answered_from_redis(fleet, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}))
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    assert ask(b, "only-if-cached").status == 200
    assert ask(b, "only-if-cached", "/other").status == 504


VALIDATED = {"Cache-Control": "max-age=60", "ETag": '"1"'}


@pytest.mark.parametrize("control", ["no-cache", "max-age=0"])
def test_who_wants_it_checked_has_it_confirmed(cached, origin, control):
    origin.on("/", [Reply(headers=VALIDATED, body=b"x"),
                    Reply(304, VALIDATED)])
    nginx = cached(ON)
    nginx.get("/")
    time.sleep(1.1)
    response = ask(nginx, control)
    assert (verdict(response), response.body) == (("REVALIDATED",
                                                   "client_control"), b"x")
    assert origin.seen("/")[1]["If-None-Match"] == '"1"'


def test_who_wants_it_checked_is_sent_nothing_stale(cached, origin):
    origin.on("/", [Reply(headers={"ETag": '"1"', "Cache-Control":
                                   "max-age=60, stale-if-error=60"}),
                    Reply(503)])
    nginx = cached(ON)
    nginx.get("/")
    assert ask(nginx, "no-cache").status == 503


@pytest.mark.parametrize("control, words, status", [
    ("max-stale", "", "STALE"), ("max-stale=60", "", "STALE"),
    ("max-stale=1", "", "REVALIDATED"),
    ("max-stale", ", must-revalidate", "REVALIDATED"),
    ("max-stale, no-cache", "", "REVALIDATED")])
def test_who_takes_it_stale_gets_it_stale(cached, origin, control, words,
                                          status):
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=10" + words,
                                   "Age": "15", "ETag": '"1"'}),
                    Reply(304, VALIDATED)])
    nginx = cached(ON)
    nginx.get("/")
    assert ask(nginx, control)["X-Cache"] == status


@pytest.mark.parametrize("control, words, status", [
    ("stale-if-error=60", "", 200), ("stale-if-error=1", "", 503),
    ("stale-if-error=60, max-age=60", "", 503),
    ("stale-if-error=60", ", must-revalidate", 503),
    ("stale-if-error=60", ", s-maxage=10", 503)])
@pytest.mark.parametrize("validator", [{}, {"ETag": '"1"'}],
                         ids=["none", "etag"])
def test_who_takes_it_stale_if_the_origin_fails_gets_it(
        cached, origin, control, words, status, validator):
    """RFC 5861 4: the request may say so, too."""
    origin.on("/", [Reply(headers={
        "Cache-Control": "max-age=10, stale-while-revalidate=6" + words,
        "Age": "15", **validator}), Reply(503)])
    nginx = cached(ON + "edge_cache_background_update off;")
    nginx.get("/")
    response = ask(nginx, control)
    assert response.status == status
    if status == 200:
        assert verdict(response) == ("STALE", None)


def test_off_clients_have_no_say_of_what_is_stale(cached, origin):
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=10", "Age": "15",
                                   "ETag": '"1"'}), Reply(503)])
    nginx = cached()
    nginx.get("/")
    assert ask(nginx, "stale-if-error=60").status == 503
