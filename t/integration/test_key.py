"""What tells two resources apart: scheme, authority, path and query as the
origin gets them."""

import http.client
import ssl
import subprocess

import pytest

from lib.cached import verdict
from lib.client import Connection
from lib.ports import free_port


def same(nginx, one, other, **headers):
    """Whether the second of two (target, host) is a hit on the first."""
    for target, host in (one, other):
        response = nginx.get(target, {"Host": host, **headers})
    return verdict(response)[0] == "HIT"


HOST = "example.com"


@pytest.mark.parametrize("host", ["EXAMPLE.com", "example.com:80",
                                  "example.com.", "Example.Com.:80"])
def test_one_host_is_one_host_however_written(cached, host):
    assert same(cached(), ("/", HOST), ("/", host))


def test_the_port_a_client_came_to_changes_nothing(cached):
    nginx = cached()
    assert same(nginx, ("/", HOST), ("/", f"{HOST}:{nginx.port}"))


def test_another_port_cannot_put_its_links_under_a_host(cached):
    assert not same(cached(), ("/", f"{HOST}:6666"), ("/", HOST))


@pytest.mark.parametrize("host", ["example.org", "www.example.com",
                                  "example.com.org", "xexample.com"])
def test_hosts_are_kept_apart(cached, host):
    assert not same(cached(), ("/", HOST), ("/", host))


@pytest.mark.parametrize("target", [
    "/a?x=1", "/a?", "/A", "/a/", "/a%2Fb", "/a;v=1", "/%61", "//a", "/a/."])
def test_targets_are_kept_apart(cached, target):
    assert not same(cached(), ("/a", HOST), (target, HOST))


@pytest.mark.parametrize("one, other", [
    ("/?a=1&b=2", "/?b=2&a=1"), ("/?a=1", "/?a=%31"), ("/?a=1", "/?A=1"),
    ("/?a=1&a=2", "/?a=2&a=1"), ("/?a=1", "/?a=1&"), ("/?a+b", "/?a%20b"),
    ("/x/../a", "/a"), ("/a%2fb", "/a/b"), ("/a%2fb", "/a%2Fb"),
    ("/%E4", "/%e4")])
def test_targets_compare_byte_by_byte(cached, one, other):
    nginx = cached()
    assert not same(nginx, (one, HOST), (other, HOST))
    assert same(nginx, (one, HOST), (one, HOST))


def test_the_origin_is_asked_for_what_the_key_says(cached, origin):
    nginx = cached()
    for target in ("/a%2Fb?x=%20&y", "/a//b", "/x/../b", "/%e4"):
        assert nginx.get(target).json()["uri"] == target
        assert nginx.get(target).json()["uri"] == target


def test_a_fragment_is_in_no_key(cached, origin):
    nginx = cached()
    assert verdict(nginx.get("/a#f")) in (("BYPASS", "uri_invalid"),
                                          (None, None))
    assert verdict(nginx.get("/a")) == ("MISS", None)


def test_an_absolute_target_names_the_same_resource(cached):
    nginx = cached()
    nginx.get("/a", {"Host": HOST})
    assert verdict(nginx.get(f"http://{HOST}/a", {"Host": HOST})) == (
        "HIT", None)


@pytest.mark.parametrize("host", ["evil.example", "localhost"])
def test_two_authorities_are_none(cached, host):
    nginx = cached("proxy_set_header Host $http_host;")
    assert verdict(nginx.get(f"http://{HOST}/a", {"Host": host})) == (
        "BYPASS", "host_invalid")
    assert verdict(nginx.get("/a", {"Host": HOST})) == ("MISS", None)


def http2_request(port, fields):
    """A GET on a connection of its own; returns when that is answered."""
    block = b"".join(b"\0" + bytes([len(n)]) + n + bytes([len(v)]) + v
                     for n, v in fields)
    with Connection(port) as connection:
        connection.send(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")
            + frame(1, 5, 1, block))
        kind = flags = 0
        while (kind, flags & 1) not in ((0, 1), (1, 1), (3, 0)):
            head = connection.read(9)
            kind, flags = head[3], head[4]
            connection.read(int.from_bytes(head[:3], "big"))


def frame(kind, flags, stream, data):
    return (len(data).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + data)


@pytest.mark.parametrize("told", ["$host", "$http_host"])
def test_two_authorities_of_http_2_do_no_harm(cached, told):
    """Whatever nginx makes of them: nobody else gets what came of it."""
    port = free_port()
    nginx = cached(server=f"""
        listen 127.0.0.1:{port} http2;
        location /h {{
            edge_cache z;
            proxy_pass http://origin;
            proxy_set_header Host {told};
        }}""")
    for first, second in ((HOST, "evil.example"), ("evil.example", HOST)):
        http2_request(port, [
            (b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/h"),
            (b":authority", first.encode()), (b"host", second.encode())])
    for host in (HOST, "evil.example"):
        response = nginx.get("/h", {"Host": host})
        assert ["Host", host] in response.json()["headers"]


def test_requests_without_a_host_use_the_servers_name(cached):
    nginx = cached(server=f"server_name {HOST};")
    nginx.get("/a", {"Host": HOST})
    with nginx.connect() as connection:
        connection.send(b"GET /a HTTP/1.0\r\n\r\n")
        assert verdict(connection.read_response()) == ("HIT", None)


def test_head_and_get_have_one_key(cached):
    nginx = cached()
    nginx.get("/")
    assert verdict(nginx.get("/", method="HEAD")) == ("HIT", None)


def test_http_and_https_are_kept_apart(cached, tmp_path):
    port = free_port()
    make_certificate(tmp_path)
    nginx = cached(server=f"""
        listen 127.0.0.1:{port} ssl; ssl_certificate {tmp_path}/cert;
        ssl_certificate_key {tmp_path}/key;""")
    nginx.get("/a", {"Host": HOST})
    assert get_by_https(port).headers["X-Cache"] == "MISS"
    assert get_by_https(port).headers["X-Cache"] == "HIT"


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    f"/CN={HOST}", "-keyout", directory / "key", "-out",
                    directory / "cert"], check=True, capture_output=True)


def get_by_https(port):
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, context=ssl._create_unverified_context())
    connection.request("GET", "/a", headers={"Host": HOST})
    return connection.getresponse()


# edge_cache_key, edge_cache_host

def test_edge_cache_key_stands_for_path_and_query(cached):
    nginx = cached("edge_cache_key $uri;")
    assert same(nginx, ("/a?x=1", HOST), ("/a?x=2", HOST))
    assert not same(nginx, ("/a", HOST), ("/b", HOST))
    assert not same(nginx, ("/c", HOST), ("/c", "example.org"))


def test_edge_cache_key_and_a_path_are_two_things(cached):
    nginx = cached(locations={"/k": "edge_cache z; edge_cache_key /a;"})
    assert not same(nginx, ("/a", HOST), ("/k", HOST))


@pytest.mark.parametrize("headers", [{}, {"X-Key": ""},
                                     {"X-Key": ["a", "b"]}])
def test_a_doubtful_key_bypasses(cached, headers):
    nginx = cached("edge_cache_key $http_x_key;")
    assert verdict(nginx.get("/", headers)) == ("BYPASS", "uri_invalid")


def test_edge_cache_key_keeps_tenants_apart(cached):
    nginx = cached("edge_cache_key all; edge_cache_tenant $http_x_tenant;")
    nginx.get("/", {"X-Tenant": "a"})
    assert verdict(nginx.get("/", {"X-Tenant": "b"})) == ("MISS", None)
    assert verdict(nginx.get("/x", {"X-Tenant": "a"})) == ("HIT", None)


def test_edge_cache_host_stands_for_the_authority(cached):
    nginx = cached("edge_cache_host shop;")
    assert same(nginx, ("/a", HOST), ("/a", "example.org"))


def test_a_repeated_header_is_no_authority(cached):
    nginx = cached("edge_cache_host $http_x_shop;")
    assert verdict(nginx.get("/", {"X-Shop": ["a", "b"]})) == (
        "BYPASS", "host_invalid")


def test_a_long_target_is_a_key_or_a_reason(cached):
    nginx = cached(server="large_client_header_buffers 4 64k;")
    for length in (1000, 8000, 32000, 60000):
        target = "/" + "x" * length
        first = nginx.get(target)
        assert verdict(first) in (("MISS", None), ("BYPASS", "key_too_long"))
        assert nginx.get(target).json()["uri"] == target


def test_zones_are_kept_apart(cached):
    nginx = cached(http="edge_cache_zone y:8m;",
                   locations={"/y": "edge_cache y; edge_cache_key /k;",
                              "/z": "edge_cache z; edge_cache_key /k;"})
    assert not same(nginx, ("/y", HOST), ("/z", HOST))
    assert same(nginx, ("/z", HOST), ("/z2", HOST))
