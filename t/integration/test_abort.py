"""Clients that leave while they wait: nothing is left of them."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.cached import TOKEN, metric
from lib.client import Incomplete
from lib.fleet import try_purge, wait_current
from lib.origin import Reply
from lib.timers import timers
from lib.wait import wait_until

# In all, and at a time.
ABORTS = int(os.environ.get("ABORTS", 10_000))
BATCH = 200


@pytest.fixture
def waiting(fleet, fake_redis, redis):
    """An instance whose Redis answers when it is told to."""
    fake_redis.upstream = redis.port
    nginx, = fleet.start(
        address=fake_redis.address,
        redis_lines="timeout 3s; connect_timeout 3s;", graceful=False,
        http="edge_limit_zone $arg_k zone=l:1m rate=1000r/s burst=1000000"
             " redis=main;",
        locations={"/limited": "edge_limit zone=l;",
                   "/plain": "edge_limit zone=l; edge_cache off;"})
    return nginx


def fds(nginx):
    return [len(os.listdir(f"/proc/{pid}/fd")) for pid in nginx.workers()]


def ask(nginx, targets):
    """Connections with a request each, and no answer read."""
    clients = [nginx.connect() for _ in targets]
    for client, target in zip(clients, targets):
        client.send_request("GET", target)
    return clients


def held(nginx):
    """What a request could leave behind in a worker: [(fds, timers) ...]"""
    return list(zip(fds(nginx), timers(nginx)))


def check_nothing_is_left(nginx, workers, before, kept=0):
    """But so many connections to the origin, with a timer each."""
    def is_as_before():
        return all(now <= then + kept + 2
                   for after, earlier in zip(held(nginx), before)
                   for now, then in zip(after, earlier))

    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               what="nothing pinned")
    wait_until(is_as_before, what=f"descriptors and timers as before: {before}")
    assert nginx.workers() == workers
    assert nginx.get("/after").status == 200


@pytest.mark.limit(300)
@pytest.mark.parametrize("path", ["/", "/limited", "/plain"])
def test_while_redis_is_awaited(waiting, fake_redis, path):
    waiting.get(path)
    workers, before = waiting.workers(), held(waiting)
    connections = fake_redis.accepted
    for batch in range(ABORTS // BATCH // 3):
        fake_redis.freeze()
        clients = ask(waiting, [f"{path}?{batch}.{i}"
                                for i in range(BATCH)])
        for client in clients:
            client.abort()
        fake_redis.thaw()
    # Redis was faster for some: nginx keeps connections to the origin.
    check_nothing_is_left(waiting, workers, before, kept=16)
    # The connection to Redis outlives them all.
    assert fake_redis.accepted == connections


@pytest.mark.limit(300)
@pytest.mark.parametrize("where", ["wait", "body_wait"])
@pytest.mark.parametrize("outlived", ["off", "64k"])
def test_while_the_origin_is_awaited(fleet, origin, where, outlived):
    """The fetch ends with its client, or goes on for nobody."""
    nginx, = fleet.start(workers=2, location=f"""
        proxy_read_timeout 60s; edge_cache_ignore_client_abort {outlived};""")
    workers = nginx.workers()
    nginx.get("/")
    before = held(nginx)
    for batch in range(ABORTS // BATCH // 10):
        gate = threading.Event()
        origin.on("/held", Reply(headers=origin.headers, body=b"x" * 5000,
                                 **{where: gate}))
        clients = ask(nginx, [f"/held?{batch}.{i}" for i in range(BATCH)])
        origin.wait_for("/held", (batch + 1) * BATCH)
        for client in clients:
            client.abort()
        gate.set()
        # Two batches are more connections than one worker has.
        wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0,
                   what="the end of all fills")
    # nginx keeps up to 16 connections to the origin in each worker.
    check_nothing_is_left(nginx, workers, before, kept=16)


@pytest.mark.limit(300)
def test_while_it_is_refreshed(fleet, origin):
    """A request of the cache's own does not know who caused it."""
    stale = {"Cache-Control": "max-age=1, stale-while-revalidate=60",
             "Age": "2"}
    nginx, = fleet.start(workers=2, location="proxy_read_timeout 60s;")
    nginx.get("/")
    workers, before = nginx.workers(), held(nginx)
    for batch in range(ABORTS // BATCH // 10):
        gate = threading.Event()
        targets = [f"/stale?{batch}.{i % 20}" for i in range(BATCH)]
        origin.on("/stale", Reply(headers=stale, body=b"x" * 5000))
        for target in set(targets):
            nginx.get(target)
        origin.on("/stale", Reply(headers=stale, wait=gate))
        clients = ask(nginx, targets)
        origin.wait_for("/stale", (2 * batch + 1) * 20 + 1)
        for client in clients:
            client.abort()
        gate.set()
        origin.wait_for("/stale", (2 * batch + 2) * 20)
    check_nothing_is_left(nginx, workers, before, kept=16)
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0,
               what="the end of all refreshes")


@pytest.mark.limit(300)
def test_while_another_fetches(fleet, origin, redis):
    """In the same server or another one: some wait for the one who waits."""
    a, b = fleet.start(2, workers=2, location="edge_cache_lock_age 60s; "
                                              "edge_cache_lock_timeout 60s;")
    gate = threading.Event()
    origin.on("/held", Reply(headers=origin.headers, wait=gate))
    first, = ask(a, ["/held"])
    origin.wait_for("/held")
    workers, before = b.workers(), held(b)
    for _ in range(ABORTS // BATCH // 10):
        left = metric(b, "edge_cache_waits_total", result="gone")
        clients = ask(b, ["/held"] * BATCH)
        for client in clients:
            client.abort()
        wait_until(lambda: metric(b, "edge_cache_waits_total", result="gone")
                   > left, what="waits that were given up")
    check_nothing_is_left(b, workers, before)
    gate.set()
    first.read_response()
    first.close()
    assert origin.count("/held") == 1
    assert b.get("/held")["X-Cache"] == "HIT"
    wait_until(lambda: not redis.command("KEYS", "*:lock*"), what="no lock")
    assert metric(b, "edge_cache_fills_running") == 0


def test_while_a_hit_is_sent(fleet, origin):
    origin.on("/large", Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"x" * 900_000))
    nginx, = fleet.start(size="16m")
    nginx.get("/large")
    before = held(nginx)
    for _ in range(10):
        clients = ask(nginx, ["/large"] * 30)
        for client in clients:
            client.read(1)
            client.abort()
    assert origin.count("/large") == 1
    check_nothing_is_left(nginx, nginx.workers(), before)


def test_while_a_purge_waits(fleet):
    """The one who asked is gone; what it asked for is done."""
    a, b = fleet.start(2)
    stopped = b.workers()[0]
    before = held(a)
    os.kill(stopped, signal.SIGSTOP)
    try:
        clients = [a.connect() for _ in range(50)]
        for client in clients:
            client.send_request(
                "POST", "/edge/purge",
                {"Authorization": f"Bearer {TOKEN}"},
                '{"tags":["t"],"wait":"10s"}')
        time.sleep(0.2)
        for client in clients:
            client.abort()
    finally:
        os.kill(stopped, signal.SIGCONT)
    check_nothing_is_left(a, a.workers(), before)
    wait_until(lambda: try_purge(a, tags=["t"]).status == 200)


def test_a_reload_while_requests_wait_for_redis(waiting, fake_redis):
    fake_redis.freeze()
    clients = ask(waiting, [f"/limited?{i}" for i in range(50)])
    time.sleep(0.1)
    waiting.send_reload()
    old = waiting.workers()
    wait_until(lambda: set(waiting.workers()).isdisjoint(old))
    fake_redis.thaw()
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    wait_until(lambda: set(waiting.all_workers()).isdisjoint(old), 15,
               "the old worker's exit")
    wait_current(waiting)


def test_a_reload_while_clients_leave(fleet):
    """Both at once, under load: whoever stays gets an answer."""
    nginx, = fleet.start(workers=2)
    stop = threading.Event()

    def leave():
        while not stop.is_set():
            for client in ask(nginx, [f"/{i}" for i in range(20)]):
                client.abort()

    def stay():
        count = 0
        while not stop.is_set():
            try:
                assert nginx.get(f"/{count}").status == 200
            except (ConnectionError, Incomplete):
                pass  # accepted by a worker that was about to exit
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        pool.submit(leave)
        staying = [pool.submit(stay) for _ in range(2)]
        for _ in range(3):
            nginx.reload()
        stop.set()
        assert all(future.result() > 0 for future in staying)
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
