"""A cluster under load: a slot moves, and a master dies."""

import pathlib
import re
import tempfile
import time

from accuracy import PAGE
from edges import Fleet, finish

from lib.cluster import Cluster, slot_of
from lib.wait import wait_until

_COUNT, _RATE, _BURST = 4, 200, 100
# Three limits in three slots, of which the first is the tight one.
_ZONES = f"""
    edge_limit_zone all    zone=all:1m   rate={_RATE}r/s burst={_BURST}
                                         redis=main;
    edge_limit_zone second zone=two:1m   rate=100000r/s burst=100000 redis=main;
    edge_limit_zone third  zone=three:1m rate=100000r/s burst=100000 redis=main;
    """
_USE = ("edge_limit zone=all; edge_limit zone=two; edge_limit zone=three;"
        f"edge_limit_fallback local instances={_COUNT} after=50ms;")


def _errors(edges):
    """Lines in the logs that Redis has caused."""
    return sum(len(re.findall(r"CROSSSLOT|MOVED|ASK ", edge.error_log()))
               for edge in edges.edges)


def _begin(edges):
    wait_until(lambda: all(edge.get(PAGE).status for edge in edges.edges)
               and edges.decisions(zone="all", source="redis") > 50, 30,
               "decisions by the cluster")


def _move(cluster):
    """Half a second on its way, then gone."""
    source = cluster.owner("{all}")
    target = next(node for node in cluster.nodes if node is not source
                  and node.command("ROLE")[0] == b"master")
    slot = slot_of(source, "{all}")
    cluster.begin_move(slot, source, target)
    time.sleep(0.5)
    cluster.end_move(slot, source, target)


def _fail_over(cluster):
    """Seconds until another master has the slot."""
    lost, begin = cluster.owner("{all}"), time.monotonic()
    lost.kill()
    wait_until(lambda: cluster.owner("{all}") not in (None, lost), 30,
               "another master")
    return time.monotonic() - begin


def _measure(edges, change):
    """What was admitted beyond rate * t, in bursts, and the statuses."""
    _begin(edges)
    before = edges.decisions(zone="all", result="PASSED")
    begin = time.monotonic()
    running = edges.start_load(PAGE, 8, connections=2)
    time.sleep(2)
    took = change()
    load = finish(running)
    seconds = time.monotonic() - begin
    admitted = edges.decisions(zone="all", result="PASSED") - before
    return (admitted - _RATE * seconds) / _BURST, load.statuses, took


def cluster(full):
    said, met = [], True
    with tempfile.TemporaryDirectory(prefix="edge-cluster-") as directory:
        servers = Cluster(pathlib.Path(directory), replicas=1)
        try:
            servers.start()
            with Fleet(_COUNT, redis=False, locations={"/api": _USE},
                       http=f"edge_redis main {{ server {servers.address};"
                            f" mode cluster; timeout 500ms; }}" + _ZONES
                       ) as edges:
                for what, most, change in (
                        ("a slot that moved", 1, lambda: _move(servers)),
                        ("a master that died", 2,
                         lambda: _fail_over(servers))):
                    over, statuses, _ = _measure(edges, change)
                    errors = _errors(edges)
                    said.append(f"{what}: {over:.2f} bursts beyond rate * t, "
                                f"{errors} errors told, answers "
                                f"{'/'.join(map(str, sorted(statuses)))}")
                    met = (met and over <= most and errors == 0
                           and set(statuses) <= {200, 429})
        finally:
            servers.stop()
    return ("Cluster, three slots in a decision: none too many while a slot "
            "moves, at most a burst when a master dies", "; ".join(said), "",
            met)
