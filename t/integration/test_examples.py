"""The configurations of conf.examples work as they stand, but for ports and
paths."""

import os

import pytest

from lib.cached import TOKEN
from lib.certificates import Authority
from lib.client import request
from lib.cluster import Cluster
from lib.examples import ask
from lib.names import NameServer
from lib.origin import Origin, Reply
from lib.ports import HOST, free_port
from lib.sentinels import Sentinels
from lib.wait import wait_until


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


def nginx_log(nginx):
    """Of an example: it logs where the harness has its directories."""
    path = os.path.join(os.path.dirname(nginx.prefix), "access.log")
    with open(path) as file:
        return file.read().splitlines()
