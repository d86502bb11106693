"""Vary (RFC 9110 12.5.5): each client gets the variant made for it."""

import time

import pytest

from lib.cached import metric, verdict
from lib.origin import Reply


def vary(origin, *lines, target="/", **fields):
    """The origin's body tells what it saw in X-A and X-B."""
    def answer(request):
        body = f"{request.all('X-A')} {request.all('X-B')} {origin.version}"
        return Reply(headers={"Cache-Control": "max-age=60",
                              "Vary": list(lines), **fields},
                     body=body.encode())

    origin.on(target, answer)


def check(nginx, headers, expected):
    """The body is that of these headers."""
    response = nginx.get("/", headers)
    assert verdict(response) == (expected, None)
    a, b = ([v for n, v in headers.items() if n == name] for name in
            ("X-A", "X-B"))
    assert response.text.startswith(f"{a} {b} ")


def test_variants_are_kept_apart(cached, origin):
    vary(origin, "X-A")
    nginx = cached()
    for value in ("1", "2", "3", "11", "1, 1"):
        check(nginx, {"X-A": value}, "MISS")
    for value in ("1", "2", "3", "11", "1, 1"):
        check(nginx, {"X-A": value}, "HIT")
    assert origin.count("/") == 5


def test_absent_is_not_empty(cached, origin):
    vary(origin, "X-A")
    nginx = cached()
    check(nginx, {}, "MISS")
    response = nginx.get("/", {"X-A": ""})
    assert verdict(response)[0] == "MISS"
    check(nginx, {}, "HIT")


@pytest.mark.parametrize("lines", [["X-A, X-B"], ["X-A", "X-B"],
                                   ["x-b", "X-a"], [",X-A ,, x-B"]])
def test_all_names_count_however_written(cached, origin, lines):
    vary(origin, *lines)
    nginx = cached()
    for headers in ({"X-A": "1"}, {"X-B": "1"}, {"X-A": "1", "X-B": "1"},
                    {"X-A": "1", "X-B": "2"}, {}):
        check(nginx, headers, "MISS")
        check(nginx, headers, "HIT")


def test_values_of_two_fields_do_not_run_together(cached, origin):
    vary(origin, "X-A, X-B")
    nginx = cached()
    check(nginx, {"X-A": "12", "X-B": "3"}, "MISS")
    check(nginx, {"X-A": "1", "X-B": "23"}, "MISS")


def test_repeated_request_lines_are_not_one_line(cached, origin):
    vary(origin, "X-A")
    nginx = cached()
    check(nginx, {"X-A": "1"}, "MISS")
    assert verdict(nginx.get("/", {"X-A": ["1", "2"]}))[0] == "MISS"
    assert verdict(nginx.get("/", {"X-A": ["1", "2"]}))[0] == "HIT"


@pytest.mark.parametrize("lines", [["*"], ["X-A, *"], ["*", "X-A"],
                                   ["X-A", "*"]])
def test_star_is_never_stored(cached, origin, lines):
    vary(origin, *lines)
    nginx = cached()
    for _ in range(2):
        assert verdict(nginx.get("/")) == ("MISS", "vary_star")


def test_many_names_are_refused(cached, origin):
    vary(origin, ", ".join(f"X-{i}" for i in range(100)))
    nginx = cached()
    assert verdict(nginx.get("/")) == ("MISS", "vary_limit")


def test_what_is_no_name_is_refused(cached, origin):
    vary(origin, "X A")
    assert verdict(cached().get("/")) == ("MISS", "header_invalid")


def test_a_vary_that_appears_replaces_the_answer_for_all(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=b"all"))
    nginx = cached("edge_cache_bypass $arg_b; edge_cache_key k;")
    nginx.get("/")
    assert nginx.get("/", {"X-A": "1"}).body == b"all"
    vary(origin, "X-A")
    nginx.get("/?b=1", {"X-A": "1"})
    check(nginx, {"X-A": "1"}, "HIT")
    check(nginx, {"X-A": "2"}, "MISS")


def test_changed_names_never_cross_variants(cached, origin):
    vary(origin, "X-A")
    nginx = cached("edge_cache_bypass $arg_b; edge_cache_key k;")
    for target in ("/", "/?b=1"):
        for a, b in (("1", "1"), ("1", "2"), ("2", "1")):
            nginx.get(target, {"X-A": a, "X-B": b})
        vary(origin, "X-B")
    for a, b in (("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")):
        body = nginx.get("/", {"X-A": a, "X-B": b}).text
        assert body.startswith(f"['{a}'] ['{b}']")


def test_a_vary_that_goes_away_leaves_no_wrong_variant(cached, origin):
    vary(origin, "X-A")
    nginx = cached("edge_cache_bypass $arg_b; edge_cache_key k;")
    nginx.get("/", {"X-A": "1"})
    vary(origin)
    origin.bump()
    nginx.get("/?b=1", {"X-A": "2"})
    assert "2" in nginx.get("/", {"X-A": "2"}).text.split()[-1]


def test_edge_cache_vary_adds_names(cached, origin):
    nginx = cached("edge_cache_vary X-A; edge_cache_vary x-b;")
    for headers in ({"X-A": "1"}, {"X-B": "1"}, {"X-A": "1", "X-B": "1"}):
        assert verdict(nginx.get("/", headers)) == ("MISS", None)
        assert verdict(nginx.get("/", headers)) == ("HIT", None)
    assert nginx.get("/", {"X-A": "1"})["Vary"] is None


def test_ignored_vary_makes_one_variant(cached, origin):
    vary(origin, "X-A")
    nginx = cached("edge_cache_ignore_headers Vary;")
    nginx.get("/", {"X-A": "1"})
    assert verdict(nginx.get("/", {"X-A": "2"})) == ("HIT", None)


def test_an_accept_encoding_variant_each(cached, origin):
    origin.on("/", lambda request: Reply(
        headers={"Cache-Control": "max-age=60", "Vary": "Accept-Encoding",
                 "Content-Encoding": request["Accept-Encoding"]},
        body=str(request["Accept-Encoding"]).encode()))
    nginx = cached()
    for coding in ("br", "gzip", None):
        for _ in range(2):
            headers = {"Accept-Encoding": coding} if coding else {}
            response = nginx.get("/", headers)
            assert response["Content-Encoding"] == coding
            assert response.body == str(coding).encode()


def test_a_short_lived_variant_does_not_take_the_others_along(cached, origin):
    origin.on("/", lambda request: Reply(headers={
        "Vary": "X-A", "Date": None,
        "Cache-Control": f"max-age={request['X-A']}"}))
    nginx = cached()
    nginx.get("/", {"X-A": "60"})
    nginx.get("/", {"X-A": "1"})
    time.sleep(1.2)
    assert verdict(nginx.get("/", {"X-A": "1"}))[0] == "MISS"
    assert verdict(nginx.get("/", {"X-A": "60"})) == ("HIT", None)


def test_a_resource_has_at_most_64_variants(cached, origin):
    vary(origin, "X-A")
    vary(origin, "X-A", target="/other")
    nginx = cached()
    nginx.get("/other")
    with nginx.connect() as connection:
        for i in range(200):
            response = connection.request("GET", "/", {"X-A": str(i)})
            assert response.text.startswith(f"['{i}']")
    assert metric(nginx, "edge_cache_zone_objects") <= 64 + 1 + 2
    assert metric(nginx, "edge_cache_zone_evictions_total",
                  reason="variants") >= 136 - 1
    assert verdict(nginx.get("/other")) == ("HIT", None)


def test_values_of_any_length_select(cached, origin):
    """They differ in their last byte only, beyond any bound of a key."""
    origin.headers = {"Cache-Control": "max-age=60", "Vary": "X-Long"}
    nginx = cached(server="large_client_header_buffers 4 32k;")
    first, second = ["x" * 20_000 + end for end in "ab"]
    nginx.get("/", {"X-Long": first})
    assert verdict(nginx.get("/", {"X-Long": second}))[0] == "MISS"
    for value in first, second:
        assert verdict(nginx.get("/", {"X-Long": value}))[0] == "HIT"
