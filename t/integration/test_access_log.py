"""Variables of the access log, and what must not be in them."""

import pytest

from lib.cached import purge
from lib.origin import Reply

FORMAT = """
    log_format own escape=none '$edge_cache_status|$edge_cache_tier|'
        '$edge_cache_reason|$edge_cache_age|$edge_cache_ttl|'
        '$edge_cache_key|$edge_cache_tags';
"""


@pytest.fixture
def lines(cached, origin):
    """What the log has of these requests, as lists of fields."""
    def run(*requests, location="", locations=None):
        nginx = cached(location, http=FORMAT, locations=locations,
                       server="access_log own.log own;")
        for target, headers in requests:
            nginx.get(target, headers)
        nginx.quit()
        with open(nginx.prefix + "/own.log") as file:
            return [line.rstrip("\n").split("|") for line in file]

    return run


def test_a_miss_and_a_hit(lines, origin):
    origin.headers = {"Cache-Control": "max-age=1000", "Age": "100",
                      "Surrogate-Key": "b a"}
    miss, hit = lines(("/p?x=1", {}), ("/p?x=1", {}))
    assert miss[:4] == ["MISS", "", "", ""]
    assert hit[:3] == ["HIT", "memory", ""]
    assert 100 <= int(hit[3]) <= 105
    for line in (miss, hit):
        assert 895 <= int(line[4]) <= 900
        assert line[5:] == ["http://localhost/p?x=1", "a b"]


def test_the_key_as_it_is_configured(lines):
    first, = lines(("/p", {"X-Tenant": "acme", "Host": "Shop.Example:80"}),
                   location="edge_cache_tenant $http_x_tenant;"
                            "edge_cache_key item-$uri;")
    assert first[5] == "acme http://shop.example" "item-/p"


def test_a_bypass_has_a_reason_and_no_object(lines):
    first, = lines(("/p", {"Upgrade": "h2c"}))
    assert first == ["BYPASS", "", "upgrade", "", "", "", ""]


def test_where_there_is_no_cache_there_is_nothing_to_say(lines):
    first, = lines(("/off", {}), locations={"/off": "edge_cache off;"})
    assert first == [""] * 7


def test_no_credential_is_in_any_variable(lines, origin):
    origin.headers = {"Cache-Control": "max-age=60", "Vary": "Cookie"}
    for line in lines(("/p", {"Authorization": "Bearer secret",
                              "Cookie": "session=secret"}),
                      ("/p", {"Authorization": "Bearer secret",
                              "Cookie": "session=secret"}),
                      location="edge_cache_authorization key;"
                               "edge_cache_cookies key session;"):
        assert line[0] in ("MISS", "HIT")
        assert "secret" not in "".join(line)


def test_no_credential_is_in_the_error_log(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}))
    nginx = cached("edge_cache_authorization key;")
    nginx.get("/", {"Authorization": "Bearer secret"})
    purge(nginx, all=True)
    nginx.quit()
    assert "secret" not in nginx.error_log()
    assert "a-token-for" not in nginx.error_log()


def test_variables_work_in_other_directives(cached):
    nginx = cached("add_header X-Tier $edge_cache_tier always;"
                   "add_header X-Age $edge_cache_age always;"
                   "add_header X-Key $edge_cache_key always;")
    nginx.get("/")
    hit = nginx.get("/")
    assert (hit["X-Tier"], hit["X-Age"]) == ("memory", "0")
    assert hit["X-Key"] == "http://localhost/"


@pytest.mark.parametrize("value, expected", [
    ({"X-A": "1"}, "1"), ({"X-A": ["1", "2"]}, None), ({}, None),
    ({"x-a": "1"}, "1")])
def test_edge_header(cached, value, expected):
    nginx = cached("add_header X-Got $edge_header_x_a always;")
    assert nginx.get("/", value)["X-Got"] == expected
