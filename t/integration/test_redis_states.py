"""What Redis answers is told by name: in health, in metrics, once in the
log.  And what a user of Redis may not do is named too."""

import pytest

from lib.cached import ZONE, api, metric
from lib.fleet import (log_metric, object_keys, origin_of_hit,
                       wait_acknowledged, wait_stored)
from lib.origin import Reply
from lib.resp import RespError
from lib.wait import wait_until

COMMANDS = ("+client|setname +ping +get +eval +evalsha +subscribe +publish "
            "+info +set +getrange +del +pexpire +pttl +time +hget +hset +hdel "
            "+hgetall +hincrby +xadd +xrange +xrevrange").split()


def redis_of(nginx, route="health"):
    return api(nginx, "GET", route).json()["zones"][0]["redis"]


def in_state(nginx, name):
    return metric(nginx, "edge_cache_redis_state", zone=ZONE, state=name) == 1


def wait_state(nginx, name):
    wait_until(lambda: in_state(nginx, name), what=f"the state {name}")


@pytest.fixture
def edge_of_fake(fleet, fake_redis, redis):
    fake_redis.upstream = redis.port
    nginx, = fleet.start(1, address=fake_redis.address)
    wait_state(nginx, "up")
    return nginx


@pytest.mark.parametrize("error, state", [
    ("OOM command not allowed when used memory > 'maxmemory'.", "oom"),
    ("MISCONF Redis is configured to save RDB snapshots", "misconf"),
    ("READONLY You can't write against a read only replica.", "readonly"),
    ("NOREPLICAS Not enough good replicas to write.", "noreplicas"),
    ("NOPERM this user has no permissions to run the 'evalsha' command",
     "noperm"),
])
def test_what_fails_writes_is_told_once(edge_of_fake, fake_redis, error,
                                        state):
    fake_redis.on("EVALSHA", RespError(error))
    wait_state(edge_of_fake, state)
    before = fake_redis.count("EVALSHA")
    fake_redis.wait_for("EVALSHA", before + 5)
    told = redis_of(edge_of_fake)
    assert told["state"] == "up" and told["condition"] == state
    assert told.get("missing") == ("evalsha" if state == "noperm" else None)
    assert api(edge_of_fake, "GET", "health").json()["status"] == "degraded"
    log = edge_of_fake.error_log()
    assert log.count(f"redis is impaired: {state}: ") == 1
    assert "redis is down" not in log


@pytest.mark.parametrize("error, state", [
    ("LOADING Redis is loading the dataset in memory", "loading"),
    ("BUSY Redis is busy running a script.", "busy"),
    ("MASTERDOWN Link with MASTER is down", "masterdown"),
    ("CLUSTERDOWN The cluster is down", "clusterdown"),
    ("NOAUTH Authentication required.", "refused"),
    ("ERR max number of clients reached", "maxclients"),
])
def test_what_fails_everything_is_told_once(edge_of_fake, fake_redis, error,
                                            state):
    fake_redis.on("EVALSHA", RespError(error))
    fake_redis.on("PING", RespError(error))
    wait_state(edge_of_fake, state)
    told = redis_of(edge_of_fake)
    assert told["state"] == "down" and told["condition"] == state
    assert edge_of_fake.error_log().count("redis is down") == 1
    fake_redis.forget("EVALSHA")
    fake_redis.forget("PING")
    wait_state(edge_of_fake, "up")


def test_a_hung_redis_is_silent(edge_of_fake, redis):
    redis.pause()
    wait_state(edge_of_fake, "silent")
    redis.resume()
    wait_state(edge_of_fake, "up")


def test_a_server_that_takes_no_writes_is_left_for_the_next(fleet, redis,
                                                            redis_server):
    replica = redis_server(replicaof=f"{redis.address.replace(':', ' ')}")
    wait_until(lambda: b"master_link_status:up" in
               replica.command("INFO", "replication"), what="a replica")
    nginx, = fleet.start(
        1, address=f"{replica.address}; server {redis.address}")
    wait_until(lambda: log_metric(nginx, "current") == 1,
               what="the log, which only the master can take")
    wait_state(nginx, "up")
    nginx.get("/")
    wait_stored(nginx, 1)
    assert nginx.error_log().count("redis is down: readonly") == 1


def test_one_server_that_takes_no_writes_is_still_read(fleet, redis):
    nginx, reader = fleet.start(2)
    nginx.get("/")
    wait_stored(nginx, 1)
    redis.command("REPLICAOF", "127.0.0.1", "1")
    wait_state(reader, "readonly")
    assert origin_of_hit(reader.get("/")) == ("HIT", "redis")
    assert "redis is down" not in reader.error_log()


# Permissions

def member_of(fleet, redis_server, permissions, keys="~ec:* &ec:*"):
    redis = redis_server(
        user=f"edge on >secret {keys} -@all {' '.join(permissions)}")
    nginx, = fleet.start(
        1, join=False, address=f"{redis.address}; user edge; password secret")
    return redis, nginx


def test_the_documented_permissions_are_enough(fleet, redis_server):
    redis, nginx = member_of(fleet, redis_server, COMMANDS)
    wait_until(lambda: log_metric(nginx, "current") == 1, what="the log")
    assert nginx.get("/").status == 200
    wait_stored(nginx, 1)
    assert len(object_keys(redis)) == 1
    assert api(nginx, "POST", "purge", {"all": True}).status == 200
    assert in_state(nginx, "up")
    assert "impaired" not in nginx.error_log()


@pytest.mark.parametrize("permission, named", [
    ("+get", "get"), ("+evalsha", "evalsha"), ("+eval", "eval"),
    ("+xadd", "something inside a script"),
    ("+set", "something inside a script"),
])
def test_a_missing_permission_is_named(fleet, redis_server, permission,
                                       named):
    rest = [one for one in COMMANDS if one != permission]
    _, nginx = member_of(fleet, redis_server, rest)
    if permission == "+set":
        wait_until(lambda: log_metric(nginx, "current") == 1, what="the log")

    def missing():
        assert nginx.get("/").status == 200
        return in_state(nginx, "noperm")

    wait_until(missing, what="the state noperm")
    assert redis_of(nginx)["missing"] == named
    assert nginx.error_log().count("redis is impaired: noperm: "
                                   + named) == 1


def test_a_key_that_is_not_allowed_is_named(fleet, redis_server):
    _, nginx = member_of(fleet, redis_server, COMMANDS, "~other:* &ec:*")
    wait_until(lambda: in_state(nginx, "noperm"), what="the state noperm")
    assert redis_of(nginx)["missing"] == "a key"


# Memory

@pytest.mark.parametrize("policy, hurts", [
    ("noeviction", True), ("allkeys-random", True), ("volatile-random", True),
    ("allkeys-lru", False), ("volatile-lru", False), ("volatile-ttl", False)])
def test_a_policy_that_hurts_is_told(fleet, redis_server, policy, hurts):
    redis = redis_server(maxmemory="100mb", maxmemory_policy=policy)
    nginx, = fleet.start(1, address=redis.address)
    wait_until(lambda: "maxmemory" in redis_of(nginx), what="its memory")
    told = redis_of(nginx)
    assert told["maxmemory"] == 100 * 1024 * 1024
    assert told["maxmemory_policy"] == policy
    assert 100_000 < told["used_memory"] < 100_000_000
    assert metric(nginx, "edge_cache_redis_policy_hurts", zone=ZONE) == hurts
    said = nginx.error_log().count(f"redis has maxmemory-policy {policy}: ")
    assert said == hurts


def test_without_a_limit_no_policy_hurts(fleet, redis):
    nginx, = fleet.start(1)
    wait_until(lambda: redis_of(nginx).get("maxmemory") == 0,
               what="its memory")
    assert redis_of(nginx)["maxmemory_policy"] == "noeviction"
    assert "maxmemory-policy" not in nginx.error_log()


@pytest.mark.parametrize("policy", [
    "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])
def test_a_full_redis_fails_no_request_and_no_purge(fleet, redis_server,
                                                    origin, policy):
    redis = redis_server(maxmemory="4mb", maxmemory_policy=policy)
    large = Reply(headers={"Cache-Control": "max-age=60",
                           "Surrogate-Key": "t"}, body=b"x" * 50_000)
    for i in range(120):
        origin.on(f"/{i}", large)
    first, second = fleet.start(2, address=redis.address, size="16m")
    for i in range(120):
        assert first.get(f"/{i}").status == 200
    assert len(object_keys(redis)) < 100
    for nginx in first, second:
        wait_until(lambda: log_metric(nginx, "current") == 1, what="the log")
    wait_acknowledged(first)
    assert api(second, "POST", "purge", {"tags": ["t"]}).status == 200
    for i in range(120):
        assert first.get(f"/{i}")["X-Cache"] == "MISS"
