"""A master, a replica and three Sentinels that watch them."""

import os
import signal
import subprocess

from lib.ports import HOST, free_port
from lib.process import Process
from lib.redis_server import SERVER, RedisServer
from lib.resp import RespClient
from lib.wait import wait_until

NAME = "main"


class Sentinel:
    def __init__(self, directory, master, down_after=1000):
        self.port = free_port()
        self.address = f"{HOST}:{self.port}"
        self._directory = str(directory)
        self._process = None
        os.makedirs(self._directory, exist_ok=True)
        self._conf = os.path.join(self._directory, "sentinel.conf")
        with open(self._conf, "w") as file:
            file.write(f"""port {self.port}
bind {HOST}
dir {self._directory}
sentinel monitor {NAME} {HOST} {master.announced} 2
sentinel down-after-milliseconds {NAME} {down_after}
sentinel failover-timeout {NAME} 5000
sentinel parallel-syncs {NAME} 1
""")

    def start(self):
        log = open(os.path.join(self._directory, "log"), "ab")
        self._process = Process([SERVER, self._conf, "--sentinel"],
                                stdout=log, stderr=subprocess.STDOUT)
        return self

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def stop(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.end()

    def command(self, *args):
        with RespClient(self.port, timeout=2) as client:
            return client.command(*args)

    def info(self):
        try:
            fields = self.command("SENTINEL", "MASTER", NAME)
        except OSError:
            return {}
        return dict(zip(fields[::2], fields[1::2]))


class Sentinels:
    """`master` and `replica` are RedisServers.  `door(server)`: the port where
    others are told to find it."""

    def __init__(self, directory, door=None):
        self._directory = directory
        self._door = door
        self.master = self._server("master")
        self.replica = None
        self.sentinels = []

    @property
    def addresses(self):
        return [sentinel.address for sentinel in self.sentinels]

    def start(self):
        self.master.start()
        self.replica = self._server(
            "replica", replicaof=f"{HOST} {self.master.announced}").start()
        wait_until(lambda: b"master_link_status:up" in
                   self.replica.command("INFO", "replication"), 20,
                   "a replica in step")
        self.sentinels = [
            Sentinel(self._directory / f"sentinel{i}", self.master).start()
            for i in range(3)]
        wait_until(lambda: all(self._sees_all(s) for s in self.sentinels), 20,
                   "Sentinels that know each other")
        return self

    def wait_promoted(self, timeout=20):
        """Until the Sentinels say that the replica is the master."""
        wait_until(lambda: all(
            s.info().get(b"port") == str(self.replica.announced).encode()
            for s in self.sentinels), timeout, "another master")

    def stop(self):
        for sentinel in self.sentinels:
            sentinel.stop()
        for server in self.master, self.replica:
            if server:
                server.stop()

    def _server(self, name, **settings):
        server = RedisServer(self._directory / name, **settings)
        if self._door:
            server.announce("replica-announce-port", self._door(server))
        return server

    @staticmethod
    def _sees_all(sentinel):
        info = sentinel.info()
        return (info.get(b"num-slaves") == b"1"
                and info.get(b"num-other-sentinels") == b"2")
