"""mode cluster: every key where it belongs, also while slots move."""

import pytest

from lib.cached import ZONE, api, metric, purge
from lib.cluster import Cluster, slot_of
from lib.fleet import (LOG, origin_of_hit, stores, try_purge,
                       wait_acknowledged, wait_current, wait_stored)
from lib.origin import Reply
from lib.wait import wait_until

CACHED = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}


def running(directory, replicas):
    servers = Cluster(directory / "cluster", replicas)
    try:
        yield servers.start()
    finally:
        servers.stop()


@pytest.fixture
def cluster(tmp_path):
    yield from running(tmp_path, replicas=0)


@pytest.fixture
def replicated(tmp_path):
    yield from running(tmp_path, replicas=1)


def start(fleet, cluster, count=1, **pieces):
    return fleet.start(count, address=f"{cluster.address}; mode cluster",
                       **pieces)


def is_up(nginx):
    return metric(nginx, "edge_cache_redis_state", zone=ZONE, state="up") == 1


def fill(nginx, target):
    before = stores(nginx)
    assert nginx.get(target)["X-Cache"] == "MISS"
    wait_stored(nginx, before + 1)


def is_redis_hit(nginx, target):
    return origin_of_hit(nginx.get(target)) == ("HIT", "redis")


def key_of(cluster, nginx, target):
    def objects():
        return {key for key in cluster.keys("ec:1:*") if b":lock" not in key}

    before = objects()
    fill(nginx, target)
    key, = objects() - before
    return key


def test_objects_are_spread_and_found_and_purged(fleet, cluster, origin):
    origin.headers = CACHED
    first, second = start(fleet, cluster, 2)
    targets = [f"/{i}" for i in range(30)]
    for target in targets:
        fill(first, target)
    assert all(node.command("DBSIZE") > 0 for node in cluster.nodes)
    assert all(is_redis_hit(second, target) for target in targets)
    purge(second, tags=["t"])
    assert {first.get(target)["X-Cache"] for target in targets} == {"MISS"}
    for nginx in first, second:
        assert "redis is impaired" not in nginx.error_log()
        assert is_up(nginx)


def test_a_slot_on_its_way_and_gone_is_followed(fleet, cluster, origin):
    origin.headers = CACHED
    filler, reader = start(fleet, cluster, 2,
                           location="edge_cache_no_store $arg_n;")
    key = key_of(cluster, filler, "/a")
    source, slot = cluster.owner(key), slot_of(cluster.nodes[0], key)
    target = next(n for n in cluster.nodes if n is not source)

    cluster.begin_move(slot, source, target)
    assert is_redis_hit(reader, "/a")
    source.command("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
    third, = start(fleet, cluster)
    assert is_redis_hit(third, "/a"), "ASK"
    cluster.end_move(slot, source, target)
    fourth, = start(fleet, cluster)
    assert is_redis_hit(fourth, "/a")


def test_a_stale_map_costs_one_redirection(fleet, cluster, origin, fake_redis):
    """The only node that is asked for the map tells an old one."""
    origin.headers = CACHED
    first, = start(fleet, cluster)
    key = key_of(cluster, first, "/a")
    right = cluster.owner(key)
    wrong = next(n for n in cluster.nodes if n is not right)
    fake_redis.on("CLUSTER", [[0, 16383, [b"127.0.0.1", wrong.port]]])
    second, = fleet.start(1, join=False, location="edge_cache_no_store 1;",
                          address=f"{fake_redis.address}; mode cluster")
    wait_until(lambda: is_redis_hit(second, "/a"), what="a hit after MOVED")


@pytest.mark.limit(90)
def test_a_node_that_dies_is_replaced(fleet, origin, replicated):
    origin.headers = CACHED
    first, second = start(fleet, replicated, 2)
    lost = replicated.owner(LOG)
    lost.kill()
    statuses = set()

    def replaced():
        statuses.update(first.get(f"/{i}").status for i in range(5))
        return replicated.owner(LOG) not in (None, lost)

    wait_until(replaced, 30, "another master of the log")
    for nginx in first, second:
        wait_current(nginx, 30)
    wait_acknowledged(first)
    assert statuses == {200}
    fill(first, "/after")
    assert is_redis_hit(second, "/after")


@pytest.mark.limit(90)
def test_a_node_that_hangs_while_it_is_asked_for_the_map_is_replaced(
        fleet, origin, replicated):
    """Each attempt to connect to it asked for the map, and none of these
    questions had its time to be answered."""
    origin.headers = CACHED
    nginx, = start(fleet, replicated,
                   redis_lines="timeout 50ms; connect_timeout 100ms;")
    statuses = set()

    def ask():
        statuses.update(nginx.get(f"/{i}").status for i in range(9))

    def is_away():
        ask()
        return not is_up(nginx)

    def is_back():
        ask()
        return is_up(nginx)

    replicated.nodes[0].pause()
    wait_until(is_away, what="the loss of a node")
    wait_until(is_back, 30, "the node in its place")
    assert statuses == {200}


def test_a_subscriber_whose_slot_was_nobody_s_comes_back(fleet, fake_redis,
                                                         redis):
    """The log's slot is 10591."""
    def told(last):
        fake_redis.on("CLUSTER", [[0, last, [b"127.0.0.1", fake_redis.port]]])
        asked = fake_redis.count("CLUSTER")
        fake_redis.wait_for("CLUSTER", asked + 2)

    fake_redis.upstream = redis.port
    fake_redis.on("CLUSTER", [[0, 16383, [b"127.0.0.1", fake_redis.port]]])
    nginx, = start(fleet, fake_redis)
    fake_redis.wait_for("SUBSCRIBE")
    told(last=9999)
    told(last=16383)
    fake_redis.wait_for("SUBSCRIBE", 2)
    wait_acknowledged(nginx)


@pytest.mark.limit(90)
def test_a_log_that_moved_is_found_by_the_connection_of_its_own(
        fleet, origin, replicated):
    """The commands of another zone were told of it first, and the map said
    nothing new then."""
    nginx, = start(fleet, replicated, zone_options="wait=1",
                   http="edge_cache_zone other:1m redis=main;")
    wait_acknowledged(nginx)
    source = replicated.owner(LOG)
    target = next(n for n in replicated.nodes[:3] if n is not source)
    slot = slot_of(source, LOG)
    replicated.begin_move(slot, source, target)
    replicated.end_move(slot, source, target)
    wait_until(lambda: try_purge(nginx, tags=["t"]).status == 200, 15,
               "a purge that is acknowledged")


@pytest.mark.parametrize("answer", [
    [], None, b"x", [[0, 16383]], [[0, 99999, [b"127.0.0.1", 1]]],
    [[0, 16383, [b"", 6379]]]], ids=str)
def test_a_map_that_is_none_is_not_used(fleet, fake_redis, answer):
    fake_redis.on("CLUSTER", answer)
    nginx, = fleet.start(1, join=False,
                         address=f"{fake_redis.address}; mode cluster")
    wait_until(lambda: "redis cluster is down: does not know who serves what"
               in nginx.error_log(), what="a line about it")
    assert nginx.get("/").status == 200
    zone, = api(nginx, "GET", "health").json()["zones"]
    assert zone["redis"]["state"] == "down"


def test_limits_hold_over_all_instances(edge, cluster):
    http = f"""edge_redis main {{ server {cluster.address}; mode cluster; }}
        edge_limit_zone $arg_a zone=a:1m rate=1r/h burst=10 redis=main
                        tag=$arg_tenant;
        edge_limit_zone $arg_b zone=b:1m rate=1r/h burst=100 redis=main
                        tag=$arg_tenant;"""
    limits = """edge_limit zone=a; edge_limit zone=b;
        edge_limit_fallback local after=1s;
        add_header X-Source $edge_limit_source always;"""
    instances = [edge(http=http, location=limits) for _ in range(2)]
    for nginx in instances:
        wait_until(lambda: nginx.get("/?a=w&b=w&tenant=w")["X-Source"]
                   == "redis", what="decisions by the cluster")
    for tenant in "one", "two", "three":
        statuses = [nginx.get(f"/?a=k&b=k&tenant={tenant}").status
                    for _ in range(8) for nginx in instances]
        assert (statuses.count(200), statuses.count(429)) == (10, 6)


def in_different_slots(cluster, names):
    slots = {slot_of(cluster.nodes[0], f"{{{name}}}") for name in names}
    assert len(slots) == len(names)


SPREAD = """
    edge_limit_zone $arg_a zone=a:1m rate=1r/h burst=4 redis=main;
    edge_limit_zone $arg_b zone=b:1m rate=1r/h burst=20 redis=main;
    edge_limit_zone $arg_c zone=c:1m quota=20/month redis=main;
    edge_limit_zone $arg_d zone=d:1m rate=20r/h algorithm=window redis=main;
    """


@pytest.fixture
def spread(edge, cluster):
    """Instances whose limits lie in several slots, each by its own key."""
    def start(count, use="edge_limit zone=a; edge_limit zone=b;"
                         "edge_limit zone=c; edge_limit zone=d;"):
        in_different_slots(cluster, ["one", "two", "three", "four"])
        instances = [edge(
            http=f"edge_redis main {{ server {cluster.address}; mode cluster;"
                 f" timeout 500ms; }} {SPREAD}",
            location=f"""{use} edge_limit_fallback local after=1s;
                         add_header X-Source $edge_limit_source always;""")
            for _ in range(count)]
        for nginx in instances:
            for name in "wxyz":
                wait_until(lambda: nginx.get(
                    f"/?a={name}&b={name}&c={name}&d={name}")["X-Source"]
                    == "redis", what="decisions by each node")
        return instances

    return start


def test_limits_in_several_slots_are_decided_together(spread):
    instances = spread(2)
    target = "/?a=one&b=two&c=three&d=four"
    responses = [nginx.get(target) for _ in range(4) for nginx in instances]
    assert [r.status for r in responses] == [200] * 4 + [429] * 4
    assert {r["X-Source"] for r in responses[:5]} == {"redis"}
    assert responses[3]["RateLimit"].startswith('"a";r=0')
    assert ', "b";r=16' in responses[3]["RateLimit"]
    assert ', "c";r=16' in responses[3]["RateLimit"]
    assert ', "d";r=16' in responses[3]["RateLimit"]


def test_who_is_refused_in_one_slot_is_not_charged_in_the_others(spread):
    """16 requests of others pass, as many as were not used."""
    first, second = spread(2, "edge_limit zone=a cost=$arg_n;"
                              "edge_limit zone=b; edge_limit zone=c;"
                              "edge_limit zone=d;")
    refused = [nginx.get(f"/?a={a}&n=5&b=two&c=three&d=four").status
               for a in range(20) for nginx in (first, second)]
    assert set(refused) == {429}
    passed = [nginx.get(f"/?a=one{i}&b=two&c=three&d=four").status
              for i in range(12) for nginx in (first, second)]
    assert passed == [200] * 20 + [429] * 4


def test_what_one_slot_refused_is_told_of_it_alone(spread):
    nginx, = spread(1)
    target = "/?a=one&b=two&c=three&d=four"
    while nginx.get(target).status == 200:
        pass
    problem = nginx.get(target)
    assert problem.json()["violated-policies"] == ["a"]
    assert ', "b";r=16' in problem["RateLimit"]
    assert nginx.get("/?a=other&b=two&c=three&d=four").status == 200


def test_a_node_that_dies_leaves_limits_to_the_fallback(spread, cluster):
    nginx, = spread(1)
    target = "/?a=one&b=two&c=three&d=four"
    assert nginx.get(target)["X-Source"] == "redis"
    cluster.owner("{two}").kill()
    wait_until(lambda: nginx.get(target)["X-Source"] == "local",
               what="a decision without that node")
    assert nginx.get("/?a=one").status == 200


def test_a_server_that_is_no_cluster_is_not_used(fleet, redis, origin):
    origin.on("/", Reply(headers=CACHED))
    nginx, = fleet.start(1, join=False,
                         address=f"{redis.address}; mode cluster")
    wait_until(lambda: "redis cluster is down: " in nginx.error_log(),
               what="a line about it")
    assert nginx.get("/").status == 200
