"""A selecting field that the configuration changes on its way: keyed by what
clients send, one client's answer would be another's."""

import pytest

from lib.cached import verdict
from lib.origin import Reply


@pytest.fixture
def varying(origin):
    origin.on("/v", Reply(headers={"Cache-Control": "max-age=60",
                                   "Vary": "X-Country"}, body=b"text"))


def test_a_field_with_another_value_is_not_keyed_by_the_clients(cached,
                                                                varying):
    nginx = cached(location="proxy_set_header X-Country fr;")
    nginx.get("/v", {"X-Country": "us"})
    response = nginx.get("/v", {"X-Country": "us"})
    assert verdict(response) == ("MISS", "vary_rewritten")


@pytest.mark.parametrize("setting", ['proxy_set_header X-Country "";',
                                     "proxy_set_header X-Other fr;"])
def test_a_field_that_is_sent_on_or_taken_away_is(cached, varying, setting):
    nginx = cached(location=setting)
    assert verdict(nginx.get("/v", {"X-Country": "us"}))[0] == "MISS"
    assert verdict(nginx.get("/v", {"X-Country": "us"}))[0] == "HIT"
    assert verdict(nginx.get("/v", {"X-Country": "de"}))[0] == "MISS"
