"""A Redis Cluster of three masters, each with a replica or none."""

import subprocess

from lib.ports import HOST, free_port
from lib.redis_server import RedisServer
from lib.wait import wait_until

def slot_of(node, key):
    return node.command("CLUSTER", "KEYSLOT", key)


class Cluster:
    """`nodes` are RedisServers; the first three are masters at the start.
    `door(node)`: the port where others are told to find it."""

    def __init__(self, directory, replicas=0, door=None):
        count = 3 * (1 + replicas)
        self._replicas = replicas
        self.nodes = [RedisServer(
            directory / f"node{i}", cluster_enabled="yes",
            cluster_node_timeout=1000, cluster_replica_validity_factor=0,
            cluster_port=free_port()) for i in range(count)]
        if door:
            for node in self.nodes:
                node.announce("cluster-announce-port", door(node))

    @property
    def address(self):
        return "; server ".join(node.address for node in self.nodes)

    def start(self):
        for node in self.nodes:
            node.start()
        subprocess.run(
            ["redis-cli", "--cluster", "create",
             *[node.address for node in self.nodes], "--cluster-replicas",
             str(self._replicas), "--cluster-yes"],
            check=True, capture_output=True, timeout=60)
        wait_until(self.is_whole, 30, "a cluster that is whole")
        return self

    def is_whole(self):
        """All nodes run, all slots are served, all replicas are in step."""
        return all(node.running() and self._is_ready(node)
                   for node in self.nodes)

    def stop(self):
        for node in self.nodes:
            node.stop()

    def owner(self, key):
        """The master that has the key, as some node sees it."""
        slot = slot_of(self._any(), key)
        for first, last, (host, port, *_), *_ in self._any().command(
                "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(n for n in self.nodes if n.announced == port)
        return None

    def keys(self, pattern):
        """Of all masters."""
        found = set()
        for node in self.nodes:
            if node.running() and node.command("ROLE")[0] == b"master":
                found.update(node.command("KEYS", pattern))
        return sorted(found)

    def begin_move(self, slot, source, target):
        """From now on the source answers ASK for keys it does not have."""
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING",
                       source.command("CLUSTER", "MYID"))
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING",
                       target.command("CLUSTER", "MYID"))

    def end_move(self, slot, source, target):
        """Keys first, then the slot; from now on the source says MOVED."""
        keys = source.command("CLUSTER", "GETKEYSINSLOT", slot, 1000)
        if keys:
            source.command("MIGRATE", HOST, target.port, "", 0, 5000, "KEYS",
                           *keys)
        for node in target, source:
            node.command("CLUSTER", "SETSLOT", slot, "NODE",
                         target.command("CLUSTER", "MYID"))

    def _any(self):
        return next(node for node in self.nodes if node.running())

    def _is_ready(self, node):
        info = node.command("CLUSTER", "INFO")
        if (b"cluster_state:ok" not in info
                or b"cluster_slots_ok:16384" not in info):
            return False
        replication = node.command("INFO", "replication")
        return (b"role:master" in replication
                or b"master_link_status:up" in replication)
