"""What a cache passes on as it came (RFC 9110 7.6, RFC 9111 3.1, 5.2)."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

FRESH = {"Cache-Control": "max-age=60"}


def test_directives_that_are_unknown_are_passed_on(cached, origin):
    control = ['max-age=60 , new="a, no-store"', "X=1,,"]
    origin.on("/", Reply(headers={"Cache-Control": control}))
    nginx = cached()
    for expected in "MISS", "HIT":
        response = nginx.get("/")
        assert verdict(response) == (expected, None)
        assert response.all("Cache-Control") == control


def test_an_answer_straight_from_the_origin_gets_no_age(cached, origin):
    origin.on("/", Reply(headers=FRESH, delay=0.05))
    assert cached().get("/")["Age"] is None


def test_a_warning_of_the_origin_is_passed_on_and_none_is_added(cached,
                                                                origin):
    fields = {"Cache-Control": "max-age=10, stale-if-error=60", "Age": "11"}
    origin.on("/", [Reply(headers={**fields, "Warning": '199 - "x"'}),
                    Reply(503)])
    origin.on("/none", [Reply(headers=fields), Reply(503)])
    nginx = cached()
    for target, warnings in ("/", ['199 - "x"']), ("/none", []):
        nginx.get(target)
        response = nginx.get(target)
        assert verdict(response) == ("STALE", None)
        assert response.all("Warning") == warnings


def test_an_etag_that_is_none_is_passed_on(cached, origin):
    origin.on("/", Reply(headers={**FRESH, "ETag": "unquoted"}))
    nginx = cached()
    nginx.get("/")
    response = nginx.get("/", {"If-None-Match": "unquoted"})
    assert (response.status, response["ETag"]) == (200, "unquoted")


@pytest.mark.parametrize("value", ['"a", "b";x=1', "no list"])
def test_cache_groups_are_for_caches_further_on_too(cached, origin, value):
    origin.on("/", Reply(headers={**FRESH, "Cache-Groups": value}))
    nginx = cached()
    for _ in range(2):
        assert nginx.get("/")["Cache-Groups"] == value


def test_fields_of_other_targets_are_passed_on(cached, origin):
    fields = {"Other-Cache-Control": "no-store, max-age=0",
              "CDN-Cache-Control": "max-age=60",
              "Surrogate-Control": "no-store"}
    origin.on("/", Reply(headers=fields))
    nginx = cached()
    for expected in "MISS", "HIT":
        response = nginx.get("/")
        assert verdict(response) == (expected, None)
        assert {name: response[name] for name in fields} == fields


def test_the_origin_is_told_of_no_cache_in_between(cached, origin):
    nginx = cached()
    nginx.get("/")
    nginx.get("/via", {"Via": "1.1 client"})
    assert origin.seen("/")[0]["Via"] is None
    assert origin.seen("/via")[0].all("Via") == ["1.1 client"]


def test_a_204_has_neither_a_body_nor_its_length(cached, origin):
    origin.on("/", Reply(204, FRESH))
    nginx = cached()
    for expected in "MISS", "HIT":
        response = nginx.get("/")
        assert (verdict(response)[0], response.status) == (expected, 204)
        for name in ("Content-Length", "Transfer-Encoding", "Content-Type"):
            assert response[name] is None, name
