"""The servers of a comparison: origin, Redis, nginx without and with us."""

import itertools
import os
import re
from contextlib import ExitStack
from pathlib import Path

from lib.certificates import Authority
from lib.client import Connection, request
from lib.nginx import Nginx
from lib.ports import HOST, free_port
from lib.redis_server import RedisServer
from lib.wait import wait_until

from load import cores
from systems import HOT, SIZES, module_conf, origin_conf, plain_conf

_unasked = itertools.count(900_000_000)
_PASSING = {"maxmemory": "256mb", "maxmemory_policy": "allkeys-lru"}


class Servers(ExitStack):
    """Everything but the two measured workers shares the other core."""

    def __init__(self, directory, systems):
        super().__init__()
        self.systems = systems
        self.directory = directory
        self.api_port = free_port()
        self._make_files()
        self._server_core, other = cores()
        os.sched_setaffinity(0, {other})

    def __enter__(self):
        super().__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def worker(self, system):
        return self._nginx(system).workers()[0]

    def seen_by_origin(self):
        text = request(self._origin.port, "GET", "/requests").text
        return int(re.search(r"\d+ \d+ (\d+)", text)[1])

    def hits(self, tier):
        """Of all zones of the module."""
        text = request(self.api_port, "GET", "/edge/metrics").text
        return sum(int(n) for n in re.findall(
            rf'^edge_cache_hits_total{{.*tier="{tier}".*}} (\d+)', text, re.M))

    def even_out_fields(self):
        """Gives all systems as many response fields as the richest has."""
        counts = {s.name: _fields(s) for s in self.systems}
        most = max(counts.values())
        for system in self.systems:
            system.padding = most - counts[system.name]
        self._plain.reload(self._plain_conf())
        if self._module:
            self._module.reload(self._module_conf())
        self._pin()
        if any(_fields(s) != most for s in self.systems):
            raise RuntimeError("the systems send different numbers of fields")
        return most

    def _start(self):
        self._origin = self._run("origin", False, origin_conf(
            port := free_port(), self._root), port)
        self._redis = []
        if any(s.redis for s in self.systems):
            self._redis = [self._run_kept(),
                           self._run_redis("passing", **_PASSING).address]
        self._plain = self._run("plain", False, self._plain_conf())
        self._module = None
        if any(s.module for s in self.systems):
            self._module = self._run("module", True, self._module_conf())
        self._pin()

    def _run(self, name, module, conf, port=None):
        nginx = Nginx(os.path.join(self.directory, name), conf, port,
                      module=module, log_level="warn", graceful=False)
        self.callback(nginx.close)
        return nginx.start()

    def _run_redis(self, name, **settings):
        redis = RedisServer(os.path.join(self.directory, name), **settings)
        self.callback(redis.stop)
        return redis.start()

    def _run_kept(self):
        """What to write behind "server" for each of the ways to it."""
        authority = Authority(Path(self.directory, "authority"))
        certificate, key = authority.issue("redis", f"IP:{HOST}")
        port = free_port()
        socket = os.path.join(self.directory, "redis.sock")
        redis = self._run_redis(
            "kept", unixsocket=socket, tls_port=port, tls_auth_clients="no",
            tls_cert_file=certificate, tls_key_file=key,
            tls_ca_cert_file=authority.certificate)
        return {"redis": redis.address, "redis_socket": f"unix:{socket}",
                "redis_tls": f"{HOST}:{port}; tls on; "
                             f"tls_ca {authority.certificate}"}

    def _nginx(self, system):
        return self._module if system.module else self._plain

    def _plain_conf(self):
        return plain_conf([s for s in self.systems if not s.module],
                          self._root, self._origin.address)

    def _module_conf(self):
        return module_conf([s for s in self.systems if s.module], self._root,
                           self._origin.address, self.api_port,
                           self._redis)

    def _pin(self):
        for nginx in filter(None, (self._plain, self._module)):
            for pid in nginx.workers():
                os.sched_setaffinity(pid, {self._server_core})

    def _make_files(self):
        self._root = os.path.join(self.directory, "root")
        for size, count in SIZES.items():
            os.makedirs(os.path.join(self._root, size))
            for key in range(HOT[size]):
                path = os.path.join(self._root, size, f"{key:09d}")
                with open(path, "wb") as file:
                    file.write(b"x" * count)


def fill(system, size):
    """Every key once."""
    with Connection(system.port) as connection:
        for key in range(system.keys[size]):
            response = connection.request("GET", f"/{size}/{key:09d}")
            if response.status != 200 or len(response.body) != SIZES[size]:
                raise RuntimeError(f"{system.title}: {response}")


def _fields(system):
    """Of an answer as they will be: cached ones have an Age."""
    size = next(iter(system.keys))
    key = next(_unasked) if system.origin else 0
    with Connection(system.port) as connection:
        def ask():
            response = connection.request("GET", f"/{size}/{key:09d}")
            if response.status != 200:
                raise RuntimeError(f"{system.title}: {response}")
            return response

        if system.tier:
            wait_until(lambda: ask()["Age"], what=f"a {system.title}")
        return len(ask().headers)
