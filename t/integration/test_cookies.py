"""edge_cache_cookies and edge_cache_set_cookie."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

ME = {"Cookie": "session=me"}


# Of requests

@pytest.mark.parametrize("control, shared", [
    ("max-age=60", False), ("public, max-age=60", True),
    ("s-maxage=60", True), ("", False)])
def test_explicit_shares_what_the_origin_shares(cached, origin, control,
                                                shared):
    origin.headers = {"Cache-Control": control} if control else {}
    nginx = cached("edge_cache_valid 60s;")
    assert verdict(nginx.get("/", ME)) == ("MISS",
                                           None if shared else "cookies")
    assert verdict(nginx.get("/", ME))[0] == ("HIT" if shared else "MISS")


def test_explicit_gives_no_implicit_answer_to_a_cookie(cached, origin):
    nginx = cached()
    nginx.get("/")
    assert verdict(nginx.get("/", ME)) == ("MISS", "cookies")
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_bypass_leaves_cookies_to_the_origin(cached, origin):
    origin.headers = {"Cache-Control": "public, max-age=60"}
    nginx = cached("edge_cache_cookies bypass;")
    for _ in range(2):
        assert verdict(nginx.get("/", ME)) == ("BYPASS", "cookies")
    assert verdict(nginx.get("/")) == ("MISS", None)
    assert verdict(nginx.get("/", ME)) == ("BYPASS", "cookies")


def test_ignore_sees_no_cookie(cached, origin):
    nginx = cached("edge_cache_cookies ignore;")
    nginx.get("/", ME)
    assert verdict(nginx.get("/", {"Cookie": "session=you"})) == ("HIT", None)
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_key_keeps_named_cookies_apart(cached, origin):
    nginx = cached("edge_cache_cookies key lang theme;")
    for cookie in ("lang=de", "lang=en", "lang=de; theme=x", "theme=x",
                   "lang=de; lang=en", "lang=", "x=1"):
        assert verdict(nginx.get("/", {"Cookie": cookie})) == (
            "MISS", None), cookie
    for cookie in ("lang=de; session=1", "session=1;lang=de", "a; lang=de ",
                   "Lang=en; lang=de"):
        assert verdict(nginx.get("/", {"Cookie": cookie})) == (
            "HIT", None), cookie


def test_key_reads_all_cookie_lines(cached, origin):
    nginx = cached("edge_cache_cookies key lang;")
    nginx.get("/", {"Cookie": "lang=de"})
    split = [("Cookie", "a=b"), ("Cookie", "lang=en")]
    assert verdict(nginx.get("/", split)) == ("MISS", None)
    assert verdict(nginx.get("/", split)) == ("HIT", None)


# Of responses

def set_cookie(origin, control="max-age=60", **fields):
    origin.on("/", Reply(headers={"Cache-Control": control,
                                  "Set-Cookie": ["a=b", "c=d"], **fields},
                         body=b"x"))


def test_refuse_does_not_store_set_cookie(cached, origin):
    set_cookie(origin, "public, max-age=60")
    nginx = cached()
    for _ in range(2):
        response = nginx.get("/")
        assert verdict(response) == ("MISS", "set_cookie")
        assert response.all("Set-Cookie") == ["a=b", "c=d"]


def test_strip_stores_the_rest(cached, origin):
    set_cookie(origin)
    nginx = cached("edge_cache_set_cookie strip;")
    miss, hit = nginx.get("/"), nginx.get("/")
    assert miss.all("Set-Cookie") == ["a=b", "c=d"]
    assert (verdict(hit), hit.body) == (("HIT", None), b"x")
    assert hit.all("Set-Cookie") == []


def test_store_gives_the_cookie_to_everybody(cached, origin):
    set_cookie(origin)
    nginx = cached("edge_cache_set_cookie store;")
    nginx.get("/")
    hit = nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    assert hit.all("Set-Cookie") == ["a=b", "c=d"]


def test_store_never_shares_a_session_made_for_a_credential(cached, origin):
    set_cookie(origin, "public, max-age=60")
    nginx = cached("edge_cache_set_cookie store;")
    assert verdict(nginx.get("/", {"Authorization": "Bearer a"})) == (
        "MISS", "set_cookie")


@pytest.mark.parametrize("field", ["no-cache", "private"])
def test_a_withheld_field_is_not_stored(cached, origin, field):
    set_cookie(origin, f'max-age=60, {field}="set-cookie, X-Me"',
               **{"X-Me": "1"})
    nginx = cached()
    assert nginx.get("/")["X-Me"] == "1"
    hit = nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    assert (hit["Set-Cookie"], hit["X-Me"]) == (None, None)


def test_ignored_set_cookie_is_not_replayed(cached, origin):
    set_cookie(origin)
    nginx = cached("edge_cache_ignore_headers Set-Cookie;")
    nginx.get("/")
    hit = nginx.get("/")
    assert (verdict(hit), hit["Set-Cookie"]) == (("HIT", None), None)


def test_a_hidden_set_cookie_still_counts(cached, origin):
    set_cookie(origin)
    nginx = cached("proxy_hide_header Set-Cookie;")
    response = nginx.get("/")
    assert verdict(response) == ("MISS", "set_cookie")
    assert response["Set-Cookie"] is None
