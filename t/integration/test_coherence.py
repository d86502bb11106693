"""What an instance serves while the log does not answer: its mode."""

import os
import signal
import time

import pytest

from lib.cached import api, purge, verdict
from lib.fleet import (log_metric, try_purge, version, wait_behind,
                       wait_current)
from lib.wait import wait_until

STRICT = "coherence=strict"


def hits(nginx):
    """One request; its verdict is HIT."""
    return verdict(nginx.get("/p"))[0] == "HIT"


@pytest.fixture
def stop():
    """Stops the workers of an instance; all go on at the end."""
    stopped = []

    def stop(nginx):
        for pid in nginx.workers():
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)

    def go_on():
        while stopped:
            os.kill(stopped.pop(), signal.SIGCONT)

    stop.go_on = go_on
    yield stop
    go_on()


# Without an answer of the log

def test_strict_uses_nothing_once_its_lease_is_over(fleet, tagged, redis):
    a, = fleet.start(1, zone_options=STRICT)
    version(a)
    assert hits(a)
    redis.pause()
    wait_behind(a)
    for _ in range(3):
        assert verdict(a.get("/p")) == ("MISS", "log_behind")
    redis.resume()
    wait_current(a)
    assert hits(a)


def test_available_goes_on_for_its_isolation(fleet, tagged, redis):
    a, b = fleet.start(2, zone_options="isolation=2s")
    for nginx in a, b:
        wait_until(lambda: try_purge(nginx, tags=["x"]).status == 200)
        version(nginx)
    redis.pause()
    wait_behind(a)
    assert hits(a)
    assert log_metric(a, "serving") == 1
    wait_until(lambda: not hits(a), 15, "the isolation to be over")
    assert verdict(a.get("/p")) == ("MISS", "log_behind")
    assert log_metric(a, "serving") == 0
    redis.resume()
    wait_current(a)
    version(a)
    assert hits(a)


def test_a_strict_instance_that_missed_an_epoch_trusts_nothing(
        fleet, tagged, redis, fake_redis):
    """It was cut off, a purge was acknowledged without it, and the log that
    had it was lost."""
    fake_redis.upstream = redis.port
    a, = fleet.start(join=False, zone_options=STRICT)
    b, = fleet.start(join=False, zone_options=STRICT,
                     address=fake_redis.address)
    fleet.wait_joined()
    version(b)
    fake_redis.stop()
    tagged.bump()
    assert purge(a, tags=["t"], wait="10s")["instances"]["live"] == 1
    redis.command("FLUSHALL")
    wait_until(lambda: try_purge(a, tags=["x"]).status == 200)
    fake_redis.start()
    wait_current(b)
    assert version(b) == tagged.version


def test_an_available_instance_that_was_cut_off_for_long_trusts_nothing(
        fleet, tagged, redis, fake_redis):
    """It was forgotten, a purge was acknowledged without it, and Redis came
    back with what it had before."""
    fake_redis.upstream = redis.port
    a, = fleet.start(join=False, zone_options="isolation=1s",
                     address=fake_redis.address)
    b, = fleet.start(join=False, zone_options="isolation=1s")
    fleet.wait_joined()
    version(a)
    assert hits(a)
    fake_redis.stop()
    redis.command("SAVE")
    tagged.bump()
    wait_until(lambda: try_purge(b, tags=["t"]).json()["instances"]
               == {"applied": 1, "live": 1}, what="a purge without it")
    b.crash()
    redis.restart()
    fake_redis.start()
    wait_current(a)
    assert version(a) == tagged.version


def test_a_worker_of_a_zone_that_a_reload_left_behind_has_its_lease_only(
        fleet, tagged):
    """Nobody reads the log for it, and it is soon forgotten."""
    a, b = fleet.start(2)
    version(a)
    with a.connect() as late:
        late.send(b"GET /p HTTP/1.1\r\n")
        time.sleep(0.1)  # it is being read
        a.reload(a.conf.replace("z:4m", "z:8m"))
        for count in 3, 2:  # it is forgotten
            wait_until(lambda: log_metric(b, "instances") == count)
        tagged.bump()
        wait_until(lambda: try_purge(b, tags=["t"]).status == 200)
        late.send(b"Host: localhost\r\n\r\n")
        assert late.read_response().json()["version"] == tagged.version


# Paused

def test_a_paused_strict_instance_asks_the_clock_before_it_answers(
        fleet, tagged, stop):
    a, b = fleet.start(2, zone_options=STRICT)
    version(b)
    with b.connect() as waiting, b.connect() as first:
        first.request("GET", "/p")
        stop(b)
        waiting.send_request("GET", "/p")
        tagged.bump()
        answer = purge(a, tags=["t"], wait="10s")
        assert answer["instances"] == {"applied": 1, "live": 1}
        first.send_request("GET", "/p")
        stop.go_on()
        for client in first, waiting:
            assert client.read_response().json()["version"] == tagged.version


def test_a_purge_says_when_a_strict_instance_can_serve_nothing(
        fleet, tagged, stop):
    a, b = fleet.start(2, zone_options=STRICT + " lease=2s")
    version(b)
    stop(b)
    answer = try_purge(a, tags=["t"], wait="300ms")
    assert answer.status == 503
    missing, = answer.json()["missing"]
    assert missing["instance"] == "edge1"
    left = missing["safe_at"] / 1000 - time.time()
    assert 0 < left <= 2.4
    assert purge(a, tags=["t"])["instances"] == {"applied": 1, "live": 1}


def test_a_purge_waits_as_long_as_the_lease_takes(fleet, tagged, stop):
    a, b = fleet.start(2, zone_options=STRICT + " lease=3s")
    version(b)
    stop(b)
    tagged.bump()
    assert purge(a, tags=["t"])["took_ms"] > 2400


# What is said of it

@pytest.mark.parametrize("options, mode", [("", "available"),
                                           (STRICT, "strict")])
def test_health_and_metrics_name_the_mode(fleet, redis, options, mode):
    a, = fleet.start(1, zone_options=options)

    def log():
        return api(a, "GET", "health").json()["zones"][0]["log"]

    assert log()["coherence"] == mode
    assert log()["serving"] is True
    assert log_metric(a, "serving") == 1
    redis.pause()
    wait_behind(a)
    assert log()["serving"] is (mode == "available")
    redis.resume()
