"""Whose check a cached one is: nobody gets in by what was said of another."""

import random
import socket
import ssl
import threading

import pytest

from lib.auth_service import ANN, BOB, LOCATION, ask
from lib.cached import metric, verdict
from lib.certificates import Authority
from lib.client import Connection
from lib.fleet import object_keys
from lib.origin import Reply
from lib.ports import HOST, free_port
from lib.tcp import connect


def test_two_credentials_are_never_mixed(guarded, service):
    service.allowed.remove(BOB)
    nginx = guarded("edge_cache_key same;")
    for _ in range(2):
        assert ask(nginx) == (200, "ann")
        assert ask(nginx, BOB)[0] == 403
        assert ask(nginx, None)[0] == 401
        assert ask(nginx, None, Cookie="a=1")[0] == 401
    service.allowed.add(BOB)
    for _ in range(2):
        assert ask(nginx, BOB) == (200, "bob")
        assert ask(nginx) == (200, "ann")
    assert ask(nginx, ANN, Cookie="a=1") == (200, "ann")
    assert ask(nginx, None, Cookie="a=1")[0] == 401


def test_many_who_come_at_once_are_told_apart(guarded, service, origin):
    """Half of them have no right, and all have names much alike."""
    def check(request):
        words = [request["Authorization"] or "", request["Cookie"] or "",
                 request["X-Key"] or ""]
        return Reply(200 if int(words[0][-1] or 1) % 2 == 0 else 403,
                     {"Cache-Control": "max-age=60",
                      "X-User": "/".join(words)})

    origin.on("/auth", check)
    nginx = guarded("edge_cache_valid 403 1m; edge_cache_key $http_x_key;",
                    workers=2)
    wrong = []

    def client(seed):
        choose = random.Random(seed)
        for _ in range(150):
            number, cookie, key = (choose.randrange(6) for _ in range(3))
            fields = {"Cookie": f"s={cookie}", "X-Key": f"{key}"}
            status, user = ask(nginx, f"t{number}", f"/{key}", **{
                name.replace("-", "_"): value
                for name, value in fields.items()})
            expected = ((200, f"t{number}/s={cookie}/{key}")
                        if number % 2 == 0 else (403, None))
            if status != expected[0] or (status == 200
                                         and user != expected[1]):
                wrong.append((fields, number, status, user))

    clients = [threading.Thread(target=client, args=(seed,))
               for seed in range(4)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert not wrong
    assert service.asked < 450
    assert metric(nginx, "edge_cache_auth_checks_total", result="hit") > 150


def test_whatever_a_client_sends_may_be_its_credential(guarded, service):
    service.allowed.add("key")
    nginx = guarded()
    for _ in range(2):
        assert ask(nginx, None, X_Key="key") == (200, "key")
        assert ask(nginx, None, X_Key="other")[0] == 403
        assert ask(nginx, None)[0] == 401
    assert service.asked == 5


def test_what_says_nothing_of_the_client_is_not_looked_at(guarded, service):
    nginx = guarded()
    for value in "a", "b":
        assert ask(nginx, Accept=value, Accept_Language=value,
                   Accept_Encoding=value, Pragma=value)[0] == 200
    assert service.asked == 1


def test_another_url_or_method_is_another_right(guarded, service):
    nginx = guarded()
    requests = [("/", "GET"), ("/?x", "GET"), ("/other", "GET"),
                ("/", "HEAD"), ("/", "POST"), ("/", "DELETE")]
    for count, (target, method) in enumerate(requests, 1):
        for _ in range(2):
            assert ask(nginx, target=target, method=method)[0] == 200
        assert service.asked == count


def test_another_address_is_another_client(guarded, service):
    nginx = guarded()
    for count, source in enumerate(("127.0.0.1", "127.0.0.2"), 1):
        for _ in range(2):
            with From(source, nginx.port) as client:
                assert client.request("GET", "/", {
                    "Authorization": ANN}).status == 200
        assert service.asked == count


class From(Connection):
    """From another address of this machine."""

    def __init__(self, source, port):
        self.socket = socket.create_connection((HOST, port), 10, (source, 0))
        self._file = self.socket.makefile("rb")


class Tls(Connection):
    """With a certificate of its own, if any."""

    def __init__(self, port, certificate=None):
        context = ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(connect(port, 10))
        self._file = self.socket.makefile("rb")


def test_a_key_says_what_else_the_service_goes_by(guarded, service):
    nginx = guarded("edge_cache_key $http_x_area;")
    for area, count in (("a", 1), ("a", 1), ("b", 2)):
        for target in ("/", "/other"):
            assert ask(nginx, target=target, X_Area=area,
                       X_Request_Id=target)[0] == 200
        assert service.asked == count
    # The method is not for the key to leave out.
    assert ask(nginx, X_Area="a", method="DELETE")[0] == 200
    assert service.asked == 3


def test_where_its_key_comes_to_nothing_the_service_is_asked(guarded, service):
    nginx = guarded("edge_cache_key $http_x_area;")
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count
    assert metric(nginx, "edge_cache_auth_checks_total", result="passed") == 2


def test_cookies_that_are_named_count_alone(guarded, service):
    nginx = guarded("edge_cache_cookies key session;")
    for cookie, count in (("session=a; x=1", 1), ("x=2; session=a", 1),
                          ("session=b; x=1", 2), ("x=1", 3), ("", 3)):
        assert ask(nginx, Cookie=cookie or None)[0] == 200
        assert service.asked == count, cookie


@pytest.mark.parametrize("rule", ["edge_cache_cookies ignore;",
                                  "edge_cache_authorization refuse;",
                                  "edge_cache_cookies bypass;"])
def test_no_setting_takes_a_credential_out_of_the_key(guarded, service, rule):
    nginx = guarded(rule + "edge_cache_key same;")
    for _ in range(2):
        assert ask(nginx) == (200, "ann")
        assert ask(nginx, BOB) == (200, "bob")
        assert ask(nginx, ANN, Cookie="session=1") == (200, "ann")
    assert service.asked == 3


def test_its_vary_is_obeyed(guarded, service):
    service.headers["Vary"] = "X-Area"
    nginx = guarded("edge_cache_key same;")
    for area, count in (("a", 1), ("b", 2), ("a", 2)):
        assert ask(nginx, X_Area=area)[0] == 200
        assert service.asked == count


def test_a_certificate_is_a_credential(guarded, service, origin, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("server")
    port = free_port()
    origin.on("/auth", lambda request: Reply(
        200, {"Cache-Control": "max-age=60", "X-User": request["X-Name"]}))
    guarded("proxy_set_header X-Name $ssl_client_s_dn;", server=f"""
        listen {HOST}:{port} ssl;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_verify_client optional;
        ssl_client_certificate {authority.certificate};""")

    def user(name):
        with Tls(port, name and authority.issue(name)) as client:
            return client.request("GET", "/")["X-User"]

    for _ in range(2):
        assert user("ann") == "CN=ann"
        assert user("bob") == "CN=bob"
        assert user(None) is None


def test_an_inherited_cache_does_not_answer_checks(cached, service):
    nginx = cached("auth_request /auth;",
                   http="edge_cache z;", server="edge_cache z;",
                   locations={"= /auth": "internal;"})
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count


@pytest.mark.parametrize("rule", ["edge_cache off;", "edge_cache z shadow;"])
def test_a_cache_that_is_off_does_not_answer_checks(cached, service, rule):
    nginx = cached("auth_request /auth;", server="edge_cache z;",
                   locations={"= /auth": f"internal; {rule}"})
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count


def test_it_counts_as_written_inside_its_if(guarded, service):
    nginx = guarded("""edge_cache_valid 401 1m;
                       if ($http_x_area) { proxy_pass http://origin; }""")
    for area, count in ((None, 1), ("a", 2)):
        for _ in range(2):
            assert ask(nginx, None, X_Area=area)[0] == 401
        assert service.asked == count


@pytest.mark.parametrize("rule, headers", [
    ("edge_cache_valid 200 1m;", {}),
    ("edge_cache_heuristic 100% max=1h;",
     {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    ("edge_cache_ignore_headers Cache-Control;",
     {"Cache-Control": "no-store", "Expires":
      "Thu, 01 Jan 2099 00:00:00 GMT"})])
def test_what_holds_for_the_api_lets_nobody_in_for_longer(guarded, service,
                                                          rule, headers):
    service.headers = headers
    nginx = guarded(server=rule)
    for count in (1, 2):
        assert ask(nginx)[0] == 200
        assert service.asked == count


def test_what_is_written_for_the_check_counts(guarded, service):
    service.headers = {"Cache-Control": "private"}
    nginx = guarded("""edge_cache_ignore_headers Cache-Control;
                       edge_cache_valid 200 1m;""")
    for _ in range(2):
        assert ask(nginx)[0] == 200
    assert service.asked == 1


def test_what_holds_for_the_api_refuses_nobody_for_longer(guarded, service):
    service.allowed.clear()
    nginx = guarded(server="edge_cache_valid 403 1m;")
    for count in (1, 2):
        assert ask(nginx)[0] == 403
        assert service.asked == count


@pytest.mark.parametrize("rule", ["edge_cache_key same;",
                                  "edge_cache_cookies key x;"])
def test_what_the_api_goes_by_is_not_what_the_service_does(guarded, service,
                                                           rule):
    service.allowed.update({"one", "two"})
    nginx = guarded(server=rule)
    for _ in range(2):
        for name in "one", "two":
            assert ask(nginx, None, X_Key=name) == (200, name)
            assert ask(nginx, None, X_Key=name, Cookie="y=1") == (200, name)
    assert service.asked == 4


def test_what_no_client_needs_is_known_of_a_check(guarded, service):
    nginx = guarded(server="edge_cache_drop_headers X-User;")
    for _ in range(2):
        assert ask(nginx) == (200, "ann")
    assert service.asked == 1


def test_hosts_that_share_answers_share_no_rights(guarded, service):
    nginx = guarded("edge_cache_key same;", server="edge_cache_host shared;")
    for count, host in enumerate(("one", "two"), 1):
        for _ in range(2):
            assert nginx.get("/", {"Host": host,
                                   "Authorization": ANN}).status == 200
        assert service.asked == count


def test_a_tenant_made_of_the_check_is_not_made_before_it(cached, origin,
                                                          service):
    """nginx keeps what a map came to: of a check that had not ended it came
    to the default, for all users alike."""
    origin.headers = {"Cache-Control": "max-age=60"}
    nginx = cached("""auth_request /auth;
                      auth_request_set $user $upstream_http_x_user;
                      edge_cache_authorization tenant;
                      add_header X-Tenant $tenant;
                      add_header X-Cache $edge_cache_status;""",
                   http="""map $user $tenant { default nobody;
                                               ann acme; bob other; }""",
                   server="edge_cache_tenant $tenant; edge_cache_tags $tenant;"
                          "edge_cache_no_store $arg_x;",
                   locations={"= /auth": LOCATION})
    for status in "MISS", "HIT":
        for who, tenant in ((ANN, "acme"), (BOB, "other")):
            response = nginx.get("/", {"Authorization": who})
            assert response["X-Tenant"] == tenant
            assert verdict(response)[0] == status
    assert origin.count("/") == 2


def test_a_client_cannot_read_a_check(guarded, service):
    """Neither what was stored for one, nor store what answers one."""
    nginx = guarded("edge_cache_key same;")
    assert ask(nginx) == (200, "ann")
    assert ask(nginx, target="/auth")[0] == 404
    nginx.reload(nginx.conf.replace("internal;", ""))
    assert nginx.get("/auth", {"Authorization": ANN}).body == b"yes"
    assert ask(nginx, BOB) == (200, "bob")


def test_no_credential_leaves_this_server(fleet, service, redis):
    secret = "hunter2-correct-horse"
    service.allowed.add(secret)
    service.headers["Cache-Control"] = "public, max-age=60"
    nginx, = fleet.start(1, location="auth_request /auth;",
                         locations={"= /auth": LOCATION})
    for _ in range(2):
        assert ask(nginx, secret)[0] == 200
    assert service.asked == 1
    assert object_keys(redis) == []
    assert secret not in nginx.error_log()
    assert secret not in "\n".join(nginx.access_log())
