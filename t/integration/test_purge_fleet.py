"""A purge on one instance holds on all of them, before its 200."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.cached import metric, purge
from lib.fake_redis import Late
from lib.fleet import (log_metric, object_keys, refused, try_purge, version,
                       wait_acknowledged, wait_stored)
from lib.origin import Reply
from lib.resp import Status
from lib.wait import wait_until

KINDS = [{"tags": ["t"]}, {"url": "/p"}, {"path": "/p"}, {"prefix": "/"},
         {"all": True}, {"url": "http://localhost/p"},
         {"tags": ["t"], "mode": "soft"}]


@pytest.fixture
def pair(fleet, tagged):
    return fleet.start(2)


# Acknowledged

def test_no_stale_read_after_a_purge_on_either_side(pair, origin):
    for turn in range(100):
        filler, purger = pair if turn % 2 else pair[::-1]
        version(filler if turn % 3 else purger)
        version(filler)
        origin.bump()
        answer = purge(purger, **KINDS[turn % len(KINDS)])
        assert answer["instances"] == {"applied": 2, "live": 2}
        for nginx in pair:
            assert version(nginx) == origin.version, turn


def test_generations_rise_by_one(pair):
    def sequence(nginx):
        return int(purge(nginx, tags=["x"])["generation"].split("-")[1])

    first = sequence(pair[0])
    assert [sequence(pair[i % 2]) for i in range(6)] == [
        first + i for i in range(1, 7)]


def test_what_was_not_named_stays(pair, origin):
    a, b = pair
    origin.on("/q", Reply(headers={"Cache-Control": "max-age=60",
                                   "Surrogate-Key": "other"}, body=b"q"))
    for nginx in pair:
        nginx.get("/q")
        version(nginx)
    purge(a, tags=["t"])
    for nginx in pair:
        assert nginx.get("/q")["X-Cache"] == "HIT"
    assert origin.count("/q") == 1


def test_an_old_value_that_comes_late_to_redis_is_refused(pair, origin,
                                                          redis):
    a, b = pair
    version(a)
    wait_stored(a, 1)
    key, = object_keys(redis)
    old = redis.command("GET", key)
    origin.bump()
    purge(a, tags=["t"])
    redis.command("SET", key, old, "PX", 60_000)
    for nginx in (b, a):
        assert version(nginx) == origin.version
    assert refused(b, "purged") >= 1


def test_parallel_purges_from_both_sides_are_all_acknowledged(fleet, tagged):
    a, b = fleet.start(2, workers=2)
    count = 200

    def headers(request):
        name = request.path.removeprefix("/")
        return {"Cache-Control": "max-age=60", "Surrogate-Key": f"t{name}"}

    for i in range(count):
        tagged.on(f"/{i}", lambda r: tagged.echo(r, headers(r)))
    for nginx in (a, b):
        for i in range(count):
            version(nginx, f"/{i}")
    tagged.bump()

    def one(i):
        answer = try_purge((a, b)[i % 2], tags=[f"t{i}"], wait="10s")
        return answer.status, version(a, f"/{i}"), version(b, f"/{i}")

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(count)))
    assert results == [(200, 2, 2)] * count


# Under way

@pytest.mark.parametrize("filler", [0, 1])
@pytest.mark.parametrize("where", ["wait", "body_wait"])
@pytest.mark.parametrize("kind", [{"tags": ["t"]}, {"url": "/"},
                                  {"all": True}],
                         ids=["tag", "url", "all"])
def test_a_fill_under_way_is_not_stored_anywhere(pair, origin, redis, filler,
                                                 where, kind):
    gate = threading.Event()
    origin.on("/", [Reply(headers=origin.headers, body=b"old",
                          **{where: gate}),
                    Reply(headers=origin.headers, body=b"new")])
    nginx = pair[filler]
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/")
        if where == "body_wait":
            wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                                      result="started") == 1)
        purge(pair[0], **kind)
        gate.set()
        assert client.read_response().body == b"old"
    wait_until(lambda: refused(nginx, "purged") == 1)
    assert object_keys(redis) == []
    for reader in pair * 2:
        assert reader.get("/").body == b"new"


def test_fills_and_purges_at_full_speed(pair, origin):
    """Whoever asks after a 200 gets what was new before it, on each side."""
    lock = threading.Lock()
    state = {"floor": 1}
    wrong, stop = [], threading.Event()

    def read(nginx):
        with nginx.connect() as client:
            while not stop.is_set():
                with lock:
                    least = state["floor"]
                got = client.request("GET", "/p").json()["version"]
                if got < least:
                    wrong.append((got, least))

    threads = [threading.Thread(target=read, args=[nginx])
               for nginx in pair for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(100):
            origin.bump()
            new = origin.version
            purge(pair[turn % 2], **KINDS[turn % len(KINDS)])
            with lock:
                state["floor"] = new
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


# Not acknowledged

@pytest.fixture
def frozen(pair):
    """The other instance cannot do anything; it has /p in memory."""
    a, b = pair
    version(a)
    version(b)
    workers = b.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)

    def thaw():
        for pid in workers:
            os.kill(pid, signal.SIGCONT)

    yield a, b, thaw
    thaw()


def test_who_has_not_applied_it_is_named(frozen, origin):
    a, b, thaw = frozen
    origin.bump()
    answer = try_purge(a, tags=["t"], wait="300ms")
    assert answer.status == 503
    assert answer["Retry-After"]
    body = answer.json()
    assert body["missing"] == [{"instance": "edge1"}]
    assert body["instances"] == {"applied": 1, "live": 2}
    assert "scope" not in body
    assert version(a) == origin.version
    thaw()
    # The record stays in the log: nobody has to send it again.
    wait_acknowledged(a)
    assert version(b) == origin.version


def test_repeating_is_answered_when_all_are_back(frozen, origin):
    a, b, thaw = frozen
    origin.bump()
    threading.Timer(0.5, thaw).start()
    answer = try_purge(a, tags=["t"], wait="10s")
    assert answer.status == 200
    assert answer.json()["instances"] == {"applied": 2, "live": 2}
    assert version(b) == origin.version


# Coming and going

def test_a_newcomer_serves_nothing_that_was_purged(fleet, tagged, redis):
    a, b = fleet.start(2)
    version(a)
    wait_stored(a, 1)
    key, = object_keys(redis)
    old = redis.command("GET", key)
    tagged.bump()
    purge(a, tags=["t"])
    redis.command("SET", key, old, "PX", 60_000)
    newcomer, = fleet.start(join=False)
    for _ in range(20):
        assert version(newcomer) == tagged.version
    fleet.wait_joined()
    assert version(newcomer) == tagged.version


def test_a_newcomer_acknowledges_after_its_grace(fleet):
    fleet.start(2)
    newcomer, = fleet.start(join=False)
    answer = try_purge(newcomer, tags=["t"], wait="10s")
    assert answer.status == 200
    assert answer.json()["instances"] == {"applied": 3, "live": 3}


def test_a_purge_waits_for_a_connection_that_is_being_made(
        fleet, redis, fake_redis):
    fleet.start(1)
    fake_redis.upstream = redis.port
    fake_redis.on("PING", Late(0.2, Status("PONG")))
    newcomer, = fleet.start(join=False, address=fake_redis.address)
    assert fake_redis.count("EVALSHA") == 0
    assert try_purge(newcomer, tags=["t"], wait="10s").status == 200


def test_a_newcomer_takes_part_in_purges_of_the_others(fleet, tagged):
    fleet.start(2)
    newcomer, = fleet.start()
    version(newcomer)
    tagged.bump()
    purge(fleet.members[0], tags=["t"])
    assert version(newcomer) == tagged.version


def test_who_restarts_takes_the_place_it_had(fleet):
    a, b = fleet.start(2)
    b.crash()
    assert try_purge(a, tags=["x"], wait="300ms").status == 503
    b.start()
    wait_acknowledged(a)
    for nginx in a, b:
        wait_until(lambda: log_metric(nginx, "instances") == 2)


def test_purges_go_on_over_reloads(fleet, tagged):
    a, b = fleet.start(2, workers=2)
    stop, statuses, wrong = threading.Event(), [], []

    def go_on():
        while not stop.is_set():
            version(a)
            tagged.bump()
            statuses.append(try_purge(b, tags=["t"]).status)
            if statuses[-1] == 200 and version(a) != tagged.version:
                wrong.append(tagged.version)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        for _ in range(5):
            a.reload()
            time.sleep(0.1)
    finally:
        stop.set()
        thread.join()
    assert wrong == []
    assert set(statuses) == {200}
    assert log_metric(a, "instances") == 2
