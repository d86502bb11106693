"""What a HEAD says of an expired answer (RFC 9111 4.3.5)."""

import pytest

from lib.cached import purge, verdict
from lib.expired import ETAG, MODIFIED, SHORT, expire
from lib.origin import Reply

BOTH = {**ETAG, **MODIFIED, "Content-Length": "1500"}


@pytest.fixture
def after_head(cached, origin):
    """The answer to a GET after the origin has answered a HEAD with these
    fields; it answers no more."""
    def start(head, status=200):
        origin.on("/", [Reply(headers={**ETAG, **MODIFIED, "X-New": "1"},
                              body=b"a" * 1500),
                        Reply(status, head), Reply(503)])
        nginx = cached(SHORT + "edge_cache_use_stale http_503;")
        nginx.get("/")
        expire()
        assert verdict(nginx.get("/", method="HEAD"))[0] == "EXPIRED"
        assert origin.seen("/")[1].method == "HEAD"
        return nginx.get("/")

    return start


@pytest.mark.parametrize("head", [
    BOTH, {**ETAG, "Content-Length": None},
    {**MODIFIED, "Content-Length": "1500"}])
def test_a_head_about_the_same_makes_it_fresh(after_head, head):
    """RFC 9111 4.3.5, with the fields of the HEAD."""
    response = after_head({**head, "X-New": "2",
                           "Cache-Control": "max-age=60"})
    assert verdict(response) == ("HIT", None)
    assert (response["X-New"], response["Cache-Control"]) == ("2",
                                                              "max-age=60")
    assert (response.body, response["ETag"]) == (b"a" * 1500, '"1"')


@pytest.mark.parametrize("head", [
    {**BOTH, "ETag": '"2"'},
    {**BOTH, "Last-Modified": "Tue, 15 Nov 1994 12:45:27 GMT"},
    {**BOTH, "Content-Length": "1501"},
    {**BOTH, "Cache-Control": "no-store"}])
def test_a_head_about_something_else_takes_it_away(after_head, head):
    assert after_head(head)["X-Cache"] == "MISS"


@pytest.mark.parametrize("status, head", [
    (200, {"Content-Length": "1500", "Cache-Control": "max-age=60"}),
    (404, {**BOTH, "Cache-Control": "max-age=60"})])
def test_a_head_that_tells_nothing_of_it_changes_nothing(after_head, status,
                                                         head):
    response = after_head(head, status)
    assert (response["X-Cache"], response["X-New"]) == ("STALE", "1")


def test_a_head_makes_a_variant_fresh_and_no_other(cached, origin):
    def answer(request):
        tag = f'"{request["X-A"]}"'
        fields = {"ETag": tag, "Vary": "X-A", "Content-Length": "1"}
        if request.method == "HEAD":
            fields["Cache-Control"] = "max-age=60"
        return Reply(headers=fields, body=b"x")

    origin.on("/", answer)
    nginx = cached(SHORT)
    for a in "ab":
        nginx.get("/", {"X-A": a})
    expire()
    nginx.get("/", {"X-A": "a"}, "HEAD")
    assert nginx.get("/", {"X-A": "a"})["X-Cache"] == "HIT"
    assert nginx.get("/", {"X-A": "b"})["X-Cache"] == "EXPIRED"


def test_a_head_cannot_freshen_what_was_purged_meanwhile(cached, origin,
                                                         gate):
    origin.on("/", [Reply(headers=ETAG, body=b"old"),
                    Reply(headers={**ETAG, "Cache-Control": "max-age=60",
                                   "Content-Length": "3"}, wait=gate),
                    Reply(headers=ETAG, body=b"new")])
    nginx = cached(SHORT)
    nginx.get("/")
    expire()
    with nginx.connect() as client:
        client.send_request("HEAD", "/")
        origin.wait_for("/", 2)
        purge(nginx, url="/")
        gate.set()
        client.read_response("HEAD")
    assert nginx.get("/").body == b"new"
