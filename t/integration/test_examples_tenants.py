"""The configurations of conf.examples/tenants keep tenants apart."""

import http.client
import ssl
import subprocess

import pytest

from lib.examples import ask
from lib.origin import Origin, Reply
from lib.ports import HOST


@pytest.fixture
def shares(origin):
    """The origin answers by tenant, for a minute, and says so."""
    def answer(req):
        return Reply(headers={"Cache-Control": "public, max-age=60"},
                     body=f"for {req['X-Tenant']} {origin.version}".encode())

    origin.on("/p", answer)


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
