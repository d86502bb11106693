"""What goes wrong with Redis, and what is done to nginx.  begin() provokes it,
end() puts it right as far as it does not pass by itself; in between it holds
for a while.  `on` are the topologies it is tried on, `because` why not on the
others."""

import os

from lib.ports import HOST, free_port
from lib.resp import RespError
from lib.wait import wait_until
from topologies import TOPOLOGIES

EVERYWHERE = tuple(TOPOLOGIES)
ALONE = ("tcp", "unix", "tls")
_OTHERS = "{log}others"  # keys of somebody else on the same server
_MANY = 300_000


class Fault:
    on = EVERYWHERE
    because = ""

    def __init__(self, stage):
        self.stage = stage
        self.topology = stage.topology
        # What has just been provoked may have another one promoted.
        self.victim = wait_until(self.topology.master, 30, "a master")

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass

    def broken(self):
        """What has not become as it was, behind it all."""
        return []


class Killed(Fault):
    def begin(self):
        self.victim.kill()

    def end(self):
        self.victim.start()


class Hung(Fault):
    """SIGSTOP: the kernel accepts connections still."""

    def begin(self):
        self.victim.pause()

    def end(self):
        self.victim.resume()


class WireFault(Fault):
    on = ("tcp", "tls", "sentinel", "cluster")
    because = "sockets of the machine have no wire"

    def __init__(self, stage):
        super().__init__(stage)
        self.wire = self.topology.wires[self.victim]

    def end(self):
        self.wire.repair()


class BlackHole(WireFault):
    def begin(self):
        self.wire.freeze()


class Later(WireFault):
    seconds = 0

    def begin(self):
        self.wire.delay = self.seconds


class Later5(Later):
    seconds = 0.005


class Later50(Later):
    seconds = 0.05


class Later500(Later):
    seconds = 0.5


class Trickle(WireFault):
    def begin(self):
        self.wire.trickle = 0.02


class ResetMidReply(WireFault):
    def begin(self):
        self.wire.reset_after = 4000


class SubscriberDeaf(WireFault):
    on = ("tcp", "sentinel", "cluster")
    because = "it takes a wire that shows which connection it is"

    def begin(self):
        self.wire.deaf(b"SUBSCRIBE")


class SubscriberKilled(Fault):
    def begin(self):
        self.victim.command("CLIENT", "KILL", "TYPE", "pubsub")


class OutOfMemory(Fault):
    def begin(self):
        configure(self.victim, maxmemory_policy="noeviction", maxmemory=1)

    def end(self):
        configure(self.victim, maxmemory=0)


class Eviction(Fault):
    """Others write more than there is room for."""

    def begin(self):
        used = self.victim.command("INFO", "memory").decode()
        used = int(used.partition("used_memory:")[2].split()[0])
        configure(self.victim, maxmemory_policy="allkeys-lru",
                  maxmemory=used + 1_000_000)
        with self.victim.client() as client:
            for number in range(100):
                client.command("SET", f"{_OTHERS}{number}", b"x" * 30_000,
                               "EX", 5)

    def end(self):
        configure(self.victim, maxmemory=0)


class Loading(Fault):
    """A restart that takes a second or more to read its data."""

    def begin(self):
        with self.victim.client() as client:
            for number in range(1000):
                client.command("SET", f"{_OTHERS}{number}", "x", "EX", 60)
        microseconds = 1_000_000 // self.victim.command("DBSIZE")
        configure(self.victim, key_load_delay=microseconds,
                  loading_process_events_interval_bytes=1024)
        self.victim.command("CONFIG", "REWRITE")
        self.victim.command("SAVE")
        self.victim.kill()
        self.victim.start()  # returns when it has read them

    def end(self):
        configure(self.victim, key_load_delay=0)
        self.victim.command("CONFIG", "REWRITE")
        os.remove(dump_of(self.victim))


class ReadOnly(Fault):
    on = ALONE
    because = "who promotes replicas is there: see failover"

    def begin(self):
        self.victim.command("REPLICAOF", HOST, free_port())

    def end(self):
        self.victim.command("REPLICAOF", "NO", "ONE")


class Busy(Fault):
    """Somebody's script runs and runs."""

    def begin(self):
        configure(self.victim, busy_reply_threshold=100)
        self._client = self.victim.client()
        self._client.send("EVAL", "while true do end", 0)

    def end(self):
        try:
            self.victim.command("SCRIPT", "KILL")
        except RespError:
            pass  # a Sentinel was faster
        self._client.close()


class HugeDel(Fault):
    """Somebody's command takes a while."""

    def begin(self):
        with self.victim.client() as client:
            for first in range(0, _MANY, 5000):
                client.command("SADD", _OTHERS,
                               *range(first, first + 5000))
            client.command("DEL", _OTHERS)


class FlushAll(Fault):
    def begin(self):
        self.victim.command("FLUSHALL")


class MaxClients(Fault):
    def begin(self):
        self._client = self.victim.client()
        self._client.command("CONFIG", "SET", "maxclients", 1)
        for kind in "pubsub", "normal":
            self._client.command("CLIENT", "KILL", "TYPE", kind)

    def end(self):
        self._client.command("CONFIG", "SET", "maxclients", 10_000)
        self._client.close()


class OldDump(Fault):
    """It comes back with what it had a while ago."""

    def begin(self):
        wait_until(self._save, 10, "a dump")

    def _save(self):
        try:
            return self.victim.command("SAVE")
        except RespError:
            return None  # a replica is being sent one

    def end(self):
        dump = dump_of(self.victim)
        self.victim.kill()
        assert os.path.exists(dump)
        self.victim.start()
        os.remove(dump)


class Failover(Fault):
    on = ("sentinel", "cluster")
    because = "there is nobody to take over"

    def begin(self):
        self.victim.kill()
        self.topology.wait_usable()

    def end(self):
        self.victim.start()
        self.topology.rejoin(self.victim)


class LostTail(Failover):
    """The replica that takes over has not had the last writes."""

    def begin(self):
        self._replica = self.topology.replica_of(self.victim)
        configure(self._replica, masterauth="wrong")
        self._replica.command("CLIENT", "KILL", "TYPE", "master")

    def end(self):
        self.victim.kill()
        self.topology.wait_usable()
        # A Sentinel that promotes it writes down how it is.
        configure(self._replica, masterauth="")
        self._replica.command("CONFIG", "REWRITE")
        super().end()


class ClusterFault(Fault):
    on = ("cluster",)
    because = "there are no slots"


class ClusterDown(ClusterFault):
    """A slot that nobody serves."""

    def begin(self):
        for node in self.topology.servers:
            node.command("CLUSTER", "DELSLOTS", self._slot())

    def end(self):
        self.victim.command("CLUSTER", "ADDSLOTS", self._slot())
        self.topology.wait_whole()

    def _slot(self):
        return self.victim.command("CLUSTER", "KEYSLOT", "{log}") ^ 1


class Resharding(ClusterFault):
    """Slots move to and fro, that of the log among them."""

    def begin(self):
        cluster = self.topology.cluster
        masters = [node for node in cluster.nodes
                   if node.command("ROLE")[0] == b"master"]
        target = next(node for node in masters if node is not self.victim)
        log = self.victim.command("CLUSTER", "KEYSLOT", "{log}")
        slots = [log, *_slots_of_objects(self.victim)[:50]]
        for source, other in (self.victim, target), (target, self.victim):
            for slot in slots:
                cluster.begin_move(slot, source, other)
                cluster.end_move(slot, source, other)


class NginxFault(Fault):
    """With the control, one instance of two."""

    def begin(self):
        self._connections = self._count()
        for nginx in self.stage.instances[0], self.stage.control:
            self.interfere(nginx)

    def broken(self):
        try:
            wait_until(lambda: self._count() <= self._connections, 10)
        except TimeoutError:
            return ["connections are left behind"]
        return []

    def interfere(self, nginx):
        raise NotImplementedError

    def _count(self):
        """Connections of all instances to all servers."""
        return sum(
            server.command("CLIENT", "LIST").count(b"name=edge-cache")
            for server in self.topology.servers)


class Reload(NginxFault):
    def begin(self):
        nginx = self.stage.instances[0]
        nginx.get("/kept")
        super().begin()

    def interfere(self, nginx):
        for _ in range(5):
            nginx.reload()

    def broken(self):
        kept = self.stage.instances[0].get("/kept")["X-Tier"] == "memory"
        return super().broken() + ([] if kept else ["memory was not kept"])


class Upgrade(NginxFault):
    """Another master with the same sockets; its zone is another one, too."""

    def interfere(self, nginx):
        nginx.upgrade()


def _slots_of_objects(node):
    return sorted({node.command("CLUSTER", "KEYSLOT", key)
                   for key in node.command("KEYS", "ec:1:*")})


def configure(server, **settings):
    for name, value in settings.items():
        server.command("CONFIG", "SET", name.replace("_", "-"), value)


def dump_of(server):
    return os.path.join(server.directory, "dump.rdb")


FAULTS = {
    "killed": Killed, "hung": Hung, "black-hole": BlackHole,
    "later-5ms": Later5, "later-50ms": Later50, "later-500ms": Later500,
    "trickle": Trickle, "reset-mid-reply": ResetMidReply,
    "out-of-memory": OutOfMemory, "eviction": Eviction, "loading": Loading,
    "readonly": ReadOnly, "busy": Busy, "huge-del": HugeDel,
    "flushall": FlushAll, "maxclients": MaxClients, "old-dump": OldDump,
    "failover": Failover, "lost-tail": LostTail,
    "cluster-down": ClusterDown, "resharding": Resharding,
    "reload": Reload, "upgrade": Upgrade,
    "subscriber-deaf": SubscriberDeaf, "subscriber-killed": SubscriberKilled,
}
