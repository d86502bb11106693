"""A client that asks for a hot set by Zipf's law, at a fixed rate."""

import itertools
import random
import threading
import time

from lib.client import Connection


class Reader(threading.Thread):
    """Of so many objects, `rate` requests a second.  `on_second` is called
    about once a second."""

    def __init__(self, nginx, prefix, objects, rate, on_second=None):
        super().__init__(daemon=True)
        self._nginx = nginx
        self._prefix = prefix
        self._names = random.Random(7).choices(
            range(objects), [1 / (n + 1) for n in range(objects)], k=500_000)
        self._rate = rate
        self._on_second = on_second
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._answers = []

    def run(self):
        with Connection(self._nginx.port) as client:
            start = time.monotonic()
            for number, name in enumerate(itertools.cycle(self._names)):
                due = start + number / self._rate
                if self._over.wait(due - time.monotonic()):
                    return
                begun = time.monotonic()
                response = client.request("GET", f"{self._prefix}{name:09d}")
                answer = response["X-Cache"], time.monotonic() - begun
                with self._lock:
                    self._answers.append(answer)
                if self._on_second and number % self._rate == 0:
                    self._on_second()

    def take(self):
        """[(X-Cache, seconds)] of the answers since the last time."""
        with self._lock:
            answers, self._answers = self._answers, []
        return answers

    def end(self):
        self._over.set()
        self.join()
