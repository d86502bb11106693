"""auth_request, whose check is answered from memory where its location has an
edge_cache of its own."""

import pytest

from lib.auth_service import ANN, BOB, LOCATION, ask
from lib.cached import metric, verdict
from lib.http2 import Http2
from lib.origin import Reply
from lib.ports import HOST, free_port
from lib.wait import wait_until


def checks(nginx, result):
    return metric(nginx, "edge_cache_auth_checks_total", result=result)


def add_rule(nginx, rule):
    nginx.reload(nginx.conf.replace("= /auth {", f"= /auth {{ {rule}"))


def test_who_was_let_in_is_let_in_again(guarded, service):
    nginx = guarded()
    for _ in range(3):
        assert ask(nginx) == (200, "ann")
    assert service.asked == 1
    assert (checks(nginx, "hit"), checks(nginx, "stored")) == (2, 1)


@pytest.mark.parametrize("method, size", [
    ("HEAD", None), ("POST", 100_000), ("PUT", 0)])
def test_requests_of_all_kinds_go_on_behind_a_hit(guarded, service, origin,
                                                  method, size):
    nginx = guarded()
    body = None if size is None else b"x" * size
    with nginx.connect() as client:
        for _ in range(3):
            response = client.request(method, "/data", {
                "Authorization": ANN}, body)
            assert (response.status, response["X-User"]) == (200, "ann")
            assert origin.requests[-1].body == (body or b"")
    assert service.asked == 1
    assert origin.count("/data") == 3


def test_http_2_is_let_in_as_well(guarded, service):
    port = free_port()
    nginx = guarded(server=f"listen {HOST}:{port} http2;")
    client = Http2(port)
    for _ in range(3):
        stream = client.send_request("/", headers=[("authorization", ANN)])
        client.read_body(stream)
    client.close()
    assert service.asked == 1
    assert checks(nginx, "hit") == 2


def test_all_that_is_known_of_the_answer_is_known_of_a_hit(guarded, service):
    service.headers.update({
        "Content-Type": "text/x-check", "Server": "service", "X-One": "1",
        "X-Two": ["a", "b"], "ETag": '"1"'})
    names = {"Status": "$upstream_status", "User": "$upstream_http_x_user",
             "Type": "$upstream_http_content_type",
             "Server": "$upstream_http_server", "Two": "$upstream_http_x_two",
             "Tag": "$upstream_http_surrogate_key",
             "Sent": "$sent_http_x_one", "ETag": "$upstream_http_etag",
             "None": "$upstream_http_x_none",
             "Trailer": "$upstream_trailer_x", "Cookie": "$upstream_cookie_x",
             "Modified": "$upstream_cache_last_modified",
             "Cached": "$upstream_cache_status"}
    nginx = guarded(location="".join(
        f"auth_request_set $of_{name} {value};"
        f"add_header Of-{name} [$of_{name}];"
        for name, value in names.items()))
    said = []
    for _ in range(2):
        response = nginx.get("/", {"Authorization": ANN})
        said.append({name: response[f"Of-{name}"] for name in names})
    assert service.asked == 1
    assert said[0] == said[1]
    assert said[1]["Status"] == "[200]"
    assert said[1]["Type"] == "[text/x-check]"
    assert said[1]["Server"] == "[service]"


def test_variables_of_time_and_place_are_empty_behind_a_hit(guarded, service):
    names = ["addr", "response_time", "connect_time", "header_time",
             "bytes_received"]
    nginx = guarded(location="".join(
        f"auth_request_set $of_{name} $upstream_{name};"
        f"add_header Of-{name} [$of_{name}];" for name in names))
    for _ in range(2):
        assert ask(nginx) == (200, "ann")
    assert service.asked == 1


def test_a_stored_401_says_how_to_get_in(guarded, service):
    nginx = guarded("edge_cache_valid 401 1m;")
    for _ in range(2):
        response = nginx.get("/")
        assert (response.status, response["WWW-Authenticate"]) == (
            401, "Bearer")
    assert service.asked == 1


def test_a_stored_401_offers_the_same_ways_as_the_first(guarded, service,
                                                        origin):
    origin.on("/auth", Reply(401, {"Cache-Control": "max-age=60",
                                   "WWW-Authenticate": ["Bearer", "Basic"]}))
    nginx = guarded("edge_cache_valid 401 1m;")
    first, second = nginx.get("/"), nginx.get("/")
    assert service.asked == 1
    assert first.all("WWW-Authenticate") == second.all("WWW-Authenticate")


def test_refusals_are_stored_for_as_long_as_the_operator_says(guarded,
                                                              service):
    service.allowed.clear()
    nginx = guarded()
    for count in (1, 2):
        assert ask(nginx)[0] == 403
        assert service.asked == count
    add_rule(nginx, "edge_cache_valid 403 2s;")
    for _ in range(2):
        assert ask(nginx)[0] == 403
    assert service.asked == 3
    service.allowed.add(ANN)
    wait_until(lambda: ask(nginx) == (200, "ann"))


@pytest.mark.parametrize("rule", ["any 1m", "403 0", "401 1m"])
def test_only_what_names_a_refusal_stores_it(guarded, service, rule):
    service.allowed.clear()
    nginx = guarded(f"edge_cache_valid {rule};")
    for count in (1, 2):
        assert ask(nginx)[0] == 403
        assert service.asked == count


def test_a_lifetime_is_the_services_or_the_locations(guarded, service):
    service.headers = {}
    nginx = guarded()
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count
    add_rule(nginx, "edge_cache_valid 200 1m;")
    for _ in range(2):
        assert ask(nginx)[0] == 200
    assert service.asked == 3


def test_a_client_that_leaves_during_its_check_leaves_nothing(guarded,
                                                              service, origin,
                                                              gate):
    origin.on("/auth", [Reply(200, {"Cache-Control": "max-age=60"},
                              wait=gate), service.check])
    nginx = guarded()
    client = nginx.connect()
    client.send_request("GET", "/", {"Authorization": ANN,
                                     "Range": "bytes=0-1"})
    wait_until(lambda: service.asked == 1)
    client.abort()
    assert ask(nginx, BOB) == (200, "bob")
    gate.set()
    assert ask(nginx) == (200, "ann")


@pytest.mark.parametrize("status", [204, 206, 304, 404, 429, 500, 503])
def test_only_what_lets_in_is_stored(guarded, service, origin, status):
    origin.on("/auth", Reply(status, {"Cache-Control": "max-age=60"}))
    nginx = guarded("edge_cache_valid any 1m;",
                    expect=[] if status < 300 else ["auth request unexpected"])
    for _ in range(2):
        nginx.get("/", {"Authorization": ANN})
    assert service.asked == (1 if status == 204 else 2)


def test_a_service_that_does_not_answer_is_asked_again(guarded, service,
                                                       origin, gate):
    origin.on("/auth", [Reply(200, wait=gate), service.check])
    nginx = guarded("proxy_read_timeout 200ms; edge_cache_valid any 1m;",
                    expect=["timed out", "unexpected status"])
    assert ask(nginx)[0] == 500
    gate.set()
    assert ask(nginx) == (200, "ann")


@pytest.mark.parametrize("header", [
    {"Cache-Control": "no-store"}, {"Cache-Control": "private, max-age=60"},
    {"Set-Cookie": "a=b"}, {"Vary": "*"},
    {"Cache-Control": 'max-age=60, private="X-User"'},
    {"Cache-Control": 'max-age=60, no-cache="X-User"'},
    {"Cache-Control": "no-store", "X-Accel-Expires": "60"}])
def test_what_the_service_keeps_to_itself_is_not_stored(guarded, service,
                                                        header):
    service.headers = {**service.headers, **header}
    nginx = guarded()
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count
    assert checks(nginx, "passed") == 2


@pytest.mark.parametrize("rule", ["edge_cache_set_cookie store;",
                                  "edge_cache_set_cookie strip;",
                                  "edge_cache_ignore_headers Set-Cookie;"])
def test_a_session_is_never_started_twice(guarded, service, rule):
    service.headers["Set-Cookie"] = "session=1"
    nginx = guarded(rule)
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count


def test_a_condition_of_the_clients_is_not_the_services(guarded, service,
                                                        origin):
    """auth_request takes a 304 for an error, and a 206 is no object."""
    fields = {"Range": "bytes=0-1", "If-None-Match": '"1"',
              "If-Modified-Since": "Thu, 26 Nov 2026 00:00:00 GMT",
              "Authorization": ANN}
    nginx = guarded(server="""location /plain {
        auth_request /auth; proxy_pass http://origin; }""")
    for _ in range(2):
        assert nginx.get("/plain", fields).status == 200
    assert service.asked == 1
    for name in fields:
        assert (service.requests[0][name] is None) == (name != "Authorization")
        for request in origin.seen("/plain"):
            assert request[name] == fields[name]


def test_conditions_reach_what_is_behind_it(guarded, service, origin):
    origin.on("/object", Reply(headers={
        "Cache-Control": "public, max-age=60", "ETag": '"1"'}, body=b"object"))
    nginx = guarded()
    ann = {"Authorization": ANN}
    for _ in range(2):
        assert nginx.get("/object", ann).body == b"object"
        part = nginx.get("/object", {**ann, "Range": "bytes=0-1"})
        assert (part.status, part.body) == (206, b"ob")
        assert nginx.get("/object",
                         {**ann, "If-None-Match": '"1"'}).status == 304
    assert (service.asked, origin.count("/object")) == (1, 1)


def test_the_answer_behind_it_is_cached_by_its_own_rules(cached, origin,
                                                         service):
    origin.headers = {"Cache-Control": "max-age=60"}
    nginx = cached("""auth_request /auth;
                      auth_request_set $user $upstream_http_x_user;
                      edge_cache_authorization tenant;
                      edge_cache_tenant $user;""",
                   locations={"= /auth": LOCATION + "edge_cache_tenant t;"})
    answers = [verdict(nginx.get("/", {"Authorization": who}))[0]
               for who in (ANN, BOB, ANN, BOB)]
    assert answers == ["MISS", "MISS", "HIT", "HIT"]
    assert service.asked == 2
    assert origin.count("/") == 2


def test_a_login_page_behind_a_refusal_is_its_own(cached, origin, service):
    """An internal redirect finds nothing of the check."""
    origin.headers = {"Cache-Control": "max-age=60"}
    nginx = cached("auth_request /auth; error_page 401 /login;",
                   locations={"= /auth": LOCATION, "/login": "edge_cache z;"})
    for _ in range(2):
        response = nginx.get("/")
        assert response.status == 401
        assert b"/login" in response.body
    assert service.asked == 2


@pytest.mark.parametrize("rules", [
    "proxy_intercept_errors on; error_page 403 = /other;",
    "proxy_intercept_errors on; error_page 403 = @other;"])
def test_where_a_check_is_sent_elsewhere_nothing_is_stored(guarded, service,
                                                           origin, rules):
    origin.on("/other", Reply(200, {"Cache-Control": "max-age=60"}))
    service.allowed.clear()
    nginx = guarded(rules + "edge_cache_valid 403 1m;", server="""
        location /other { internal; edge_cache z; proxy_pass http://origin; }
        location @other { edge_cache z; rewrite ^ /other break;
                          proxy_pass http://origin; }""")
    for count in (1, 2):
        ask(nginx)
        assert service.asked == count


def test_no_other_subrequest_is_answered(cached, origin, service):
    origin.on("/page", Reply(
        headers={"Content-Type": "text/html", "Cache-Control": "no-store"},
        body=b'<!--# include virtual="/part" wait="yes" -->'))
    origin.on("/part", Reply(headers={"Cache-Control": "max-age=60"},
                             body=b"part"))
    nginx = cached("ssi on; mirror /copy;", locations={
        "/part": "internal; edge_cache z;", "= /copy":
            "internal; edge_cache z;"})
    origin.on("/copy", Reply(headers={"Cache-Control": "max-age=60"}))
    for count in (1, 2):
        assert nginx.get("/page").body == b"part"
        assert origin.count("/part") == count
        origin.wait_for("/copy", count)
