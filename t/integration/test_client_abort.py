"""A fill whose client leaves goes on for those who wait, or if it is small."""

import time

import pytest

from lib.cached import logged, metric, slow_listen, verdict
from lib.client import Connection, Tls
from lib.http2 import Http2
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}
BODY = bytes(range(256)) * 160  # 40 KiB

# No reason of their own to go on: only those who wait are one.
WAITED = "edge_cache_ignore_client_abort waited;"


@pytest.fixture
def leaving(cached, certificate):
    """An instance that speaks all of nginx's protocols."""
    def start(location=WAITED, server="", **pieces):
        ports = {name: free_port() for name in ("http2", "tls", "slow")}
        nginx = cached(location, server=f"""
            listen 127.0.0.1:{ports["http2"]} http2;
            listen 127.0.0.1:{ports["tls"]} ssl;
            ssl_certificate {certificate}/cert;
            ssl_certificate_key {certificate}/key;
            {slow_listen(ports["slow"])} {server}""", **pieces)
        nginx.ports = ports
        return nginx

    return start


def ask(nginx, protocol, target="/", headers=()):
    """A client that has asked, and a function by which it leaves."""
    if protocol.startswith("http2"):
        client = Http2(nginx.ports["http2"])
        stream = client.send_request(target, headers=headers)
        # A cancelled stream: its connection stays.
        return client, (client.abort if protocol == "http2 connection"
                        else lambda: client.cancel(stream))
    client = connection(nginx, protocol)
    client.send_request("GET", target, headers)
    return client, (client.close if protocol == "close" else client.abort)


def wait_outlived(nginx, count=1):
    wait_until(lambda: metric(nginx, "edge_cache_fills_outlived_total")
               == count, 10, f"{count} fills without their client")


def leave_early(nginx, origin, headers=()):
    """A client that has left when the origin was asked."""
    _, leave = ask(nginx, "reset", headers=headers)
    origin.wait_for("/")
    leave()
    wait_outlived(nginx)


def connection(nginx, protocol):
    return (Tls(nginx.ports["tls"]) if protocol == "tls"
            else Connection(nginx.port))


def waiters(nginx, count, target="/", protocol="http"):
    """Clients that wait for the fill."""
    clients = [connection(nginx, protocol) for _ in range(count)]
    for client in clients:
        client.send_request("GET", target)
    wait_until(lambda: waiting(nginx) >= count, 10, f"{count} that wait")
    return clients


def waiting(nginx):
    """Connections with a request, but for the one that asks and the fill's."""
    text = nginx.get("/status").text
    return int(text.split("Writing: ")[1].split()[0]) - 2


STATUS = "location = /status { edge_cache off; stub_status; }"


def settled(nginx, stored=1):
    wait_until(lambda: metric(nginx, "edge_cache_fills_total", result="stored")
               == stored, 10, f"{stored} stored fills")
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0)
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)


@pytest.mark.parametrize("stage", ["wait", "body_wait"])
@pytest.mark.parametrize("protocol", ["reset", "close", "tls", "http2",
                                      "http2 connection"])
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_those_who_wait_get_the_answer(leaving, origin, gate, protocol, stage,
                                       buffering):
    origin.on("/", Reply(headers=FRESH, body=BODY, **{stage: gate}))
    nginx = leaving(f"{WAITED} proxy_buffering {buffering};", STATUS)
    client, leave = ask(nginx, protocol)
    origin.wait_for("/")
    others = waiters(nginx, 3, protocol=protocol)
    leave()
    wait_outlived(nginx)
    gate.set()
    for other in others:
        response = other.read_response()
        assert (response.body, verdict(response)) == (BODY, ("HIT", None))
        other.close()
    assert origin.count("/") == 1
    if protocol == "http2":  # its connection serves on
        assert client.read_body(client.send_request("/")) == BODY
    client.close()
    settled(nginx)
    # The origin's connection was not cut off, and serves again.
    assert nginx.get("/other").status == 200
    assert origin.accepted == 1


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_small_answer_is_finished_for_nobody(leaving, origin, gate, framing):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=gate,
                         framing=framing))
    nginx = leaving("")
    leave_early(nginx, origin)
    gate.set()
    settled(nginx)
    assert verdict(nginx.get("/")) == ("HIT", None)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_answer_ends_with_its_client(leaving, origin, gate, framing):
    origin.on("/", Reply(headers=FRESH, body=BODY * 2, wait=gate,
                         framing=framing))
    nginx = leaving("")
    leave_early(nginx, origin)
    gate.set()
    wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                              result="aborted") == 1)
    settled(nginx, stored=0)
    assert verdict(nginx.get("/")) == ("MISS", None)


@pytest.mark.parametrize("setting", ["off", "waited"])
def test_nothing_is_finished_for_nobody_unless_asked_for(leaving, origin, gate,
                                                         setting):
    origin.on("/", [Reply(headers=FRESH, body=BODY, wait=gate),
                    Reply(headers=FRESH, body=b"new")])
    nginx = leaving(f"edge_cache_ignore_client_abort {setting};")
    _, leave = ask(nginx, "reset")
    origin.wait_for("/")
    leave()
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0)
    assert nginx.get("/").body == b"new"
    assert metric(nginx, "edge_cache_fills_outlived_total") == 0


def test_off_ends_it_although_others_wait(leaving, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=BODY, wait=gate),
                    Reply(headers=FRESH, body=b"new")])
    nginx = leaving("edge_cache_ignore_client_abort off;", STATUS)
    _, leave = ask(nginx, "reset")
    origin.wait_for("/")
    other, = waiters(nginx, 1)
    leave()
    assert other.read_response().body == b"new"


def test_a_client_that_was_slow_before_it_left(leaving, origin, gate):
    """Bytes for it are waiting, and nothing else is read until they move."""
    body = BODY * 20
    origin.on("/", Reply(headers=FRESH, body=body, body_wait=gate))
    nginx = leaving("""edge_cache_ignore_client_abort 1m; proxy_buffers 2 8k;
                       proxy_busy_buffers_size 8k; proxy_buffer_size 8k;
                       proxy_max_temp_file_size 0;""", zone="z:8m")
    client = Connection(nginx.ports["slow"])
    client.send_request("GET", "/")
    client.read(100)
    time.sleep(0.2)
    client.abort()
    wait_outlived(nginx)
    gate.set()
    settled(nginx)
    assert nginx.get("/").body == body
    assert origin.count("/") == 1


@pytest.mark.parametrize("reply", [
    Reply(headers={"Cache-Control": "private"}, body=BODY),
    Reply(503, body=b"x"),
    Reply(headers=FRESH, body=BODY, cut=1000),  # before anybody reads
    Reply(cut=0),
], ids=["private", "503", "cut", "none"])
def test_what_cannot_be_stored_lets_the_others_ask(leaving, origin, gate,
                                                   reply):
    first = Reply(**{**vars(reply), "wait": gate})
    origin.on("/", [first, Reply(headers=FRESH, body=b"new")])
    nginx = leaving(server=STATUS)
    _, leave = ask(nginx, "reset")
    origin.wait_for("/")
    others = waiters(nginx, 3)
    leave()
    wait_outlived(nginx)
    gate.set()
    for other in others:
        assert other.read_response().body == b"new"
        other.close()
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0)


def test_an_error_page_that_asks_elsewhere(leaving, origin, gate):
    """nginx takes the request whose client has left to another location."""
    origin.on("/", Reply(404, wait=gate))
    nginx = leaving("proxy_intercept_errors on; error_page 404 @other;",
                    locations={"@other": "edge_cache off;"})
    leave_early(nginx, origin)
    gate.set()
    settled(nginx, stored=0)
    assert nginx.get("/x").status == 200


@pytest.mark.parametrize("upstream", ["unix:/none", "away"])
@pytest.mark.parametrize("cache", ["edge_cache z;", ""], ids=["cache", "none"])
def test_a_fetch_that_failed_at_once_and_asks_elsewhere(
        cached, origin, gate, upstream, cache):
    """The first location watched the client of the second, and the worker
    died when it left."""
    origin.on("/a", Reply(headers=FRESH, body=BODY, wait=gate))
    nginx = cached(http="upstream away { server 127.0.0.1:1 down; }",
                   server=f"""location /a {{
                       edge_cache z;
                       error_page 502 @b;
                       proxy_pass http://{upstream};
                   }}""", locations={"@b": cache})
    workers = nginx.workers()
    client = nginx.connect()
    client.send_request("GET", "/a")
    origin.wait_for("/a")
    client.abort()
    wait_until(nginx.access_log, what="the end of the request")
    gate.set()
    assert nginx.get("/other").status == 200
    assert nginx.workers() == workers


def test_a_range_of_it_was_asked_for(leaving, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=BODY, wait=gate))
    nginx = leaving("")
    leave_early(nginx, origin, {"Range": "bytes=0-9"})
    gate.set()
    settled(nginx)
    assert nginx.get("/").body == BODY
    assert origin.count("/") == 1


@pytest.mark.parametrize("method, headers", [("HEAD", {}),
                                             ("GET", {"X-Off": "1"})])
def test_what_fills_nothing_ends_with_its_client(leaving, origin, gate, method,
                                                 headers):
    origin.on("/", Reply(headers=FRESH, body=BODY, wait=gate))
    nginx = leaving("edge_cache_no_store $http_x_off;")
    client = nginx.connect()
    client.send_request(method, "/", headers)
    origin.wait_for("/")
    client.abort()
    gate.set()
    wait_until(lambda: logged(nginx))
    settled(nginx, stored=0)


def test_the_log_says_that_the_client_left(leaving, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=BODY, wait=gate))
    nginx = leaving("")
    leave_early(nginx, origin)
    gate.set()
    wait_until(lambda: 'GET / 499 MISS "-"' in nginx.access_log())


def test_a_reload_while_it_goes_on(leaving, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=BODY, body_wait=gate))
    nginx = leaving("")
    leave_early(nginx, origin)
    nginx.reload()
    other = nginx.connect()
    other.send_request("GET", "/")
    gate.set()
    assert verdict(other.read_response()) == ("HIT", None)
    other.close()
    assert origin.count("/") == 1
    settled(nginx)
    wait_until(lambda: len(nginx.all_workers()) == 1, 10,
               "the old worker's exit")


def test_it_ends_with_an_old_worker_s_time(leaving, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=BODY, wait=gate),
                    Reply(headers=FRESH, body=b"new")])
    nginx = leaving("")
    nginx.shutdown_timeout = "300ms"
    nginx.reload(nginx.conf)
    leave_early(nginx, origin)
    nginx.reload()
    wait_until(lambda: len(nginx.all_workers()) == 1, 10,
               "the old worker's exit")
    assert nginx.get("/").body == b"new"
