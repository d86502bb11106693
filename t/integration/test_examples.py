"""The configurations of conf.examples work as they stand, but for ports and
paths, and those of tenants/ keep tenants apart."""

import http.client
import os
import re
import ssl
import subprocess

import pytest

from lib.certificates import Authority
from lib.client import request
from lib.cluster import Cluster
from lib.names import NameServer
from lib.nginx import REPOSITORY
from lib.origin import Origin, Reply
from lib.ports import HOST, free_port
from lib.sentinels import Sentinels
from lib.wait import wait_until

EXAMPLES = os.path.join(REPOSITORY, "conf.examples")

# Lines the harness writes itself.
_OWN_LINES = re.compile(
    r"^(load_module|user|worker_processes|error_log|pid) .*;$", re.M)
_TEMPORARY = "".join(f"{name}_temp_path {name};\n" for name in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


@pytest.fixture
def example(edge, origin, tmp_path):
    """A function that starts an example: `example(name, {text: other})`.

    Every text has to be there.  `listen` is the line with the port to ask."""
    def start(name, replaced=(), listen="listen 8080", **options):
        with open(os.path.join(EXAMPLES, name)) as file:
            conf = _OWN_LINES.sub("", file.read())
        port = free_port()
        for old, new in {
                "http {": "http {\n" + _TEMPORARY,
                listen: listen.replace(listen.split()[1], f"{HOST}:{port}"),
                "127.0.0.1:9000": origin.address,
                **dict(replaced)}.items():
            assert old in conf, f"{name} has no {old}"
            conf = conf.replace(old, new)
        conf = conf.replace("/var/log/nginx/", f"{tmp_path}/")
        return edge(conf=conf, port=port, **options)

    return start


@pytest.fixture
def shares(origin):
    """The origin answers by tenant, for a minute, and says so."""
    def answer(req):
        return Reply(headers={"Cache-Control": "public, max-age=60"},
                     body=f"for {req['X-Tenant']} {origin.version}".encode())

    origin.on("/p", answer)


def ask(nginx, headers, target="/p"):
    """(X-Cache, body)"""
    response = nginx.get(target, headers)
    assert response.status == 200, response
    return response["X-Cache"], response.text


# The two to start from

def test_minimal_keeps_what_has_no_lifetime_for_seconds(example, origin):
    nginx = example("minimal.conf")
    assert nginx.get("/a")["X-Cache"] == "MISS"
    hit = nginx.get("/a")
    assert (hit["X-Cache"], hit["Age"]) == ("HIT", "0")
    assert origin.count("/a") == 1


@pytest.mark.parametrize("headers", [
    {"Cache-Control": "private"}, {"Set-Cookie": "a=b"}])
def test_minimal_does_not_keep_what_is_somebodys(example, origin, headers):
    nginx = example("minimal.conf")
    origin.headers = headers
    for _ in range(2):
        assert nginx.get("/a")["X-Cache"] != "HIT"
    assert origin.count("/a") == 2


TOKEN = "a-token-for-the-tests"


@pytest.fixture
def api(example, redis_server, tmp_path):
    """A function that starts one edge of api.conf before the same Redis."""
    redis = redis_server()
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")

    def start():
        admin = free_port()
        nginx = example("api.conf", {
            "127.0.0.1:6379": redis.address,
            "127.0.0.1:8081": f"{HOST}:{admin}",
            "/etc/nginx/edge-token": str(token_file)})
        nginx.admin = admin
        wait_until(lambda: '"current"' in request(
            admin, "GET", "/edge/health").text, what="the log in Redis")
        return nginx

    return start


def test_api_answers_from_the_cache_and_tells_the_limit(api, origin):
    nginx = api()
    acme = {"Host": "acme.api.example.com"}
    assert ask(nginx, acme, "/v1/products")[0] == "MISS"
    hit = nginx.get("/v1/products", acme)
    assert hit["X-Cache"] == "HIT"
    assert hit["RateLimit-Policy"]
    assert origin.count("/v1/products") == 1
    line = wait_until(lambda: [x for x in nginx_log(nginx)
                               if "cache=HIT" in x], what="the access log")
    assert "tier=memory" in line[0] and "limit=PASSED" in line[0]


def test_api_keeps_tenants_apart(api, origin):
    nginx = api()
    for tenant in "acme", "globex":
        host = {"Host": f"{tenant}.api.example.com"}
        assert ask(nginx, host, "/v1/products")[0] == "MISS"
    assert origin.count("/v1/products") == 2


def test_api_knows_no_other_host(api, origin):
    nginx = api()
    assert nginx.get("/v1/products", {"Host": "example.net"}).status == 421
    assert origin.count() == 0


def test_api_leaves_a_users_own_alone(api, origin):
    nginx = api()
    origin.headers = {"Cache-Control": "max-age=60"}
    acme = {"Host": "acme.api.example.com"}
    for _ in range(2):
        assert nginx.get("/v1/me", acme).status == 200
    assert origin.count("/v1/me") == 2


def test_api_purges_by_tag_with_the_token(api, origin):
    nginx = api()
    acme = {"Host": "acme.api.example.com"}
    body = '{"tenant":"acme","tags":["products"]}'
    ask(nginx, acme, "/v1/products")
    refused = request(nginx.admin, "POST", "/edge/purge", body=body)
    assert refused.status == 401
    assert ask(nginx, acme, "/v1/products")[0] == "HIT"
    done = request(nginx.admin, "POST", "/edge/purge",
                   {"Authorization": f"Bearer {TOKEN}"}, body)
    assert done.status == 200, done
    assert ask(nginx, acme, "/v1/products")[0] == "MISS"


def test_api_has_metrics_and_health(api):
    nginx = api()
    assert "edge_cache_hits_total" in request(nginx.admin, "GET",
                                              "/edge/metrics").text
    assert request(nginx.admin, "GET", "/edge/health").status == 200


# A service that says who may come in

@pytest.fixture
def checked(example, tmp_path):
    """nginx of cached_auth.conf; `service` says whom it lets in."""
    service = Origin().start()
    service.allowed = {"one": "acme", "two": "globex"}

    def check(req):
        tenant = service.allowed.get(req["X-Api-Key"])
        return (Reply(204, {"X-Tenant": tenant,
                            "Surrogate-Key": f"user:{req['X-Api-Key']}"})
                if tenant else Reply(403))

    service.on("/check", check)
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    admin = free_port()
    nginx = example("cached_auth.conf", {
        "127.0.0.1:9001": service.address, "127.0.0.1:8081":
            f"{HOST}:{admin}", "/etc/nginx/edge-token": str(token_file)})
    nginx.admin, nginx.service = admin, service
    yield nginx
    service.stop()


def test_a_service_is_asked_once_for_each_user(checked, origin):
    for key in "one", "two":
        for _ in range(3):
            assert checked.get("/p", {"X-Api-Key": key}).status == 200
    assert checked.service.count("/check") == 2
    assert [request["X-Tenant"] for request in origin.seen("/p")] == [
        "acme", "globex"]
    assert checked.get("/p", {"X-Api-Key": "none"}).status == 403


def test_a_user_whose_tag_is_purged_is_let_out(checked):
    one = {"X-Api-Key": "one"}
    assert checked.get("/a", one).status == 200
    del checked.service.allowed["one"]
    assert checked.get("/a", one).status == 200
    done = request(checked.admin, "POST", "/edge/purge",
                   {"Authorization": f"Bearer {TOKEN}"},
                   '{"zone":"checks","tags":["user:one"]}')
    assert done.status == 200, done
    assert checked.get("/a", one).status == 403


# What Redis is like

def shared_by_two(start, origin):
    """Filled by one edge, and found by the other."""
    origin.headers = {"Cache-Control": "max-age=60"}
    first, second = start(), start()
    targets = iter(range(1000))

    def shared():
        target = f"/{next(targets)}"
        first.get(target)
        return wait_quietly(lambda: second.get(target)["X-Tier"] == "redis")

    wait_until(shared, 20, "a hit in Redis")


def wait_quietly(condition):
    try:
        return wait_until(condition, 0.2)
    except TimeoutError:
        return False


def test_redis_in_tls(example, origin, redis_server, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("redis", "DNS:cache.example.net")
    port = free_port()
    redis_server(tls_port=port, tls_cert_file=certificate, tls_key_file=key,
                 tls_ca_cert_file=authority.certificate, tls_auth_clients="no",
                 user="edge on >hidden ~* &* +@all")
    for name, text in ("password", "hidden"), ("secret", "s" * 32):
        (tmp_path / name).write_text(text + "\n")
    names = NameServer({"cache.example.net": [HOST]}).start()
    shared_by_two(lambda: example("redis/tls.conf", {
        "resolver 127.0.0.53": f"resolver {names.address} ipv6=off",
        "example.net:6380": f"example.net:{port}",
        "/etc/nginx/redis-ca.pem": authority.certificate,
        "/etc/nginx/redis-password": str(tmp_path / "password"),
        "/etc/nginx/redis-secret": str(tmp_path / "secret")}), origin)
    names.stop()


def test_redis_through_a_socket(example, origin, redis_server):
    redis = redis_server(unix=True)
    shared_by_two(lambda: example("redis/socket.conf", {
        "unix:/run/redis/redis.sock": redis.address}), origin)


def test_redis_and_sentinels(example, origin, tmp_path):
    group = Sentinels(tmp_path / "sentinels")
    try:
        ports = dict(zip(("127.0.0.1:26379", "127.0.0.1:26380",
                          "127.0.0.1:26381"), group.start().addresses))
        shared_by_two(lambda: example("redis/sentinel.conf", ports), origin)
    finally:
        group.stop()


def test_redis_cluster(example, origin, tmp_path):
    cluster = Cluster(tmp_path / "cluster")
    try:
        ports = dict(zip(("127.0.0.1:7000", "127.0.0.1:7001",
                          "127.0.0.1:7002"),
                         [node.address for node in cluster.start().nodes]))
        shared_by_two(lambda: example("redis/cluster.conf", ports), origin)
    finally:
        cluster.stop()


# Where a tenant comes from

def test_host_gives_the_tenant_and_no_header_does(example, origin, shares):
    nginx = example("tenants/host.conf")
    acme = {"Host": "acme.example.com", "X-Tenant": "globex",
            "X-Forwarded-Host": "globex.example.com"}
    globex = {"Host": "globex.example.com"}
    assert ask(nginx, acme) == ("MISS", "for acme 1")
    assert ask(nginx, globex) == ("MISS", "for globex 1")
    origin.bump()
    assert ask(nginx, acme) == ("HIT", "for acme 1")
    assert ask(nginx, globex) == ("HIT", "for globex 1")
    assert origin.seen("/p")[0]["X-Forwarded-Host"] is None


@pytest.mark.parametrize("host", [
    "example.com", "acme.example.com.evil.net", "a.acme.example.com",
    "acme-example.com", "-acme.example.com"])
def test_a_host_that_does_not_fit_is_not_cached(example, shares, host):
    nginx = example("tenants/host.conf")
    for _ in range(2):
        assert ask(nginx, {"Host": host})[0] == "BYPASS"


def test_one_tenant_may_have_a_second_host(example, origin, shares):
    nginx = example("tenants/host.conf")
    assert ask(nginx, {"Host": "shop.globex.com"})[1] == "for globex 1"


def openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True,
                   capture_output=True, timeout=60)


def make_authority(directory, name):
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-out", f"{name}.crt")


def make_certificate(directory, authority, name, subject):
    openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-subj",
            subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(directory, "x509", "-req", "-days", "1", "-in", f"{name}.csr",
            "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
            "-CAcreateserial", "-out", f"{name}.crt")


@pytest.fixture
def mtls(example, tmp_path):
    """A function that asks with a certificate of that name, or with none."""
    make_authority(tmp_path, "clients-ca")
    make_authority(tmp_path, "other-ca")
    for name, subject in {
            "server": "/CN=localhost", "acme": "/O=acme/CN=client",
            "globex": "/O=globex/CN=client",
            "forger": "/O=globex/CN=x,O=acme",
            "twofold": "/O=acme/O=globex/CN=client"}.items():
        make_certificate(tmp_path, "clients-ca", name, subject)
    make_certificate(tmp_path, "other-ca", "stranger", "/O=acme/CN=client")
    nginx = example("tenants/mtls.conf",
                    {"/etc/nginx/tls/": f"{tmp_path}/"}, "listen 8443")

    def ask_as(name, headers=()):
        context = ssl.create_default_context(
            cafile=tmp_path / "clients-ca.crt")
        if name:
            context.load_cert_chain(tmp_path / f"{name}.crt",
                                    tmp_path / f"{name}.key")
        client = http.client.HTTPSConnection("localhost", nginx.port,
                                             timeout=10, context=context)
        client.request("GET", "/p", headers=dict(headers))
        response = client.getresponse()
        body = response.read().decode()
        client.close()
        return response.status, response.headers["X-Cache"], body

    return ask_as


def test_a_certificate_gives_the_tenant(mtls, origin, shares):
    assert mtls("acme") == (200, "MISS", "for acme 1")
    assert mtls("globex", {"X-Tenant": "acme"}) == (200, "MISS",
                                                    "for globex 1")
    origin.bump()
    assert mtls("acme", {"X-Tenant": "globex"}) == (200, "HIT", "for acme 1")
    assert mtls("globex") == (200, "HIT", "for globex 1")


@pytest.mark.parametrize("name", ["forger", "twofold"])
def test_a_name_like_another_tenants_gets_nothing_cached(mtls, shares, name):
    mtls("acme")
    assert mtls(name) == (200, "BYPASS", "for None 1")


@pytest.mark.parametrize("name", [None, "stranger"])
def test_an_unverified_certificate_gets_no_hit(mtls, shares, name):
    mtls("acme")
    assert mtls(name)[:2] == (400, None)


@pytest.fixture
def authenticated(example, origin, shares):
    """A function that asks with a token; the service knows two tenants, and
    `service` forgets tokens."""
    service = Origin().start()
    service.tenants = {"Bearer one": "acme", "Bearer two": "acme",
                       "Bearer three": "globex"}

    def check(req):
        tenant = service.tenants.get(req["Authorization"])
        return (Reply(204, {"X-Tenant": tenant}) if tenant else Reply(401))

    service.on("/check", check)
    nginx = example("tenants/auth_request.conf",
                    {"127.0.0.1:9001": service.address})

    def ask_with(token, **headers):
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        response = nginx.get("/p", {**fields, **headers})
        return response.status, response["X-Cache"], response.text

    ask_with.service = service
    yield ask_with
    service.stop()


def test_the_authentication_service_gives_the_tenant(authenticated, origin):
    forged = {"X-Tenant": "globex"}
    assert authenticated("one", **forged) == (200, "MISS", "for acme 1")
    assert authenticated("three") == (200, "MISS", "for globex 1")
    origin.bump()
    assert authenticated("two", **forged) == (200, "HIT", "for acme 1")
    assert authenticated("three", **{"X-Tenant": "acme"}) == (
        200, "HIT", "for globex 1")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_a_valid_token_there_is_no_hit(authenticated, token):
    authenticated("one")
    assert authenticated(token, **{"X-Tenant": "acme"})[0] == 401


def test_a_token_that_was_withdrawn_gets_no_hit(authenticated):
    authenticated("one")
    assert authenticated("one")[1] == "HIT"
    del authenticated.service.tenants["Bearer one"]
    assert authenticated("one")[0] == 401


@pytest.fixture
def gateway(example, shares):
    """The gateway of the example is the address the tests come from."""
    return example("tenants/gateway.conf", {"10.0.0.0/24": "127.0.0.1/32"})


def test_the_gateways_header_gives_the_tenant(gateway, origin):
    assert ask(gateway, {"X-Tenant": "acme"}) == ("MISS", "for acme 1")
    assert ask(gateway, {"X-Tenant": "globex"}) == ("MISS", "for globex 1")
    origin.bump()
    assert ask(gateway, {"X-Tenant": "acme"}) == ("HIT", "for acme 1")
    assert ask(gateway, {"X-Tenant": "globex"}) == ("HIT", "for globex 1")


@pytest.mark.parametrize("headers", [
    {}, {"X-Tenant": ""}, {"X-Tenant": "Acme/.."},
    {"X-Tenant": ["acme", "globex"]}, {"X-Tenant": "acme, globex"},
    {"X-Tenant": "yes acme"}])
def test_a_doubtful_tenant_of_the_gateway_is_refused(gateway, origin, headers):
    ask(gateway, {"X-Tenant": "acme"})
    assert gateway.get("/p", headers).status == 403
    assert origin.count("/p") == 1


def test_the_header_of_anybody_else_is_refused(gateway, origin):
    ask(gateway, {"X-Tenant": "acme"})
    client = http.client.HTTPConnection(HOST, gateway.port, timeout=10,
                                        source_address=("127.0.0.2", 0))
    client.request("GET", "/p", headers={"X-Tenant": "acme",
                                         "X-Forwarded-For": "127.0.0.1"})
    assert client.getresponse().status == 403
    client.close()
    assert origin.count("/p") == 1


def nginx_log(nginx):
    """Of an example: it logs where the harness has its directories."""
    path = os.path.join(os.path.dirname(nginx.prefix), "access.log")
    with open(path) as file:
        return file.read().splitlines()
