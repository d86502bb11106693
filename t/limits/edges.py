"""Instances that share a Redis, the load on them, and what they decided."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "integration"))

from lib.cached import api
from lib.nginx import Nginx
from lib.ports import HOST, free_port
from lib.redis_server import RedisServer

_TOKEN = "a-token-for-the-limits"
_TICK = 1e6 / os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What came of it."""
    requests: int = 0
    seconds: float = 0  # from before the first to behind the last
    ran: float = 0      # as the load generators say, without their start
    statuses: dict = field(default_factory=dict)
    percentiles: dict = field(default_factory=dict)  # milliseconds


class Fleet:
    """`with Fleet(8, zones, locations) as fleet`: a static page behind the
    locations' directives, on each instance."""

    def __init__(self, count, http="", locations=None, redis=True, main=""):
        self._count = count
        self._http = http
        self._main = main
        self._locations = locations or {}
        self._with_redis = redis
        self.redis = None
        self.edges = []

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.directory = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="edge-limits-"))
            if self._with_redis:
                self.redis = RedisServer(self.directory + "/redis").start()
                stack.callback(self.redis.stop)
            for number in range(self._count):
                self.edges.append(self._start(number))
                stack.callback(self.edges[-1].close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def _start(self, number):
        port = free_port()
        nginx = Nginx(f"{self.directory}/edge{number}",
                      self._conf(port, number), port, log_level="crit")
        os.makedirs(f"{nginx.prefix}/html", exist_ok=True)
        for name in self._locations:
            page = f"{nginx.prefix}/html{name}"
            os.makedirs(page, exist_ok=True)
            with open(f"{page}/index.html", "w") as file:
                file.write("x")
        with open(f"{nginx.prefix}/token", "w") as file:
            file.write(_TOKEN)
        return nginx.start()

    def _conf(self, port, number):
        redis = (f"edge_redis main {{ server {self.redis.address}; "
                 "timeout 500ms; }" if self.redis else "")
        locations = "".join(f"location {name} {{ {text} }}"
                            for name, text in self._locations.items())
        return f"""
            {self._main}
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                keepalive_requests 100000000;
                edge_limit_log_level info;
                edge_cache_instance edge{number};
                {redis} {self._http}
                server {{
                    listen {HOST}:{port};
                    root html;
                    {locations}
                    location /edge/ {{
                        edge_api write=on token_file=token;
                    }}
                }}
            }}"""

    # What was decided

    def decisions(self, **labels):
        """Of all instances: PASSED and so on, with those labels."""
        return sum(_sum(edge, "edge_limit_decisions_total", labels)
                   for edge in self.edges)

    def scripts(self):
        stats = self.redis.command("INFO", "commandstats").decode()
        match = re.search(r"cmdstat_evalsha:calls=(\d+),usec=(\d+)", stats)
        return (int(match[1]), int(match[2])) if match else (0, 0)

    def wait_for_redis(self, target):
        """Until each instance is decided for by Redis."""
        deadline = time.monotonic() + 15
        for edge in self.edges:
            before = _sum(edge, "edge_limit_decisions_total",
                          {"source": "redis"})
            while _sum(edge, "edge_limit_decisions_total",
                       {"source": "redis"}) == before:
                if time.monotonic() > deadline:
                    raise TimeoutError("no decision by Redis")
                edge.get(target)
                time.sleep(0.02)

    # Load

    def start_load(self, target, seconds, connections=8, edges=None):
        return [_wrk(edge, target, seconds, connections)
                for edge in edges or self.edges]

    def load(self, target, seconds, connections=8, edges=None):
        begin = time.monotonic()
        total = finish(self.start_load(target, seconds, connections, edges))
        total.seconds = time.monotonic() - begin
        return total


def finish(running):
    """The sum of what start_load() started."""
    total = Load()
    for process in running:
        said = process.communicate(timeout=600)[0]
        match = re.search(r"(\d+) requests in ([\d.]+)(s|m),", said)
        if process.returncode or not match:
            raise RuntimeError(said)
        total.requests += int(match[1])
        total.ran = max(total.ran, float(match[2])
                        * (60 if match[3] == "m" else 1))
        for status, count in re.findall(r"status (\d+): (\d+)", said):
            total.statuses[int(status)] = (
                total.statuses.get(int(status), 0) + int(count))
        for percent, value, unit in re.findall(
                r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said):
            total.percentiles[int(percent)] = float(value) * {
                "us": 0.001, "ms": 1, "s": 1000}[unit]
    return total


def cpu(edge):
    """Microseconds that the worker has run."""
    with open(f"/proc/{edge.workers()[0]}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "statuses.lua")


def _wrk(edge, target, seconds, connections):
    return subprocess.Popen(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         "-s", _SCRIPT, f"http://{edge.address}{target}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _sum(edge, name, labels):
    total = 0
    text = api(edge, "GET", "metrics", token=_TOKEN).text
    for match in re.finditer(rf"^{name}{{(.*)}} (\S+)$", text, re.M):
        has = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
        if labels.items() <= has.items():
            total += float(match[2])
    return int(total)
