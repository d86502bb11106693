"""The zone: full is no error, and a reload keeps what is in it."""

import os
import resource
import threading
import time

import pytest

from lib.cached import logged, metric, slow_listen, verdict
from lib.client import Connection
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until


LONG = "keepalive_requests 100000;"


@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_full_zone_evicts_and_serves_on(cached, origin, size):
    origin.on("/", lambda request: Reply(
        headers={"Cache-Control": "max-age=60"},
        body=request.target.encode() + b"x" * size))
    nginx = cached(zone="z:1m selectors=64", server=LONG)
    with nginx.connect() as connection:
        for number in range(3000 if size < 1000 else 300):
            target = f"/?{number}"
            for _ in range(1 + number % 2):
                response = connection.request("GET", target)
                assert response.status == 200
                assert response.body == target.encode() + b"x" * size
    assert metric(nginx, "edge_cache_zone_evictions_total",
                  reason="capacity") > 0
    used = metric(nginx, "edge_cache_zone_used_bytes")
    assert used <= metric(nginx, "edge_cache_zone_capacity_bytes")
    assert verdict(nginx.get("/?last"))[0] == "MISS"
    assert verdict(nginx.get("/?last"))[0] == "HIT"
    assert not {reason for _, reason in logged(nginx)} - {None}


def test_what_is_used_stays(cached, origin):
    """A scan of keys asked for once does not push out the hot ones."""
    nginx = cached(zone="z:1m selectors=64", server=LONG)
    hot = [f"/hot{i}" for i in range(20)]
    with nginx.connect() as connection:
        for target in hot * 2:
            connection.request("GET", target)
        hits = 0
        for number in range(3000):
            connection.request("GET", f"/scan{number}")
            if number % 50 == 0:
                hits += sum(verdict(connection.request("GET", t))[0] == "HIT"
                            for t in hot)
    assert hits >= 0.95 * 60 * len(hot)


def test_an_object_larger_than_the_zone_has_a_reason(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"},
                         body=os.urandom(2_000_000)))
    nginx = cached("edge_cache_max_size 8m;", zone="z:1m selectors=64")
    for _ in range(2):
        assert len(nginx.get("/").body) == 2_000_000
    nginx.quit()
    assert logged(nginx) == [("MISS", "zone_full")] * 2


def test_a_zone_full_of_pinned_objects_stores_no_more(cached, origin):
    body = os.urandom(700_000)
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=body))
    port = free_port()
    nginx = cached("edge_cache_key $args; edge_cache_max_size 8m;",
                   zone="z:4m selectors=64", server=slow_listen(port))
    slow = []
    for number in range(5):
        nginx.get(f"/?{number}")
        client = Connection(port)
        client.send_request("GET", f"/?{number}")
        client.read_head()
        slow.append(client)
    for number in range(5, 10):
        assert nginx.get(f"/?{number}").body == body
    for client in slow:
        assert client.read(len(body)) == body
        client.close()
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
    nginx.get("/?11")
    assert verdict(nginx.get("/?11"))[0] == "HIT"


# Reload

def test_a_reload_keeps_objects_and_counters(cached, origin):
    nginx = cached()
    nginx.get("/")
    nginx.get("/")
    nginx.reload()
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert metric(nginx, "edge_cache_hits_total", tier="memory") == 2
    assert origin.count("/") == 1


@pytest.mark.parametrize("size", ["1500000", "1260k", "1944k", "4097k"])
def test_a_reload_keeps_a_zone_of_any_size(cached, origin, size):
    """Where nginx had pages or bytes left over it was refused: "too small"."""
    nginx = cached(zone=f"z:{size}",
                   http="edge_limit_zone $arg_k zone=l:50k rate=1r/m burst=9;",
                   location="edge_limit zone=l;")
    nginx.get("/?k=1")
    nginx.reload()
    assert verdict(nginx.get("/?k=1")) == ("HIT", None)


@pytest.mark.parametrize("size, expected", [
    ("4m", ("HIT", None)), ("8m", ("MISS", "log_behind"))])
def test_a_worker_serves_nothing_of_a_zone_that_a_reload_left_behind(
        cached, origin, size, expected):
    """Nobody tells it what is purged from then on."""
    nginx = cached()
    nginx.get("/")
    with nginx.connect() as late:
        late.send(b"GET / HTTP/1.1\r\n")
        time.sleep(0.1)  # it is being read
        nginx.reload(nginx.conf.replace("z:4m", f"z:{size}"))
        late.send(b"Host: localhost\r\n\r\n")
        assert verdict(late.read_response()) == expected


def test_too_few_open_files_for_the_module_end_no_running_nginx(
        edge, origin):
    """A reload that loads it ended the master."""
    nginx = edge(module=False, expect=[r"eventfd\(\) failed", "worker_conn"])
    resource.prlimit(nginx.pid, resource.RLIMIT_NOFILE, (100, 100))
    nginx.module = True
    nginx.reload(nginx.conf.replace("http {", "http { edge_cache_zone z:4m;",
                                    1))
    assert nginx.get("/").status == 200


def test_lifetimes_may_change_with_a_reload(cached, origin):
    nginx = cached()
    nginx.get("/")
    nginx.reload(nginx.conf.replace("edge_cache z;",
                                    "edge_cache z; edge_cache_valid 5s;"))
    assert verdict(nginx.get("/")) == ("HIT", None)


@pytest.mark.parametrize("setting", [
    "edge_cache_vary X-A;", "edge_cache_cookies ignore;",
    "edge_cache_ignore_headers Vary;", "edge_cache_set_cookie strip;",
    "edge_cache_authorization key;", "edge_cache_tenant t;"])
def test_what_a_key_means_changes_with_its_rules(cached, setting):
    nginx = cached()
    nginx.get("/")
    nginx.reload(nginx.conf.replace("edge_cache z;", f"edge_cache z; {setting}"
                                    ))
    assert verdict(nginx.get("/"))[0] == "MISS"


def test_a_reload_with_other_selectors_is_refused(cached, origin):
    nginx = cached(expect=[r"\[emerg\].*zone \"z\""])
    nginx.get("/")
    before = nginx.conf
    nginx.send_reload(before.replace("z:4m", "z:4m selectors=128"))
    line = nginx.wait_for_log(r"\[emerg\].*zone \"z\"")
    assert "write a larger size, or another name" in line
    assert verdict(nginx.get("/")) == ("HIT", None)
    nginx.reload(before)
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_another_size_makes_another_zone(cached, origin):
    nginx = cached()
    nginx.get("/")
    nginx.reload(nginx.conf.replace("z:4m", "z:8m"))
    assert verdict(nginx.get("/"))[0] == "MISS"
    assert verdict(nginx.get("/"))[0] == "HIT"


def test_a_zone_may_come_and_go(cached, origin):
    nginx = cached()
    nginx.get("/")
    without = nginx.conf.replace("edge_cache z;", "edge_cache off;")
    nginx.reload(without)
    assert verdict(nginx.get("/")) == (None, None)
    nginx.reload(without.replace("edge_cache off;", "edge_cache z;"))
    assert verdict(nginx.get("/"))[0] in ("HIT", "MISS")


def test_reloads_under_load_lose_nothing(cached, origin):
    nginx = cached(workers=2)
    for number in range(20):
        nginx.get(f"/{number}")
    wrong = []
    stop = threading.Event()

    def read(number):
        while not stop.is_set():
            response = nginx.get(f"/{number}")
            if (response.status, verdict(response)[0]) != (200, "HIT"):
                wrong.append(response)

    threads = [threading.Thread(target=read, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        nginx.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
