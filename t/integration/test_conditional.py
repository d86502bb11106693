"""Conditional requests (RFC 9110 13): answered from stored answers, and
hidden from the origin when an answer is to be stored."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

MODIFIED = "Mon, 02 Nov 2020 10:00:00 GMT"
LATER = "Mon, 02 Nov 2020 10:00:01 GMT"
EARLIER = "Mon, 02 Nov 2020 09:59:59 GMT"

BODY = b"0123456789"


@pytest.fixture
def stored(cached, origin):
    """An nginx that has / stored, with both validators unless told."""
    def start(fields=None, location="", status=200):
        fields = {"ETag": '"one"', "Last-Modified": MODIFIED,
                  "Content-Type": "text/plain", "Content-Language": "de",
                  } if fields is None else fields
        origin.on("/", Reply(status, {"Cache-Control": "max-age=60",
                                      **fields}, BODY))
        nginx = cached(location)
        assert verdict(nginx.get("/"))[0] == "MISS"
        return nginx

    return start


def assert_hit(response, status):
    assert verdict(response) == ("HIT", None)
    assert response.status == status
    assert response.body == (b"" if status == 304 else BODY)


@pytest.mark.parametrize("tags, status", [
    ('"one"', 304), ('W/"one"', 304), ('"two", "one"', 304), ("*", 304),
    ('"a,b" , "one"', 304), ('"two"', 200),
    ('"o", "ne"', 200), ("one", 200), ('"two,"one"', 200), ("", 200)])
def test_if_none_match(stored, tags, status):
    assert_hit(stored().get("/", {"If-None-Match": tags}), status)


def test_if_none_match_compares_weakly(stored):
    nginx = stored({"ETag": 'W/"one"'})
    assert_hit(nginx.get("/", {"If-None-Match": '"one"'}), 304)


@pytest.mark.parametrize("date, status", [
    (MODIFIED, 304), (LATER, 304), (EARLIER, 200), ("yesterday", 200),
    ("Mon, 02 Nov 2020 10:00:00 CET", 200),
    ("Monday, 02-Nov-20 10:00:00 GMT", 304),
    ("Mon Nov  2 10:00:00 2020", 304)])
def test_if_modified_since(stored, date, status):
    assert_hit(stored().get("/", {"If-Modified-Since": date}), status)


def test_if_none_match_goes_before_if_modified_since(stored):
    nginx = stored()
    both = {"If-None-Match": '"two"', "If-Modified-Since": LATER}
    assert_hit(nginx.get("/", both), 200)
    both = {"If-None-Match": '"one"', "If-Modified-Since": EARLIER}
    assert_hit(nginx.get("/", both), 304)


def test_head_gets_a_304_too(stored):
    response = stored().get("/", {"If-None-Match": '"one"'}, method="HEAD")
    assert_hit(response, 304)


def test_conditions_on_errors_are_ignored(stored):
    nginx = stored(status=404)
    assert_hit(nginx.get("/", {"If-None-Match": '"one"'}), 404)


KEPT = {"ETag": '"one"', "Content-Location": "/here", "Vary": "X-A",
        "Expires": LATER, "X-Own": "1"}


def test_a_304_describes_no_body(stored):
    """RFC 9110 15.4.5 says what it has, and what it should not have."""
    nginx = stored({**KEPT, "Last-Modified": MODIFIED,
                    "Content-Type": "text/plain", "Content-Language": "de",
                    "Content-Encoding": "x"})
    response = nginx.get("/", {"If-None-Match": '"one"'})
    assert_hit(response, 304)
    assert {name: response[name] for name in KEPT} == KEPT
    assert response["Cache-Control"] == "max-age=60"
    assert response["Age"] and response["Date"]
    for name in ("Content-Length", "Content-Type", "Content-Encoding",
                 "Content-Language", "Transfer-Encoding", "Last-Modified"):
        assert response[name] is None, name


def test_a_304_without_a_tag_says_when_it_was_modified(stored):
    nginx = stored({"Last-Modified": MODIFIED})
    response = nginx.get("/", {"If-Modified-Since": MODIFIED})
    assert_hit(response, 304)
    assert response["Last-Modified"] == MODIFIED


def test_nginx_own_if_modified_since_has_no_say(stored):
    nginx = stored(location="if_modified_since exact;")
    assert_hit(nginx.get("/", {"If-Modified-Since": LATER}), 304)


@pytest.mark.parametrize("condition", [
    {"If-None-Match": '"one"'}, {"If-Modified-Since": MODIFIED},
    {"If-None-Match": '"a", "one"', "If-Modified-Since": MODIFIED}])
def test_a_condition_on_a_cold_key_is_answered_by_a_stored_200(
        cached, origin, condition):
    def answer(request):
        return Reply(304 if request["If-None-Match"]
                     or request["If-Modified-Since"] else 200,
                     {"Cache-Control": "max-age=60", "ETag": '"one"',
                      "Last-Modified": MODIFIED}, BODY)

    origin.on("/", answer)
    nginx = cached()
    miss = nginx.get("/", condition)
    assert (verdict(miss), miss.status) == (("MISS", None), 200)
    assert_hit(nginx.get("/"), 200)
    assert_hit(nginx.get("/", condition), 304)


def test_conditions_pass_where_nothing_will_be_stored(cached, origin):
    nginx = cached()
    nginx.get("/", {"If-None-Match": '"one"'}, method="POST")
    assert origin.seen("/")[0]["If-None-Match"] == '"one"'


def test_the_log_shows_the_condition_of_a_miss(cached):
    nginx = cached(http='log_format own "$http_if_none_match";',
                   server="access_log own.log own;")
    nginx.get("/", {"If-None-Match": '"one"'})
    nginx.quit()
    with open(nginx.prefix + "/own.log") as file:
        assert "one" in file.read()


@pytest.mark.parametrize("name", ["If-Match", "If-Unmodified-Since"])
def test_preconditions_of_writers_go_to_the_origin(stored, origin, name):
    value = '"two"' if name == "If-Match" else EARLIER
    response = stored().get("/", {name: value})
    assert verdict(response) == ("BYPASS", "precondition")
    assert origin.seen("/")[1][name] == value
