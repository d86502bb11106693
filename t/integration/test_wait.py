"""wait=N: what a failover of Redis could lose is neither confirmed nor
trusted."""

import time

import pytest

from lib.cached import api, verdict
from lib.cluster import Cluster
from lib.fleet import (log_metric, try_purge, version, wait_acknowledged,
                       wait_behind, wait_current)
from lib.redis_server import RedisServer
from lib.sentinels import NAME, Sentinels
from lib.wait import wait_until


@pytest.fixture
def replica(redis, tmp_path):
    """Of `redis`, in step with it."""
    host, port = redis.address.split(":")
    server = RedisServer(tmp_path / "replica",
                         replicaof=f"{host} {port}").start()
    wait_until(lambda: b"state=online" in redis.command("INFO", "replication"),
               what="the replica in step")
    yield server
    server.stop()


def log_of(nginx):
    return api(nginx, "GET", "health").json()["zones"][0]["log"]


def hits(nginx):
    return verdict(nginx.get("/p"))[0] == "HIT"


def test_with_its_replica_everything_is_as_ever(fleet, tagged, redis, replica):
    a, b = fleet.start(2, zone_options="coherence=strict wait=1")
    wait_acknowledged(a)
    for nginx in a, b:
        version(nginx)
        assert hits(nginx)
    tagged.bump()
    answer = try_purge(a, tags=["t"])
    assert answer.status == 200
    assert "replicated" not in answer.json()
    for nginx in a, b:
        assert version(nginx) == tagged.version
        assert log_metric(nginx, "replicas") == 1
        assert log_of(nginx)["replicas"] == 1


def test_strict_serves_nothing_that_only_the_master_knows_of(
        fleet, tagged, redis, replica):
    a, = fleet.start(1, zone_options="coherence=strict wait=1")
    wait_acknowledged(a)
    version(a)
    assert hits(a)
    replica.pause()
    wait_behind(a)
    assert verdict(a.get("/p")) == ("MISS", "log_behind")
    wait_until(lambda: log_of(a)["replicas"] == 0)
    a.wait_for_log("fewer replicas than wait=1 have its log")
    replica.resume()
    wait_current(a)
    version(a)
    assert hits(a)
    a.wait_for_log("its log is replicated again")


def test_a_purge_that_no_replica_has_is_not_confirmed(fleet, tagged, redis,
                                                      replica):
    a, b = fleet.start(2, zone_options="wait=1")
    wait_acknowledged(a)
    replica.pause()
    answer = try_purge(a, tags=["product:42"], wait="1500ms")
    assert answer.status == 503
    body = answer.json()
    assert body["replicated"] is False
    assert "replicas" in body["detail"]
    assert body["instances"] == {"applied": 2, "live": 2}
    assert body["generation"] != "0-0"
    version(b)
    assert hits(b)  # available needs no lease
    replica.resume()
    wait_acknowledged(a)


def test_without_any_replica_strict_caches_nothing(fleet, tagged, redis):
    a, = fleet.start(1, join=False, zone_options="coherence=strict wait=1")
    wait_until(lambda: log_metric(a, "instances") == 1, what="it to join")
    for _ in range(3):
        assert not hits(a)
    assert try_purge(a, tags=["x"], wait="200ms").status == 503


def test_lookups_do_not_wait_for_replicas(fleet, tagged, redis, replica):
    """WAIT holds up its connection, and that is not the one of requests."""
    took = []
    a, = fleet.start(1, zone_options="wait=1",
                     redis_lines="timeout 1s; connect_timeout 1s;")
    wait_acknowledged(a)
    replica.pause()
    wait_until(lambda: log_metric(a, "replicas") == 0, what="no replicas")
    with a.connect() as client:
        for i in range(60):
            began = time.monotonic()
            client.request("GET", f"/miss{i}")
            took.append(time.monotonic() - began)
    # A beat every 50 ms blocks its own connection for 500 ms.
    assert sorted(took)[len(took) * 3 // 4] < 0.2


def test_a_new_master_without_replicas_is_not_trusted(fleet, tagged,
                                                      tmp_path):
    group = Sentinels(tmp_path / "sentinels")
    try:
        group.start()
        a, = fleet.start(
            1, zone_options="coherence=strict wait=1",
            address="; server ".join(group.addresses)
            + f"; mode sentinel; master {NAME}")
        wait_acknowledged(a)
        version(a)
        assert hits(a)
        group.master.kill()
        wait_until(lambda: f"redis master is {group.replica.address}"
                   in a.error_log(), 20, "the new master")
        wait_until(lambda: log_metric(a, "sequence") == 1, 15, "a new epoch")
        assert verdict(a.get("/p")) == ("MISS", "log_behind")
        assert log_metric(a, "current") == 0
        answer = try_purge(a, tags=["t"], wait="300ms")
        assert answer.status == 503
        assert answer.json()["replicated"] is False
    finally:
        group.stop()


def test_in_a_cluster_the_replica_of_the_logs_master_counts(fleet, tagged,
                                                            tmp_path):
    nodes = Cluster(tmp_path / "cluster", replicas=1)
    try:
        nodes.start()
        a, b = fleet.start(2, zone_options="coherence=strict wait=1",
                           address=nodes.address + "; mode cluster")
        wait_acknowledged(a, 30)
        for nginx in a, b:
            version(nginx)
            assert hits(nginx)
            assert log_metric(nginx, "replicas") == 1
    finally:
        nodes.stop()


@pytest.mark.parametrize("options, mode, warned", [
    ("coherence=strict", "mode sentinel; master main;", True),
    ("coherence=strict", "mode cluster;", True),
    ("coherence=strict wait=1", "mode cluster;", False),
    ("coherence=available", "mode sentinel; master main;", False),
    ("coherence=strict", "", False),
])
def test_strict_with_failover_and_no_wait_is_warned_of(edge, options, mode,
                                                       warned):
    nginx = edge()
    code, said = nginx.check_config(f"""events {{}} http {{
        edge_redis main {{ server 127.0.0.1:6379; {mode} }}
        edge_cache_zone z:1m redis=main {options};
    }}""")
    assert code == 0
    assert ("write wait=N" in said) == warned
