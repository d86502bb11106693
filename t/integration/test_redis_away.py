"""Redis goes away and comes back: nobody gets an error, nobody waits long."""

import threading
import time

import pytest

from lib.cached import api, metric, purge, verdict
from lib.client import Incomplete
from lib.fleet import (log_metric, object_keys, origin_of_hit, redis_up,
                       refused, stores, try_purge, wait_acknowledged,
                       wait_current, wait_stored)
from lib.ports import free_port
from lib.resp import RespError
from lib.wait import wait_until

# What Redis may add to a request; with room for a busy machine.
TIMEOUT = 0.1
LINES = "timeout 100ms; connect_timeout 100ms;"


@pytest.fixture
def pair(fleet):
    return fleet.start(2, redis_lines=LINES)


class Load:
    """Requests for new and for old pages, until the `with` ends."""

    def __init__(self, nginx):
        self.failed = []
        self.slowest = 0
        self.done = 0
        self._nginx = nginx
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[i])
                         for i in range(2)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number):
        turn = 0
        while not self._stop.is_set():
            turn += 1
            self._one(f"/{number}?{turn}" if turn % 2 else "/old")

    def _one(self, target):
        begin = time.monotonic()
        try:
            status = self._nginx.get(target, timeout=5).status
        except (OSError, Incomplete) as e:
            status = repr(e)
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.done += 1
        if status != 200:
            self.failed.append((target, status))


def times_of(nginx, targets):
    times = []
    with nginx.connect() as client:
        for target in targets:
            begin = time.monotonic()
            response = client.request("GET", target)
            times.append(time.monotonic() - begin)
            assert response.status == 200
    return times


def shared_again(pair, redis, name="back"):
    """Until something that one filled is a hit in Redis for the other."""
    a, b = pair
    turn = 0

    def is_shared():
        nonlocal turn
        turn += 1
        target = f"/{name}{turn}"
        before = len(object_keys(redis))
        a.get(target)
        try:
            wait_until(lambda: len(object_keys(redis)) > before, 0.2)
        except TimeoutError:
            return False
        return origin_of_hit(b.get(target)) == ("HIT", "redis")

    wait_until(is_shared, 10, "the tier to be shared again")


# No error

@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_no_request_fails_while_redis_goes_and_comes(pair, edge, redis,
                                                     fault):
    control = edge(module=False)
    with Load(pair[0]) as load, Load(control) as bare:
        wait_until(lambda: load.done > 100)
        for _ in range(2):
            getattr(redis, fault)()
            time.sleep(0.4)
            redis.resume() if fault == "pause" else redis.start()
            wait_until(lambda: redis_up(pair[0]))
    assert bare.failed == []
    assert load.failed == []
    assert load.slowest < 2  # seconds
    shared_again(pair, redis)


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_hits_in_memory_do_not_notice(pair, redis, origin, fault):
    a, _ = pair
    a.get("/")
    getattr(redis, fault)()
    times = times_of(a, ["/"] * 200)
    assert a.get("/")["X-Tier"] == "memory"
    assert sorted(times)[190] < 0.05
    assert origin.count("/") == 1


def test_a_hung_redis_holds_up_few_misses(pair, redis):
    a, _ = pair
    redis.pause()
    times = times_of(a, [f"/{i}" for i in range(200)])
    assert sum(t > TIMEOUT * 0.9 for t in times) <= 5
    assert max(times) < TIMEOUT + 0.5
    assert refused(a, "redis_timeout") <= 5


def test_a_dead_redis_holds_up_nobody(pair, redis):
    a, _ = pair
    redis.kill()
    times = times_of(a, [f"/{i}" for i in range(200)])
    assert sorted(times)[190] < 0.05
    wait_until(lambda: not redis_up(a))
    assert verdict(a.get("/one")) == ("MISS", "redis_down")


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_it_is_shared_again_soon(pair, redis, fault):
    a, b = pair
    getattr(redis, fault)()
    wait_until(lambda: not redis_up(a) and not redis_up(b)
               if a.get("/x") and b.get("/x") else False)
    time.sleep(1)
    redis.resume() if fault == "pause" else redis.start()
    begin = time.monotonic()
    shared_again(pair, redis)
    assert time.monotonic() - begin < 5


def test_a_new_instance_starts_without_redis(fleet, redis, origin):
    redis.kill()
    nginx, = fleet.start(join=False, redis_lines=LINES)
    assert nginx.get("/").status == 200
    redis.start()
    wait_current(nginx)
    # What it fetched before it knew of any purge it does not trust.
    nginx.get("/")
    assert nginx.get("/")["X-Cache"] == "HIT"


# Writes

def test_what_cannot_be_written_is_dropped_and_counted(pair, redis):
    a, _ = pair
    redis.kill()
    wait_until(lambda: not redis_up(a))
    for i in range(10):
        assert a.get(f"/{i}")["X-Cache"] == "MISS"
        assert a.get(f"/{i}")["X-Tier"] == "memory"
    assert stores(a, "dropped") == 10
    assert stores(a, "failed") == 0
    redis.start()
    wait_current(a)
    assert object_keys(redis) == []


def test_a_redis_that_restarts_empty_is_filled_again(pair, redis, origin):
    a, b = pair
    a.get("/")
    wait_stored(a, 1)
    redis.restart()
    for nginx in pair:
        wait_current(nginx)
    wait_acknowledged(b)
    assert b.get("/")["X-Cache"] == "MISS"
    wait_stored(b, 1)
    assert len(object_keys(redis)) == 1
    assert origin.count("/") == 2


def test_flushall_empties_redis_and_not_memory(pair, redis, origin):
    a, b = pair
    a.get("/")
    wait_stored(a, 1)
    redis.command("FLUSHALL")
    assert origin_of_hit(a.get("/")) == ("HIT", "memory")
    assert b.get("/")["X-Cache"] == "MISS"
    wait_acknowledged(a)
    shared_again(pair, redis)


# Redis that answers, but not as one would like

def test_out_of_memory_stops_writes_and_not_reads(fleet, redis, origin):
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")
    assert origin_of_hit(b.get("/")) == ("HIT", "redis")
    assert a.get("/new")["X-Cache"] == "MISS"
    wait_until(lambda: stores(a, "failed") == 1)
    assert a.get("/new")["X-Tier"] == "memory"
    # The log is written still: it is small, and bounded.
    purge(b, path="/")
    for nginx in a, b:
        assert nginx.get("/")["X-Cache"] == "MISS"
    redis.command("CONFIG", "SET", "maxmemory", "0")
    shared_again((a, b), redis)


def test_a_replica_is_read_and_not_written(fleet, redis, origin):
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    # A replica of somebody who is away keeps what it has.
    redis.command("REPLICAOF", "127.0.0.1", free_port())
    assert b.get("/")["X-Cache"] == "HIT"
    origin.bump()
    assert try_purge(a, path="/", wait="100ms").status == 503
    assert a.get("/")["X-Cache"] == "MISS"
    redis.command("REPLICAOF", "NO", "ONE")
    wait_until(lambda: log_metric(a, "local_purges") == 0)
    wait_acknowledged(a)
    assert b.get("/").json()["version"] == origin.version
    shared_again((a, b), redis)


@pytest.mark.parametrize("command, reason", [
    ("LOADING Redis is loading the dataset in memory", "redis_error"),
    ("READONLY You can't write against a read only replica.", "redis_error"),
    ("BUSY Redis is busy running a script.", "redis_error"),
    ("MASTERDOWN Link with MASTER is down", "redis_error"),
    ("NOPERM this user has no permissions to run 'get'", "redis_error"),
    ("ERR unknown", "redis_error"),
], ids=lambda text: text.split()[0])
def test_an_error_is_a_miss(fleet, fake_redis, redis, command, reason):
    fake_redis.upstream = redis.port
    nginx, = fleet.start(address=fake_redis.address)
    fake_redis.on("GET", RespError(command), times=1)
    assert verdict(nginx.get("/")) == ("MISS", reason)
    assert refused(nginx, reason) == 1
    wait_until(lambda: redis_up(nginx))
    before = fake_redis.count("GET")
    assert verdict(nginx.get("/other")) == ("MISS", None)
    assert fake_redis.count("GET") == before + 1


def test_readonly_writes_are_counted_and_reads_go_on(fleet, fake_redis,
                                                     redis):
    fake_redis.upstream = redis.port
    nginx, = fleet.start(address=fake_redis.address)
    fake_redis.on("EVALSHA", RespError("READONLY You can't write"))
    assert nginx.get("/")["X-Cache"] == "MISS"
    wait_until(lambda: stores(nginx, "failed") == 1)
    assert nginx.get("/")["X-Tier"] == "memory"
    assert try_purge(nginx, tags=["x"], wait="100ms").status == 503
    assert redis_up(nginx)
    fake_redis.forget("EVALSHA")
    wait_acknowledged(nginx)


def test_a_worker_leaves_when_redis_has_answered(fleet):
    """It stayed until Redis would have been late."""
    nginx, = fleet.start(redis_lines="timeout 60s;")
    for number in range(5):
        nginx.get(f"/{number}")
        time.sleep(0.3)  # behind what else is asked now and then
    assert nginx.quit(timeout=5) == 0


def test_health_says_that_redis_is_away(pair, redis):
    a, _ = pair
    assert api(a, "GET", "health").json()["status"] == "ok"
    redis.kill()
    wait_until(lambda: api(a, "GET", "health").json()["status"] == "degraded")
    assert api(a, "GET", "health").status == 200
    assert api(a, "GET", "health?strict=1").status == 503
    redis.start()
    wait_until(lambda: api(a, "GET", "health").json()["status"] == "ok")


def test_nothing_stays_pinned_when_redis_goes(pair, redis):
    a, _ = pair
    redis.pause()
    clients = [a.connect() for _ in range(50)]
    for i, client in enumerate(clients):
        client.send_request("GET", f"/{i}")
    redis.kill()
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    wait_until(lambda: metric(a, "edge_cache_zone_pinned_objects") == 0)
