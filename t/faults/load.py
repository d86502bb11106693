"""A constant load: two instances that share a Redis, a bare proxy_pass beside
them, one reader of each, and a writer that changes pages and purges them."""

import json
import os
import random
import threading
import time

from history import History, Read
from lib.cached import TOKEN, api
from lib.client import Incomplete
from lib.conf import proxy_conf
from lib.fleet import log_metric, member_conf, wait_acknowledged, wait_current
from lib.origin import Origin, Reply
from lib.ports import free_port
from lib.upgradable import Upgradable

TIMEOUT = 0.1  # seconds, of a command
_RATE = 40  # requests per second and reader
_PURGES = 5  # per second
_LAG = 3  # ticks until an instance asks for what the other one has filled
HOT = [f"/hot{i}" for i in range(4)]
_BROKEN = (OSError, EOFError, ValueError, KeyError, IndexError, Incomplete)

# The time that a request spent here and not in the upstream.
_TIMES = """log_format times '$request_time $upstream_response_time '
                             '$edge_cache_reason $request_uri';"""


class Stage:
    """Two instances before a topology's Redis, and the control."""

    def __init__(self, directory, topology, workers=1):
        self.topology = topology
        self.versions = dict.fromkeys(HOT, 1)
        self.origin = Origin().start()
        self.origin.echo = self._echo
        token_file = directory / "token"
        token_file.write_text(TOKEN + "\n")
        self.instances = []
        for number in range(2):
            pieces = member_conf(
                token_file, topology.address, f"edge{number}", size="16m",
                redis_lines=f"timeout {TIMEOUT * 1000:.0f}ms; "
                            f"connect_timeout 200ms; {topology.lines}",
                http=_TIMES, zone_options="lease=500ms",
                server="access_log times.log times;")
            self.instances.append(self._start(directory / f"edge{number}",
                                              pieces, workers))
        self.control = self._start(
            directory / "control", {"server": "keepalive_requests 1000000;"},
            workers, module=False)

    def _start(self, directory, pieces, workers, **options):
        port = free_port()
        return Upgradable(directory, proxy_conf(port, self.origin.address,
                                                **pieces),
                          port, workers, **options).start()

    def _echo(self, request, headers=None):
        body = json.dumps({"version": self.versions.get(request.path, 1)})
        return Reply(headers={"Cache-Control": "max-age=600",
                              "Surrogate-Key": request.path},
                     body=body.encode())

    def settle(self):
        """Until all is as it should be, and the log is read."""
        self.topology.wait_usable()
        for nginx in self.instances:
            wait_current(nginx, 30)
        wait_acknowledged(self.instances[0], 30)

    def waited(self):
        """How many requests of each instance spent a deadline here so far."""
        return [sum(_own_time(line) >= TIMEOUT * 0.9
                    for line in _lines(nginx, "times.log"))
                for nginx in self.instances]

    def close(self):
        try:
            for nginx in [*self.instances, self.control]:
                nginx.close()
        finally:
            self.origin.stop()


class Load:
    """From `with` to its end."""

    def __init__(self, stage):
        self.stage = stage
        self.history = History()
        self.errors = []  # of the load itself
        self.failed = [[], [], []]  # [(time, what)]: instances, control
        self.sent = [0, 0, 0]
        self.slowest = 0  # answer of the control, in seconds
        self._pages = f"{random.getrandbits(32):x}"  # that no load had before
        self._shared = [[], []]  # when an instance had a hit in Redis
        self._zero = time.monotonic()
        self._over = threading.Event()
        servers = [*stage.instances, stage.control]
        self._threads = [
            threading.Thread(target=self._guard, args=[self._read, number,
                                                       nginx])
            for number, nginx in enumerate(servers)]
        self._threads.append(threading.Thread(target=self._guard,
                                              args=[self._write]))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def now(self):
        return time.monotonic() - self._zero

    def wait_used(self, timeout=15):
        """Seconds from a Redis that can be used to one that both instances have
        used: had a hit in it since, and have read the log of purges to its end.
        Behind a fault a Sentinel may still replace the master: from then on."""
        topology = self.stage.topology
        topology.wait_usable()
        since = self.now()
        end = since + timeout
        while not self._is_used(since):
            if self.now() > end:
                return float("inf")
            if not topology.is_usable():
                topology.wait_usable()
                since = self.now()
            time.sleep(0.01)
        return self.now() - since

    def _is_used(self, since):
        return (all(times and times[-1] >= since for times in self._shared)
                and all(log_metric(nginx, "current") == 1
                        for nginx in self.stage.instances))

    def _guard(self, work, *args):
        try:
            while not self._over.is_set():
                work(*args)
        except Exception as error:
            self.errors.append(error)
            raise

    def _read(self, number, nginx):
        client = _Client(nginx)
        tick = 0
        while not self._over.is_set():
            tick = max(tick + 1, int(self.now() * _RATE))
            self._over.wait(tick / _RATE - self.now())
            try:
                self._ask(number, client, tick)
            except _BROKEN as error:
                self.failed[number].append((self.now(), repr(error)))
        client.close()

    def _ask(self, number, client, tick):
        turn = tick % 3
        if turn == 2:
            target = random.choice(HOT)
        else:
            # One instance fills what the other one asks for next.
            tick -= 0 if turn == number else _LAG
            target = f"/{self._pages}/{tick}"
        start = self.now()
        self.sent[number] += 1
        answer = client.get(target)
        if answer.status != 200:
            self.failed[number].append((start, answer.status))
            return
        self._note(number, target, start, answer)

    def _note(self, number, target, start, answer):
        if number == 2:
            self.slowest = max(self.slowest, self.now() - start)
            return
        version = answer.json()["version"]
        tier = answer["X-Tier"]
        if tier == "redis":
            self._shared[number].append(start)
        if target in HOT:
            self.history.read(Read(start, self.now(), number, target, version,
                                   f"{answer['X-Cache']} {tier or '-'}"))

    def _write(self):
        self._over.wait(1 / _PURGES)
        page = random.choice(HOT)
        self.stage.versions[page] += 1
        version = self.stage.versions[page]
        asked = self.now()
        try:
            answer = api(random.choice(self.stage.instances), "POST", "purge",
                         random.choice([{"tags": [page]}, {"url": page}]))
        except _BROKEN as error:
            self.failed[0].append((asked, repr(error)))
            return
        if answer.status == 200:
            self.history.promise(page, version, asked, self.now())
        else:
            self.history.refuse()


class _Client:
    """Keeps its connection; where the server has closed that, the request goes
    over another one, as all clients do it."""

    def __init__(self, nginx):
        self._nginx = nginx
        self._connection = None

    def get(self, target):
        if self._connection:
            try:
                return self._connection.request("GET", target)
            except _BROKEN:
                self.close()
        self._connection = self._nginx.connect()
        return self._connection.request("GET", target)

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None


def _lines(nginx, name):
    with open(os.path.join(nginx.prefix, name)) as file:
        return [line for line in file if "/edge/" not in line]


def _own_time(line):
    whole, upstream, *_ = line.split(" ")
    return float(whole) - (0 if upstream == "-" else float(upstream))
