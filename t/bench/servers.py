"""The servers of a comparison: origin, Redis, nginx without and with us."""

import itertools
import json
import os
import re
from contextlib import ExitStack
from pathlib import Path

from lib.certificates import Authority
from lib.client import Connection, request
from lib.cluster import Cluster
from lib.nginx import Nginx
from lib.ports import HOST, free_port
from lib.redis_server import RedisServer
from lib.wait import wait_until

from load import cores
from systems import (HOT, JSON, SIZES, module_conf, origin_conf, plain_conf,
                     srcache_conf, vcl)
from varnish import Varnish

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
        return self._servers[system.server].workers()[0]

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
        for name, server in self._servers.items():
            server.reload(self._conf(name))
        self._pin()
        counts = {s.name: _fields(s) for s in self.systems}
        if set(counts.values()) != {most}:
            raise RuntimeError(f"different numbers of fields: {counts}")
        return most

    def _start(self):
        self._origin = self._run("origin", origin_conf(
            port := free_port(), self._root), port)
        self._redis = []
        if any(s.redis for s in self.systems):
            self._redis = [self._run_kept(),
                           self._run_redis("passing", **_PASSING).address]
        if any(s.name == "redis_cluster" for s in self.systems):
            self._redis[0]["redis_cluster"] = self._run_cluster()
        self._servers = {}
        for name in sorted({s.server for s in self.systems}):
            start = self._run_varnish if name == "varnish" else self._run
            self._servers[name] = start(name, self._conf(name))
        self._pin()

    def _run(self, name, conf, port=None):
        nginx = Nginx(os.path.join(self.directory, name), conf, port,
                      module=name == "module", log_level="warn",
                      graceful=False)
        self.callback(nginx.close)
        return nginx.start()

    def _run_varnish(self, name, conf):
        varnish = Varnish(os.path.join(self.directory, name), conf,
                          self._systems_of(name)[0].port)
        self.callback(varnish.close)
        return varnish.start()

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
        self._redis_port = redis.port
        return {"redis": redis.address, "redis_socket": f"unix:{socket}",
                "redis_tls": f"{HOST}:{port}; tls on; "
                             f"tls_ca {authority.certificate}"}

    def _run_cluster(self):
        cluster = Cluster(Path(self.directory, "cluster"))
        self.callback(cluster.stop)
        return f"{cluster.start().address}; mode cluster"

    def _systems_of(self, server):
        return [s for s in self.systems if s.server == server]

    def _conf(self, server):
        systems, origin = self._systems_of(server), self._origin.address
        if server == "varnish":
            return vcl(systems[0], origin)
        if server == "srcache":
            return srcache_conf(systems, self._root, origin, self._redis_port)
        if server == "module":
            return module_conf(systems, self._root, origin, self.api_port,
                               self._redis)
        return plain_conf(systems, self._root, origin)

    def _pin(self):
        for server in self._servers.values():
            for pid in server.workers():
                for thread in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setaffinity(int(thread), {self._server_core})

    def _make_files(self):
        self._root = os.path.join(self.directory, "root")
        for size, count in SIZES.items():
            os.makedirs(os.path.join(self._root, size))
            for key in range({**HOT, **JSON}[size]):
                path = os.path.join(self._root, size, f"{key:09d}")
                with open(path, "wb") as file:
                    file.write(_body(size, count))


def _body(size, count):
    if size not in JSON:
        return b"x" * count
    items = ({"id": i, "name": f"product {i}", "price": i * 7919 % 10_000 / 100}
             for i in itertools.count())
    return "\n".join(json.dumps(item) for item in itertools.islice(
        items, 2000)).encode()[:count]


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
            ask()
            wait_until(lambda: ask()["Age"], what=f"a {system.title}")
        return len(ask().headers)
