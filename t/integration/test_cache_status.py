"""Cache-Status (RFC 9211)."""

import re

import pytest

from lib.origin import Reply
from lib.wait import wait_until

ON = "edge_cache_status_header on;"
FRESH = {"Cache-Control": "max-age=60"}


def status(response):
    """The member, with the seconds of its lifetime rounded up to tens."""
    return re.sub(r"ttl=(\d+)", lambda m: f"ttl={-(-int(m[1]) // 10) * 10}",
                  response["Cache-Status"] or "")


def test_a_miss_and_then_a_hit(cached, origin):
    nginx = cached(ON)
    assert status(nginx.get("/")) == (
        "edge-cache; fwd=uri-miss; stored; ttl=60")
    for headers in {}, {"If-None-Match": "*"}, {"Range": "bytes=0-0"}:
        assert status(nginx.get("/", headers)) == (
            "edge-cache; hit; ttl=60; detail=memory")


def test_what_is_not_stored_says_why(cached, origin):
    origin.headers = {"Cache-Control": "private"}
    assert status(cached(ON).get("/")) == (
        "edge-cache; fwd=uri-miss; detail=response_private")


@pytest.mark.parametrize("method, headers, location, expected", [
    ("POST", {}, "", "fwd=method; detail=method"),
    ("GET", {"If-Match": '"a"'}, "", "fwd=bypass; detail=precondition"),
    ("GET", {}, "edge_cache_bypass 1;",
     "fwd=bypass; stored; ttl=60; detail=bypass_directive"),
    ("GET", {"Cache-Control": "max-age=0"}, "edge_cache_client_control on;",
     "fwd=request; stored; ttl=60; detail=client_control"),
    ("GET", {"Authorization": "Basic x"}, "",
     "fwd=miss; detail=credentials"),
])
def test_why_a_request_went_forward(cached, origin, method, headers, location,
                                    expected):
    origin.headers = {**FRESH, "Age": "1"}
    nginx = cached(ON + location)
    nginx.get("/")
    assert status(nginx.get("/", headers, method)) == f"edge-cache; {expected}"


AGED = {"Cache-Control": "max-age=10, stale-if-error=60", "Age": "11",
        "ETag": '"1"'}


@pytest.mark.parametrize("second, expected", [
    (Reply(304, {**FRESH, "Age": "0"}), "fwd=stale; fwd-status=304; stored; "
                                        "ttl=60"),
    (Reply(503), "fwd=stale; fwd-status=503; ttl=-1"),
    (Reply(headers=FRESH), "fwd=stale; stored; ttl=60")])
def test_what_was_stale_says_what_became_of_it(cached, origin, second,
                                               expected):
    origin.on("/", [Reply(headers=AGED), second])
    nginx = cached(ON)
    nginx.get("/")
    said = re.sub(r"ttl=-\d+", "ttl=-1", status(nginx.get("/")))
    assert said == f"edge-cache; {expected}"


def test_what_is_sent_stale_is_a_hit_with_no_time_left(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=10, "
                                  "stale-while-revalidate=60", "Age": "11"}))
    nginx = cached(ON)
    nginx.get("/")
    assert re.fullmatch(r"edge-cache; hit; ttl=-\d+; detail=memory",
                        nginx.get("/")["Cache-Status"])


@pytest.fixture
def said_to_two(cached, origin, gate):
    """What two are told who ask at once; these are the origin's answers."""
    def ask(first, *others):
        origin.on("/", [Reply(headers=first, wait=gate), *others])
        nginx = cached(ON, server="location = /status { stub_status; }")
        clients = [nginx.connect() for _ in range(2)]
        for client in clients:
            client.send_request("GET", "/")
        # Both are being dealt with, beside the request that asks.
        wait_until(lambda: "Writing: 3" in nginx.get("/status").text)
        gate.set()
        said = {status(client.read_response()) for client in clients}
        for client in clients:
            client.close()
        return said

    return ask


def test_who_waited_for_another_s_fetch_went_with_it(said_to_two):
    assert said_to_two(FRESH) == {
        "edge-cache; fwd=uri-miss; stored; ttl=60",
        "edge-cache; fwd=uri-miss; collapsed; ttl=60"}


def test_who_waited_in_vain_says_so(said_to_two):
    """The other's answer is not for everybody (RFC 9211 2.6)."""
    assert said_to_two({"Cache-Control": "private"}, Reply(headers=FRESH)) == {
        "edge-cache; fwd=uri-miss; detail=response_private",
        "edge-cache; fwd=uri-miss; stored; collapsed=?0; ttl=60"}


def test_another_variant_is_a_vary_miss(cached, origin):
    origin.headers = {**FRESH, "Vary": "X-Who"}
    nginx = cached(ON)
    nginx.get("/", {"X-Who": "a"})
    assert status(nginx.get("/", {"X-Who": "b"})).startswith(
        "edge-cache; fwd=vary-miss; stored")


def test_the_origin_s_own_members_stay_in_front(cached, origin):
    origin.on("/", Reply(headers={**FRESH, "Cache-Status": "origin; hit"}))
    nginx = cached(ON)
    assert nginx.get("/").all("Cache-Status")[0] == "origin; hit"
    first, second = nginx.get("/").all("Cache-Status")
    assert first == "origin; hit"
    assert second.startswith("edge-cache; hit")


def test_the_key_is_shown_when_asked_for(cached, origin):
    nginx = cached("edge_cache_status_header key;")
    assert 'key="/a?b=%22"' in nginx.get("/a?b=%22")["Cache-Status"]


def test_off_by_default(cached):
    assert cached().get("/")["Cache-Status"] is None


def test_nginx_s_own_answers_have_no_member(cached):
    nginx = cached(ON, server=f"""
        location /bad {{
            edge_cache z; {ON}
            proxy_pass http://127.0.0.1:1;
        }}""")
    for target, headers, code in (
            ("/", {"Cache-Control": "only-if-cached"}, 504),
            ("/bad", {}, 502)):
        response = nginx.get(target, headers)
        assert response.status == code
        assert response["Cache-Status"] is None
