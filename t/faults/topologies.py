"""The ways to run Redis that the faults are tried on.  Each has
  servers   RedisServers, all of them
  address   what stands behind "server" in the block
  lines     what else the block needs
  wires     by the server that each leads to; none to a socket
and master(), the one that has the log of purges."""

from lib.certificates import Authority
from lib.cluster import Cluster
from lib.ports import HOST, free_port
from lib.redis_server import RedisServer
from lib.resp import RespError
from lib.sentinels import NAME, Sentinels
from lib.wait import wait_until
from wire import Wire

LOG = "ec:z:{log}"
_PROBE = "{log}probe"


class Topology:
    lines = ""

    def __init__(self):
        self.wires = {}

    def door(self, server, port=None):
        """Through a wire to it: the port where that begins."""
        self.wires[server] = Wire(port or server.port).start()
        return self.wires[server].port

    def is_usable(self):
        """Whether the master of the log takes a write."""
        try:
            master = self.master()
            return master is not None and master.running() and \
                master.command("SET", _PROBE, "1", "PX", "1000") == "OK"
        except (OSError, RespError):
            return False

    def wait_usable(self, timeout=30):
        wait_until(self.is_usable, timeout, "a Redis that takes writes")

    def stop(self):
        for wire in self.wires.values():
            wire.stop()
        for server in self.servers:
            server.stop()


class Single(Topology):
    def __init__(self, directory, **settings):
        super().__init__()
        self.redis = RedisServer(directory / "redis", **settings).start()
        self.servers = [self.redis]
        self.address = self.redis.address

    def master(self):
        return self.redis


class Tcp(Single):
    def __init__(self, directory):
        super().__init__(directory)
        self.address = f"{HOST}:{self.door(self.redis)}"


class Unix(Single):
    def __init__(self, directory):
        super().__init__(directory, unix=True)


class Tls(Single):
    def __init__(self, directory):
        authority = Authority(directory / "authority")
        certificate, key = authority.issue("redis", f"IP:{HOST}")
        port = free_port()
        super().__init__(directory, tls_port=port, tls_cert_file=certificate,
                         tls_key_file=key, tls_auth_clients="no",
                         tls_ca_cert_file=authority.certificate)
        self.address = f"{HOST}:{self.door(self.redis, port)}"
        self.lines = f"tls on; tls_ca {authority.certificate};"


class Watched(Topology):
    """By Sentinels."""

    def __init__(self, directory):
        super().__init__()
        self._group = Sentinels(directory / "sentinels", self.door).start()
        self.servers = [self._group.master, self._group.replica]
        self.address = "; server ".join(self._group.addresses)
        self.lines = f"mode sentinel; master {NAME};"

    def master(self):
        """As all Sentinels see it, or None while they do not agree."""
        masters = {self._master_by(sentinel)
                   for sentinel in self._group.sentinels}
        return next((server for server in self.servers
                     if masters == {str(server.announced).encode()}), None)

    def _master_by(self, sentinel):
        """Its port; None while it is being replaced."""
        info = sentinel.info()
        flags = info.get(b"flags", b"").split(b",")
        is_leaving = {b"o_down", b"failover_in_progress"} & set(flags)
        return None if is_leaving else info.get(b"port")

    def replica_of(self, master):
        return next(server for server in self.servers if server is not master)

    def rejoin(self, server):
        """Behind a failover: one that was the master."""
        self.wait_usable()
        server.command("REPLICAOF", HOST, self.master().announced)
        self.wait_whole()

    def wait_whole(self):
        wait_until(self._is_whole, 30, "a replica in step")

    def _is_whole(self):
        try:
            master = self.master()
            return master is not None and _follows(self.replica_of(master))
        except (OSError, RespError):
            return False  # Sentinels close connections

    def stop(self):
        for sentinel in self._group.sentinels:
            sentinel.stop()
        super().stop()


class Sharded(Topology):
    """A cluster: three masters, each with a replica."""

    def __init__(self, directory):
        super().__init__()
        self.cluster = Cluster(directory / "cluster", 1, self.door).start()
        self.servers = self.cluster.nodes
        self.address = "; server ".join(wire.address
                                        for wire in self.wires.values())
        self.lines = "mode cluster;"

    def master(self):
        return self.cluster.owner(LOG)

    def replica_of(self, master):
        return next(node for node in self.servers if node.running()
                    and node.command("ROLE")[:3] ==
                    [b"slave", HOST.encode(), master.announced])

    def rejoin(self, server):
        self.wait_whole()

    def wait_whole(self):
        wait_until(self._is_whole, 30, "a cluster that is whole")

    def _is_whole(self):
        try:
            return self.cluster.is_whole()
        except (OSError, RespError):
            return False  # one of them is loading


def _follows(server):
    return (server.running() and b"master_link_status:up"
            in server.command("INFO", "replication"))


TOPOLOGIES = {"tcp": Tcp, "unix": Unix, "tls": Tls, "sentinel": Watched,
              "cluster": Sharded}
