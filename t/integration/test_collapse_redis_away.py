"""One fetch over all instances, and Redis fails meanwhile: nobody waits for a
word that can not come."""

import threading
import time

import pytest

from lib.fake_redis import FakeRedis
from lib.fleet import redis_up
from lib.origin import Reply
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}


@pytest.fixture
def gate():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def wires(redis):
    """Two ways to the Redis, each for one instance."""
    proxies = [FakeRedis(upstream=redis.port).start() for _ in range(2)]
    yield proxies
    for proxy in proxies:
        proxy.thaw()
        proxy.stop()


def start(fleet, wires, **pieces):
    return [fleet.start(join=False, address=wire.address, **pieces)[0]
            for wire in wires]


@pytest.fixture
def pair(fleet, wires):
    instances = start(fleet, wires)
    fleet.wait_joined()
    return instances


def ask(nginx, target="/p"):
    client = nginx.connect(timeout=30)
    client.send_request("GET", target)
    return client


def locks(redis):
    return redis.command("KEYS", "ec:1:*:lock*")


def wait_for_lock(redis, value=None):
    wait_until(lambda: any(value in (None, redis.command("GET", lock))
                           for lock in locks(redis)), what="a lock")


def both_ask(pair, origin, redis, gate):
    """The first one fetches until the gate opens, the other one waits."""
    origin.on("/p", [Reply(headers=FRESH, body=b"1", wait=gate),
                     Reply(headers=FRESH, body=b"2")])
    first = ask(pair[0])
    origin.wait_for("/p")
    wait_for_lock(redis)
    return first, ask(pair[1])


def test_a_release_that_was_lost_is_sent_again(pair, wires, origin, redis,
                                               gate):
    first, other = both_ask(pair, origin, redis, gate)
    wires[0].stop()
    wait_until(lambda: not redis_up(pair[0]), what="the loss of Redis")
    gate.set()
    assert first.read_response().body == b"1"
    begun = time.monotonic()
    wires[0].start()
    assert other.read_response().status == 200
    assert time.monotonic() - begun < 3  # and not lock_timeout, 5 s


def test_whoever_waits_elsewhere_is_woken_by_the_loss_of_redis(
        pair, wires, origin, redis, gate):
    first, other = both_ask(pair, origin, redis, gate)
    time.sleep(1.5)  # it does not ask every moment any more
    begun = time.monotonic()
    wires[1].stop()
    assert other.read_response().body == b"2"
    assert time.monotonic() - begun < 0.4
    gate.set()
    assert first.read_response().body == b"1"


def test_whoever_waits_elsewhere_asks_again_soon(pair, wires, origin, redis,
                                                 gate):
    """Nothing is heard any more, and no connection lost."""
    first, other = both_ask(pair, origin, redis, gate)
    begun = time.monotonic()
    wires[1].freeze()
    assert other.read_response().body == b"2"
    assert time.monotonic() - begun < 0.9  # twice the time-out and some
    gate.set()
    assert first.read_response().body == b"1"


def test_lookup_and_lock_cost_no_more_than_one_deadline(fleet, wires):
    nginx = start(fleet, wires, redis_lines="timeout 1s; connect_timeout 5s;",
                  zone_options="lease=10s")[0]
    fleet.wait_joined()
    wires[0].delay = 0.7
    begun = time.monotonic()
    assert nginx.get("/p").status == 200
    assert time.monotonic() - begun < 1.2


class LateLocks(FakeRedis):
    """What asks for a lock reaches Redis late, once."""
    late = 0

    def _scripted(self, name, args):
        if self.late and name == "EVALSHA" and b":lock" in args[3]:
            self.late, seconds = 0, self.late
            time.sleep(seconds)
        return super()._scripted(name, args)


def test_a_lock_that_was_given_too_late_is_released(fleet, redis, origin):
    """Nobody knew that it was held."""
    origin.on("/p", Reply(headers={"Cache-Control": "no-store"}))
    wire = LateLocks(upstream=redis.port).start()
    try:
        first, = fleet.start(1, join=False, address=wire.address)
        second, = fleet.start(1)
        assert first.get("/warm").status == 200  # Redis knows the script
        wait_for_lock(redis, b"=")
        redis.command("DEL", *locks(redis))
        wire.late = 0.5
        assert first.get("/p").status == 200
        assert wire.late == 0
        wait_for_lock(redis)
        begun = time.monotonic()
        assert second.get("/p").status == 200
        assert time.monotonic() - begun < 2
    finally:
        wire.stop()


def test_without_memory_in_redis_locks_are_released(pair, origin, redis,
                                                    gate):
    first, other = both_ask(pair, origin, redis, gate)
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")
    gate.set()
    assert first.read_response().body == b"1"
    begun = time.monotonic()
    assert other.read_response().status == 200
    assert time.monotonic() - begun < 3
