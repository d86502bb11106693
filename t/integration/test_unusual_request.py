"""Cache-poisoned denial of service: an error that a request has caused by its
own header is nobody else's answer."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

FRESH = {"Cache-Control": "max-age=60"}


@pytest.mark.parametrize("status", [400, 404, 413, 500])
@pytest.mark.parametrize("header", [
    {"X-Large": "x" * 5000}, {"X-Control": "a\x01b"}], ids=["large", "control"])
def test_an_error_for_an_unusual_request_is_not_stored(cached, origin, status,
                                                       header):
    origin.on("/", [Reply(status, FRESH), Reply(headers=FRESH, body=b"good")])
    nginx = cached()
    response = nginx.get("/", header)
    if origin.count("/") == 0:  # nginx itself wants none of it
        assert response.status == 400
    else:
        assert response.status == status
        assert verdict(response) == ("MISS", "unusual_request")
        assert nginx.get("/").body == b"good"


def test_what_answers_well_is_stored_all_the_same(cached, origin):
    origin.on("/", Reply(headers=FRESH, body=b"good"))
    nginx = cached()
    nginx.get("/", {"X-Large": "x" * 5000})
    assert nginx.get("/")["X-Cache"] == "HIT"


def test_an_error_for_a_usual_request_is_stored(cached, origin):
    origin.on("/", Reply(400, FRESH))
    nginx = cached()
    nginx.get("/", {"X-Large": "x" * 3000})
    assert nginx.get("/")["X-Cache"] == "HIT"
