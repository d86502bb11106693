"""Workers that die: what they held is released, and a zone they were changing
is emptied, not believed."""

import os
import random
import signal
import subprocess
import threading
import time

import pytest

from lib.cached import metric, slow_listen, verdict
from lib.client import Connection, Incomplete
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until


# At random moments.
KILLS = int(os.environ.get("KILLS", 8))


def restarted(nginx, dead):
    wait_until(lambda: dead not in nginx.workers()
               and len(nginx.workers()) == nginx.workers_wanted)


def test_pins_of_the_dead_are_released(cached, origin):
    body = os.urandom(3_000_000)
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=body))
    port = free_port()
    nginx = cached("edge_cache_max_size 8m;", zone="z:16m",
                   server=slow_listen(port))
    nginx.get("/")
    with Connection(port) as slow:
        slow.send_request("GET", "/")
        slow.read_head()
        assert metric(nginx, "edge_cache_zone_pinned_objects") == 1
        free = metric(nginx, "edge_cache_zone_free_pins")
        restarted(nginx, nginx.kill_worker())
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               2, "the release of the dead worker's pins")
    assert metric(nginx, "edge_cache_zone_free_pins") > free
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_the_other_worker_releases_them_too(cached, origin):
    """Once a second, not only when a worker starts."""
    body = os.urandom(3_000_000)
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=body))
    port = free_port()
    nginx = cached("edge_cache_max_size 8m;", workers=2, zone="z:16m",
                   server=slow_listen(port))
    nginx.get("/")
    slow = [Connection(port) for _ in range(20)]
    for client in slow:
        client.send_request("GET", "/")
        client.read_head()
    pids = nginx.workers()
    for pid in pids:
        nginx.kill_worker(pid=pid)
    for client in slow:
        client.close()
    wait_until(lambda: set(pids).isdisjoint(nginx.workers())
               and len(nginx.workers()) == 2)
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               3, "the release of the dead workers' pins")


@pytest.mark.limit(90 + KILLS)
def test_kills_at_random_leave_a_working_zone(cached, origin):
    origin.on("/", lambda request: Reply(
        headers={"Cache-Control": "max-age=60", "Vary": "X-A"},
        body=(request.target + "|" + request["X-A"] + "|").encode()
        + b"x" * (hash(request.target) % 40_000)))
    nginx = cached(workers=2, zone="z:1m selectors=64",
                   expect=['shared memory zone "z" was locked by'])
    rng = random.Random(1)
    wrong, answered, failed = [], [], []
    stop = threading.Event()

    def load(seed):
        own = random.Random(seed)
        while not stop.is_set():
            target, a = f"/?{own.randrange(60)}", str(own.randrange(3))
            try:
                body = nginx.get(target, {"X-A": a}).body
            except (OSError, Incomplete, IndexError):
                failed.append(1)  # the worker that had it is dead
                continue
            answered.append(1)
            if not body.startswith(f"{target}|{a}|".encode()):
                wrong.append((target, a, body[:50]))

    threads = [threading.Thread(target=load, args=[i]) for i in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(rng.uniform(0.02, 0.15))
        dead = nginx.kill_worker(pid=rng.choice(nginx.workers()))
        restarted(nginx, dead)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(answered) > 100
    assert len(failed) <= KILLS * len(threads)
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               3, "the release of the dead workers' pins")
    wait_until(lambda: verdict(nginx.get("/?after", {"X-A": "1"}))
               == ("HIT", None), 5, "a hit in the zone that has survived")


class Stopped:
    """A worker that gdb has stopped in a function, the zone's lock held."""

    def __init__(self, pid, function):
        self.pid = pid
        self._gdb = subprocess.Popen(
            ["gdb", "-q", "-nx", "-p", str(pid), "-batch",
             "-ex", "set breakpoint pending on", "-ex", f"break {function}",
             "-ex", "python print('READY', flush=True)", "-ex", "continue",
             "-ex", "next",
             "-ex", "python print('INSIDE', flush=True)",
             "-ex", "signal SIGKILL"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.wait_for("READY")

    def wait_for(self, word):
        said = []
        for line in self._gdb.stdout:
            said.append(line)
            if word in line:
                return
        raise AssertionError("gdb: " + "".join(said))

    def wait(self):
        self._gdb.stdout.read()
        self._gdb.wait(20)


@pytest.mark.limit(120)
@pytest.mark.parametrize("function, recovers", [
    ("edge::shm::MemoryTier::find", False),
    ("edge::shm::MemoryTier::publish", True),
    ("edge::shm::MemoryTier::reserve", True),
    ("edge::shm::MemoryTier::unpin", True)])
def test_a_worker_killed_with_the_lock_held(cached, origin, function,
                                            recovers):
    nginx = cached()
    nginx.get("/before")
    pid = nginx.workers()[0]
    nginx.expect_log(rf"worker process {pid} exited on signal")
    nginx.expect_log(rf'shared memory zone "z" was locked by {pid}')
    stopped = Stopped(pid, function)
    with nginx.connect() as client:
        client.send_request("GET", "/new")
        stopped.wait_for("INSIDE")
        stopped.wait()
    restarted(nginx, pid)

    for target in ("/before", "/new", "/other"):
        assert nginx.get(target).json()["uri"] == target
        assert verdict(nginx.get(target)) == ("HIT", None)
    if recovers:
        assert metric(nginx, "edge_cache_zone_recoveries_total") == 1
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               3)


def test_a_worker_that_ends_by_itself_leaves_nothing(cached, origin):
    nginx = cached()
    nginx.get("/")
    pid = nginx.kill_worker(signal.SIGQUIT)
    restarted(nginx, pid)
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert metric(nginx, "edge_cache_zone_recoveries_total") == 0
    assert metric(nginx, "edge_cache_zone_pinned_objects") == 0
