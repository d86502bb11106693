"""mode sentinel: the master is found, followed, and checked."""

import pytest

from lib.cached import ZONE, api, metric, purge
from lib.fleet import (log_metric, origin_of_hit, redis_up, wait_acknowledged,
                       wait_current, wait_stored)
from lib.ports import HOST, free_port
from lib.resp import RespError
from lib.sentinels import NAME, Sentinels
from lib.wait import wait_until


@pytest.fixture
def sentinels(tmp_path):
    group = Sentinels(tmp_path / "sentinels")
    try:
        yield group.start()
    finally:
        group.stop()


def through(addresses):
    """What stands behind "server" in the block."""
    return "; server ".join(addresses) + f"; mode sentinel; master {NAME}"


def wait_up(nginx, timeout=10):
    wait_until(lambda: redis_up(nginx), timeout, "a connection to the master")


def test_the_master_is_found_whichever_sentinel_answers(fleet, sentinels):
    nowhere = f"{HOST}:{free_port()}"
    nginx, = fleet.start(1, address=through([nowhere, *sentinels.addresses]))
    nginx.get("/")
    wait_stored(nginx, 1)
    assert sentinels.master.command("DBSIZE") >= 1


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_failover_fails_no_request(fleet, sentinels, tagged, how):
    first, second = fleet.start(2, address=through(sentinels.addresses))
    first.get("/")
    wait_stored(first, 1)
    assert origin_of_hit(second.get("/")) == ("HIT", "redis")

    getattr(sentinels.master, how)()
    statuses = set()

    def switched():
        statuses.add(first.get("/new").status)
        return f"redis master is {sentinels.replica.address}" \
            in first.error_log()

    wait_until(switched, 20, "the new master")
    for nginx in first, second:
        wait_up(nginx)
        wait_current(nginx)
    assert statuses == {200}
    wait_acknowledged(first)
    assert purge(second, tags=["t"])["instances"]["applied"] == 2
    assert first.get("/")["X-Cache"] == "MISS"


def test_a_master_that_hangs_with_the_sentinel_that_was_asked_is_replaced(
        fleet, sentinels):
    """Each attempt to connect to the one asked the other, and none of these
    questions had its time to be answered."""
    nginx, = fleet.start(1, address=through(sentinels.addresses),
                         redis_lines="timeout 50ms; connect_timeout 100ms;")
    sentinels.sentinels[0].pause()
    sentinels.master.pause()
    wait_until(lambda: f"redis master is {sentinels.replica.address}"
               in nginx.error_log(), 30, "the new master")
    wait_up(nginx)
    wait_acknowledged(nginx)


def test_a_master_that_became_a_replica_is_left(fleet, fake_redis, redis,
                                                redis_server):
    """The Sentinel has not heard of it yet."""
    replica = redis_server(replicaof=f"{HOST} {redis.port}")
    fake_redis.on("SENTINEL", [HOST.encode(), str(replica.port).encode()])
    fake_redis.on("UNSUBSCRIBE", [b"unsubscribe", b"+switch-master", 0])
    fake_redis.on("SUBSCRIBE", [b"subscribe", b"+switch-master", 1])
    nginx, = fleet.start(1, join=False,
                         address=through([fake_redis.address]))
    wait_until(lambda: "redis is down: ROLE answered by no master"
               in nginx.error_log(), what="a line about the replica")
    assert nginx.get("/").status == 200
    fake_redis.on("SENTINEL", [HOST.encode(), str(redis.port).encode()])
    wait_up(nginx, 5)
    wait_until(lambda: log_metric(nginx, "current") == 1, what="the log")


@pytest.mark.parametrize("answer", [
    None, [], [b"a host", b"6379"], [b"127.0.0.1", b"0"], b"x", 7,
    RespError("ERR No such master with that name")], ids=str)
def test_an_answer_that_is_no_address_is_not_used(fleet, fake_redis, answer):
    fake_redis.on("SENTINEL", answer)
    fake_redis.on("UNSUBSCRIBE", [b"unsubscribe", b"+switch-master", 0])
    nginx, = fleet.start(1, join=False,
                         address=through([fake_redis.address]))
    wait_until(lambda: "sentinel is down: " in nginx.error_log(),
               what="a line about it")
    assert nginx.get("/").status == 200

    def told():
        zone, = api(nginx, "GET", "health").json()["zones"]
        assert zone["redis"]["state"] == "down"
        return zone["redis"]["reason"]

    wait_until(told, what="a reason in health")
    assert metric(nginx, "edge_cache_redis_state", zone=ZONE, state="up") == 0
