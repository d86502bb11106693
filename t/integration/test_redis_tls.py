"""TLS to Redis: who is talked to, and who is not.

As in test_redis_client.py, X-Source says whether Redis decided a limit."""

import os
import time

import pytest

from lib.cached import purge
from lib.certificates import Authority
from lib.client import answers
from lib.fleet import origin_of_hit, wait_stored
from lib.origin import Reply
from lib.ports import HOST, free_port
from lib.tcp import Server
from lib.wait import wait_until
from lib.waiters import ask


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue("redis", f"DNS:cache.example,IP:{HOST}")


@pytest.fixture
def tls_redis(redis_server, authority, certificate):
    """A Redis that speaks TLS on tls_address, and plainly to the test."""
    def start(certificate=certificate, clients="no", **settings):
        port = free_port()
        server = redis_server(
            tls_port=port, tls_cert_file=certificate[0],
            tls_key_file=certificate[1],
            tls_ca_cert_file=authority.certificate,
            tls_auth_clients=clients, **settings)
        server.tls_address = f"{HOST}:{port}"
        return server

    return start


@pytest.fixture
def asking(edge):
    def start(lines, **pieces):
        return edge(
            http=f"edge_redis main {{ connect_timeout 2s; {lines} }}"
                 "edge_limit_zone $arg_k zone=z:1m rate=1r/m burst=1000"
                 " redis=main;",
            location='edge_limit zone=z;'
                     'add_header X-Source "$edge_limit_source";', **pieces)

    return start


def source(nginx):
    response = nginx.get("/?k=k")
    assert response.status == 200
    return response["X-Source"]


def wait_for_redis(nginx):
    wait_until(lambda: source(nginx) == "redis", what="decisions by Redis")


def refused(nginx, why):
    wait_until(lambda: f"redis is down: {why}" in nginx.error_log(),
               what=f"a line that says {why}")
    assert source(nginx) == "local"


def test_an_address_in_the_certificate(asking, tls_redis, authority):
    redis = tls_redis()
    wait_for_redis(asking(f"server {redis.tls_address}; tls on;"
                          f"tls_ca {authority.certificate};"))


def test_a_name_of_our_own_choice(asking, tls_redis, authority):
    redis = tls_redis()
    wait_for_redis(asking(f"server {redis.tls_address}; tls on;"
                          f"tls_ca {authority.certificate};"
                          "tls_name cache.example;"))


@pytest.mark.parametrize("name, why", [
    ("other.example", "hostname mismatch"),
    ("127.0.0.9", "IP address mismatch"),
])
def test_a_name_that_the_certificate_lacks(asking, tls_redis, authority, name,
                                           why):
    redis = tls_redis()
    refused(asking(f"server {redis.tls_address}; tls on; tls_name {name};"
                   f"tls_ca {authority.certificate};"), why)


def test_the_host_in_the_server_line_is_checked(asking, tls_redis, authority):
    redis = tls_redis(authority.issue("names", "DNS:cache.example"))
    refused(asking(f"server {redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate};"), "IP address mismatch")


def test_an_authority_that_nobody_named(asking, tls_redis):
    redis = tls_redis()
    refused(asking(f"server {redis.tls_address}; tls on;"),
            "self-signed certificate in certificate chain")


def test_an_authority_that_did_not_sign(asking, tls_redis, tmp_path):
    redis = tls_redis()
    other = Authority(tmp_path / "other")
    nginx = asking(f"server {redis.tls_address}; tls on;"
                   f"tls_ca {other.certificate};")
    wait_until(lambda: "redis is down: " in nginx.error_log(),
               what="a line about it")
    assert source(nginx) == "local"


def test_a_certificate_that_has_expired(asking, tls_redis, authority):
    old = authority.issue("old", f"IP:{HOST}", days=0)
    time.sleep(1.5)  # the second in which it was made
    redis = tls_redis(old)
    refused(asking(f"server {redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate};"),
            "certificate has expired")


def test_a_server_that_wants_a_certificate(asking, tls_redis, authority):
    redis = tls_redis(clients="yes")
    certificate, key = authority.issue("edge")
    lines = (f"server {redis.tls_address}; tls on;"
             f"tls_ca {authority.certificate};")
    nginx = asking(lines)
    time.sleep(0.3)
    assert source(nginx) == "local"
    wait_for_redis(asking(f"{lines} tls_cert {certificate}; tls_key {key};"))


def test_the_second_handshake_is_a_short_one(asking, tls_redis, authority):
    redis = tls_redis()
    nginx = asking(f"server {redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate};", log_level="debug")
    wait_for_redis(nginx)
    assert "SSL reused session" not in nginx.error_log()
    redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: "SSL reused session" in nginx.error_log(),
               what="a resumed session")
    wait_for_redis(nginx)


def test_a_server_without_tls(asking, redis, authority):
    refused(asking(f"server {redis.address}; tls on;"
                   f"tls_ca {authority.certificate};"),
            "no answer within connect_timeout")


class Silent(Server):
    """Accepts, and says nothing."""

    def serve(self, sock):
        self.closing.wait()


def test_a_handshake_that_hangs_has_a_deadline(edge, authority):
    silent = Silent().start()
    try:
        nginx = edge(http=f"edge_redis main {{ server {silent.address}; tls on;"
                          f"tls_ca {authority.certificate}; }}"
                          "edge_limit_zone $arg_k zone=z:1m rate=1r/m"
                          " redis=main;",
                     location='edge_limit zone=z;'
                              'add_header X-Source "$edge_limit_source";')
        refused(nginx, "no answer within connect_timeout")
    finally:
        silent.stop()


def test_a_purge_and_a_large_object_over_tls(fleet, origin, tls_redis,
                                             authority):
    redis = tls_redis()
    origin.on("/large", Reply(
        headers={"Cache-Control": "max-age=60"}, body=os.urandom(900_000)))
    first, second = fleet.start(
        2, address=f"{redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate}", size="32m",
        redis_lines="timeout 2s; connect_timeout 2s;")
    body = first.get("/large").body
    wait_stored(first, 1)
    shared = second.get("/large")
    assert origin_of_hit(shared) == ("HIT", "redis")
    assert shared.body == body
    purge(first, all=True)
    assert second.get("/large")["X-Cache"] == "MISS"


def test_what_is_sent_grows_while_the_socket_is_full(fleet, origin, tls_redis,
                                                     authority, gate):
    """It moved in memory, and OpenSSL refused to go on with it."""
    redis = tls_redis()
    targets = [f"/{i}" for i in range(3)]
    for target in targets:
        origin.on(target, Reply(headers={"Cache-Control": "max-age=60"},
                                body=os.urandom(1 << 20) * 4, wait=gate))
    nginx, = fleet.start(
        1, address=f"{redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate}", size="64m",
        location="edge_cache_max_size 8m;",
        redis_lines="timeout 5s; connect_timeout 5s;")
    clients = [ask(nginx, 1, target)[0] for target in targets]
    origin.wait_for(count=len(targets))
    redis.pause()
    gate.set()
    answers(clients)
    redis.resume()
    wait_stored(nginx, len(targets), 20)
    assert "SSL_write() failed" not in nginx.error_log()


def test_no_secret_is_in_the_log(asking, tls_redis, authority, tmp_path):
    redis = tls_redis(requirepass="old-hidden")
    certificate, key = authority.issue("edge")
    passwords = tmp_path / "passwords"
    passwords.write_text("new-hidden\nold-hidden\n")
    nginx = asking(f"server {redis.tls_address}; tls on;"
                   f"tls_ca {authority.certificate}; tls_cert {certificate};"
                   f"tls_key {key}; password_file {passwords};",
                   log_level="debug")
    wait_for_redis(nginx)
    log = nginx.error_log()
    assert "hidden" not in log
    with open(key) as file:
        for line in file.read().splitlines():
            assert line not in log
