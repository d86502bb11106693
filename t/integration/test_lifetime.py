"""How long an answer is served: what decides, in which order."""

import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from lib.cached import verdict
from lib.origin import Reply


def http_date(seconds):
    return formatdate(time.time() + seconds, usegmt=True)


@pytest.fixture
def ttl(cached, origin):
    """The lifetime that an answer with these fields gets, None: not stored;
    then the reason is the second."""
    def measure(fields, location="", status=200):
        origin.on("/", Reply(status, fields, b"x"))
        nginx = cached(location + """
            add_header X-Cache $edge_cache_status always;
            add_header X-Reason $edge_cache_reason always;
            add_header X-Ttl $edge_cache_ttl always;""")
        miss = nginx.get("/")
        assert miss["X-Cache"] == "MISS"
        hit = nginx.get("/")
        stored = hit["X-Cache"] == "HIT"
        assert stored == (miss["X-Reason"] is None)
        assert stored == (miss["X-Ttl"] is not None)
        return int(miss["X-Ttl"]) if stored else miss["X-Reason"]

    return measure


def near(value, expected):
    return isinstance(value, int) and expected - 5 <= value <= expected


@pytest.mark.parametrize("fields, expected", [
    ({"Cache-Control": "max-age=100"}, 100),
    ({"Cache-Control": "s-maxage=200, max-age=100"}, 200),
    ({"Cache-Control": ["max-age=100", "s-maxage=200"]}, 200),
    ({"Cache-Control": 'MAX-AGE="100"'}, 100),
    ({"Cache-Control": "max-age=100, x=\"no-store, private\""}, 100),
    ({"Cache-Control": "max-age=99999999999999"}, None),
    ({"X-Accel-Expires": "300", "Cache-Control": "max-age=100"}, 300),
    ({"X-Accel-Expires": "300", "Cache-Control": "no-store"}, 300),
    ({"Cache-Control": "max-age=100", "Age": "40"}, 60),
    ({"X-Accel-Expires": "100", "Age": "40"}, 100),
    ({"Cache-Control": "public, must-revalidate, max-age=100"}, 100),
])
def test_lifetime_of_the_origin(ttl, fields, expected):
    value = ttl(fields)
    assert value > 2 ** 30 if expected is None else near(value, expected)


def test_x_accel_expires_as_a_time(ttl):
    assert near(ttl({"X-Accel-Expires": f"@{int(time.time()) + 100}"}), 100)


def test_expires_counts_from_date(ttl):
    assert near(ttl({"Date": http_date(0), "Expires": http_date(100)}), 100)
    assert ttl({"Date": http_date(-1000), "Expires": http_date(-900)}) == (
        "expired_on_arrival")


def test_max_age_goes_before_expires(ttl):
    assert near(ttl({"Cache-Control": "max-age=100",
                     "Expires": http_date(-50)}), 100)


@pytest.mark.parametrize("fields, reason", [
    ({}, "no_freshness"),
    ({"Cache-Control": "no-store, max-age=60"}, "response_no_store"),
    ({"Cache-Control": ["max-age=60", "no-store"]}, "response_no_store"),
    ({"Cache-Control": "private, max-age=60"}, "response_private"),
    ({"Cache-Control": "no-cache, max-age=60"}, "response_no_cache"),
    ({"Cache-Control": "max-age=0"}, "expired_on_arrival"),
    ({"Cache-Control": "s-maxage=0, max-age=60"}, "expired_on_arrival"),
    ({"Cache-Control": "max-age=-1"}, "expired_on_arrival"),
    ({"Cache-Control": "max-age=60x"}, "expired_on_arrival"),
    ({"Cache-Control": "max-age=60", "Age": "60"}, "expired_on_arrival"),
    ({"Expires": "0"}, "expired_on_arrival"),
    ({"Expires": http_date(-10)}, "expired_on_arrival"),
    ({"X-Accel-Expires": "0", "Cache-Control": "max-age=60"},
     "accel_expires"),
])
def test_reasons_not_to_store(ttl, fields, reason):
    assert ttl(fields) == reason


# edge_cache_valid

@pytest.mark.parametrize("location, status, expected", [
    ("edge_cache_valid 70s;", 200, 70),
    ("edge_cache_valid 70s;", 301, 70),
    ("edge_cache_valid 70s;", 404, "no_freshness"),
    ("edge_cache_valid 404 410 50s; edge_cache_valid 70s;", 410, 50),
    ("edge_cache_valid any 20s;", 404, 20),
    ("edge_cache_valid 200 70s; edge_cache_valid any 20s;", 200, 70),
    ("edge_cache_valid any 20s; edge_cache_valid 200 70s;", 200, 20),
    ("edge_cache_valid any 20s;", 429, "status"),
    ("edge_cache_valid 200 0;", 200, "no_freshness"),
    ("edge_cache_valid 1h30m;", 200, 5400),
])
def test_edge_cache_valid(ttl, location, status, expected):
    value = ttl({}, location, status)
    assert (near(value, expected) if isinstance(expected, int)
            else value == expected)


@pytest.mark.parametrize("fields, expected", [
    ({"Cache-Control": "max-age=10"}, 10),
    ({"Expires": "0"}, "expired_on_arrival"),
    ({"X-Accel-Expires": "20"}, 20),
    ({"Cache-Control": "no-store"}, "response_no_store"),
    ({"Cache-Control": "public"}, 70)])
def test_the_origin_goes_before_edge_cache_valid(ttl, fields, expected):
    value = ttl(fields, "edge_cache_valid 70s;")
    assert (near(value, expected) if isinstance(expected, int)
            else value == expected)


def test_each_location_has_its_own_times(cached, origin):
    origin.headers = {}
    nginx = cached("edge_cache_valid 60s;",
                   locations={"/no": "edge_cache z;"})
    nginx.get("/")
    assert verdict(nginx.get("/"))[0] == "HIT"
    assert verdict(nginx.get("/no")) == ("MISS", "no_freshness")


def test_edge_cache_valid_is_inherited_as_a_whole(cached, origin):
    origin.headers = {}
    nginx = cached(server="edge_cache_valid 200 60s;", locations={
        "/a": "edge_cache z;",
        "/b": "edge_cache z; edge_cache_valid 404 60s;"})
    nginx.get("/a")
    assert verdict(nginx.get("/a"))[0] == "HIT"
    assert verdict(nginx.get("/b")) == ("MISS", "no_freshness")


# edge_cache_ignore_headers

@pytest.mark.parametrize("ignored, fields, expected", [
    ("Cache-Control", {"Cache-Control": "no-store"}, 70),
    ("Cache-Control", {"Cache-Control": "max-age=5"}, 70),
    ("Cache-Control Expires", {"Cache-Control": "private",
                               "Expires": "0"}, 70),
    ("Expires", {"Expires": "0"}, 70),
    ("X-Accel-Expires", {"X-Accel-Expires": "0"}, 70),
    ("Expires", {"Cache-Control": "max-age=5"}, 5),
    ("Cache-Control", {"X-Accel-Expires": "5"}, 5),
    ("Set-Cookie", {"Set-Cookie": "a=b"}, 70),
])
def test_edge_cache_ignore_headers(ttl, ignored, fields, expected):
    assert near(ttl(fields, f"edge_cache_ignore_headers {ignored};"
                            "edge_cache_valid 70s;"), expected)


# In real time

@pytest.mark.parametrize("fields, location", [
    ({"Cache-Control": "max-age=1"}, ""),
    ({}, "edge_cache_valid 1s;"),
    ({}, "edge_cache_valid 900ms;"),
    ({"Cache-Control": "max-age=61", "Age": "60"}, "")])
def test_what_has_expired_is_fetched_again(cached, origin, fields, location):
    # A Date would count: it may be up to a second old when it is sent.
    origin.headers = {"Date": None, **fields}
    nginx = cached(location)
    first = nginx.get("/").json()["version"]
    origin.bump()
    started = time.monotonic()
    versions = []
    while time.monotonic() - started < 2.5:
        versions.append((time.monotonic() - started,
                         nginx.get("/").json()["version"]))
        if versions[-1][1] != first:
            break
        time.sleep(0.02)
    assert versions[0][1] == first
    assert 0.7 <= versions[-1][0] <= 2.2
    assert versions[-1][1] == first + 1


def test_half_a_second_is_not_rounded_away(cached, origin):
    origin.headers = {}
    nginx = cached("edge_cache_valid 500ms;")
    nginx.get("/")
    assert verdict(nginx.get("/"))[0] == "HIT"
    time.sleep(0.7)
    assert verdict(nginx.get("/"))[0] == "MISS"


def test_jitter_spreads_what_was_fetched_together(cached, origin):
    origin.headers = {"Cache-Control": "max-age=1000"}
    nginx = cached("edge_cache_ttl_jitter 50%;"
                   " add_header X-Ttl $edge_cache_ttl always;")
    left = [int(nginx.get(f"/{i}")["X-Ttl"]) for i in range(40)]
    assert all(495 <= ttl <= 1000 for ttl in left)
    # Of 40 even draws the extremes are closer once in 10^9 times.
    assert max(left) - min(left) > 200


def by_a_clock(seconds, **fields):
    return {"Date": http_date(seconds), "Cache-Control": "max-age=60", **fields}


def test_an_origin_whose_clock_is_ahead_makes_nothing_younger(cached, origin):
    origin.on("/", Reply(headers=by_a_clock(3600, Age="5")))
    nginx = cached("add_header X-Cache $edge_cache_status always;"
                   "add_header X-Ttl $edge_cache_ttl always;")
    nginx.get("/")
    hit = nginx.get("/")
    assert hit["X-Cache"] == "HIT"
    assert 5 <= int(hit["Age"]) <= 10 and 50 <= int(hit["X-Ttl"]) <= 55


def test_an_origin_whose_clock_is_behind_makes_all_of_it_old(cached, origin):
    origin.on("/", Reply(headers=by_a_clock(-3600)))
    nginx = cached()
    for _ in range(2):
        assert verdict(nginx.get("/")) == ("MISS", "expired_on_arrival")


def test_a_clock_that_is_behind_may_be_ignored(cached, origin):
    """Expires still counts from Date: one clock has told both."""
    origin.on("/", Reply(headers=by_a_clock(-3600)))
    origin.on("/expires", Reply(headers=by_a_clock(-3600, **{
        "Cache-Control": "public", "Expires": http_date(-3540)})))
    nginx = cached("edge_cache_ignore_headers Date;"
                   "add_header X-Cache $edge_cache_status always;"
                   "add_header X-Ttl $edge_cache_ttl always;")
    for target in "/", "/expires":
        nginx.get(target)
        hit = nginx.get(target)
        assert hit["X-Cache"] == "HIT", target
        assert int(hit["Age"]) <= 5 and 55 <= int(hit["X-Ttl"]) <= 61
        # It says when it was received.
        date = parsedate_to_datetime(hit["Date"]).timestamp()
        assert abs(date - time.time()) < 30


def test_without_the_origin_s_date_a_time_is_a_weak_validator(cached, origin):
    """Two clocks cannot tell that it did not change twice in a second (RFC
    9110 8.8.2.2)."""
    modified = "Mon, 02 Nov 2020 10:00:00 GMT"
    for target, date in ("/", None), ("/dated", http_date(0)):
        origin.on(target, Reply(headers={
            "Cache-Control": "max-age=60", "Last-Modified": modified,
            "Date": date}, body=b"0123"))
    nginx = cached()
    asking = {"Range": "bytes=0-0", "If-Range": modified}
    for target, status in ("/", 200), ("/dated", 206):
        nginx.get(target)
        assert nginx.get(target, asking).status == status
