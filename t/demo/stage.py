"""Edges, Redis and the shop; what is asked of them, and whether the answers
are what the demonstration says."""

import os
import shutil
import time
from contextlib import ExitStack

from lib.client import request
from lib.nginx import Nginx
from lib.ports import HOST, free_port
from lib.redis_server import RedisServer
from lib.wait import wait_until

from shop import Shop

TOKEN = "demonstration-token"
# A purge in a log that is younger than a lease waits for it to pass: there
# may be edges that Redis has forgotten.
_YOUNG = 2.5
_HERE = os.path.dirname(os.path.abspath(__file__))


class Stage(ExitStack):
    def __init__(self, directory):
        super().__init__()
        self.directory = directory
        self.failures = 0
        self.redis = None
        self.edges = []

    def __enter__(self):
        super().__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def say(self, text):
        print(f"\n{text}", flush=True)

    def get(self, edge, target, expected):
        """Asks an edge for a page: `expected` is "200 HIT memory"."""
        _show(f"curl -i {self.url(edge, target)}")
        asked = self.shop.asked
        response = request(self.edges[edge].port, "GET", target)
        seen = f"{response.status} {response['X-Cache']}".strip()
        price = response.json()["price"] if response.status == 200 else "none"
        self.check(seen, expected, f"price {price}" + (
            ", from the API" if self.shop.asked > asked else ""))

    def get_in_turn(self, edges, target, headers, expected):
        """The same of several edges: `expected` lists the statuses."""
        options = " ".join(f"-H '{n}: {v}'" for n, v in headers.items())
        for edge in sorted(set(edges)):
            _show(f"curl -i {options} {self.url(edge, target)}")
        seen = [request(self.edges[edge].port, "GET", target, headers).status
                for edge in edges]
        self.check(_words(seen), _words(expected))

    def purge(self, edge, tag, expected):
        """`expected`: the status, and how many instances have applied it."""
        body = f'{{"tags":["{tag}"]}}'
        _show(f"curl -H 'Authorization: Bearer {TOKEN}' -d '{body}' "
              + self.url(edge, "/edge/purge"))
        response = request(self.edges[edge].port, "POST", "/edge/purge",
                           {"Authorization": f"Bearer {TOKEN}"}, body)
        said = response.json()
        self.check(f"{response.status} applied by "
                   f"{said['instances']['applied']}", expected,
                   said.get("detail", f"in {said['took_ms']} ms"))

    def check(self, seen, expected, remark=""):
        right = seen == expected
        self.failures += not right
        print(f"    {seen:20} {remark}".rstrip()
              + ("" if right else f"   <-- WRONG, expected: {expected}"),
              flush=True)

    def url(self, edge, target):
        return f"http://{self.edges[edge].address}{target}"

    def settle(self):
        """What an edge does behind its answer, such as to store in Redis."""
        time.sleep(0.3)

    def wait_for_redis(self):
        for edge in self.edges:
            wait_until(lambda: self._sees_redis(edge), 20, "Redis at the edges")

    def _sees_redis(self, edge):
        health = request(edge.port, "GET", "/edge/health?strict=1")
        return health.status == 200

    def _start(self):
        self.shop = self.enter_context(Shop())
        if shutil.which("redis-server"):
            self.redis = RedisServer(os.path.join(self.directory, "redis"))
            self.callback(self.redis.stop)
            self.redis.start()
        self._write_token()
        for name in ("one", "two") if self.redis else ("one",):
            self._start_edge(name)
        self.wait_for_redis()
        if self.redis:
            time.sleep(_YOUNG)

    def _start_edge(self, name):
        port = free_port()
        edge = Nginx(os.path.join(self.directory, name), self._conf(port),
                     port, log_level="notice", graceful=False)
        self.callback(edge.close)
        self.edges.append(edge.start())

    def _conf(self, port):
        block = (f"edge_redis main {{ server {self.redis.address}; "
                 "timeout 500ms; }"
                 if self.redis else "")
        with open(os.path.join(_HERE, "edge.conf")) as file:
            text = file.read()
        for name, value in {
                "EDGE_REDIS": block, "REDIS": "redis=main" * bool(self.redis),
                "API": self.shop.address, "LISTEN": f"{HOST}:{port}",
                "TOKEN_FILE": self._token_file}.items():
            text = text.replace(f"@{name}@", value)
        return text

    def _write_token(self):
        self._token_file = os.path.join(self.directory, "token")
        with open(self._token_file, "w") as file:
            file.write(TOKEN + "\n")


def _words(values):
    return " ".join(map(str, values))


def _show(command):
    print(f"  $ {command}", flush=True)
