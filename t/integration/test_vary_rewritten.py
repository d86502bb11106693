"""Selecting headers that reach the origin other than the client sent them."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

REWRITTEN = ("MISS", "vary_rewritten")


@pytest.fixture
def varying(cached, origin):
    """A location with these lines before an origin that shows X-Country."""
    def start(lines, vary="X-Country", **pieces):
        origin.on("/", lambda request: Reply(
            headers={"Cache-Control": "max-age=60", "Vary": vary},
            body=str(request["X-Country"]).encode()))
        return cached(lines, **pieces)

    return start


def test_a_header_that_nginx_makes_up_is_not_stored(varying):
    nginx = varying("proxy_set_header X-Country $country;", http="""
        map $http_from $country { default us; de de; }""")
    for headers, body in (({}, "us"), ({"From": "de"}, "de"), ({}, "us")):
        response = nginx.get("/", headers)
        assert (verdict(response), response.text) == (REWRITTEN, body)


@pytest.mark.parametrize("made", [
    "fixed", "$http_x_country-x", '"$http_x_country, more"'])
def test_a_header_that_nginx_changes_is_not_stored(varying, made):
    nginx = varying(f"proxy_set_header X-Country {made};")
    for _ in range(2):
        assert verdict(nginx.get("/", {"X-Country": "de"})) == REWRITTEN


@pytest.mark.parametrize("vary", ["x-country", "Accept, X-COUNTRY"])
def test_names_are_compared_without_case(varying, vary):
    nginx = varying("proxy_set_header x-CouNtry fixed;", vary)
    assert verdict(nginx.get("/", {"X-Country": "de"})) == REWRITTEN


@pytest.mark.parametrize("lines, shown", [
    ('proxy_set_header X-Country "";', "None"), ("", "de"),
    ("proxy_set_header X-Country $http_x_country;", "de")],
    ids=["taken_away", "untouched", "passed_on"])
def test_a_header_that_says_nothing_new_is_stored(varying, lines, shown):
    nginx = varying(lines)
    for expected in ("MISS", "HIT"):
        response = nginx.get("/", {"X-Country": "de"})
        assert (verdict(response), response.text) == ((expected, None), shown)
    assert verdict(nginx.get("/", {"X-Country": "fr"})) == ("MISS", None)


def test_a_changed_header_that_does_not_select_is_stored(varying):
    nginx = varying("proxy_set_header X-Other $http_user;")
    assert verdict(nginx.get("/", {"User": "alice"})) == ("MISS", None)
    assert verdict(nginx.get("/", {"User": "bob"})) == ("HIT", None)
