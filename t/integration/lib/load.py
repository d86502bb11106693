"""Requests without end, on connections of their own: what becomes of them."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from lib.cached import ZONE
from lib.client import Incomplete

LOCATIONS = {"/plain": "edge_cache off;", "/cached": f"edge_cache {ZONE};"}


def outcome(nginx, target):
    """"ok", or what went wrong."""
    try:
        response = nginx.get(target)
    except (ConnectionError, Incomplete, IndexError) as error:
        # Taken by a worker that was about to exit.
        return type(error).__name__
    if response.status != 200 or response.body == b"":
        return response.status
    return "ok"


def targets_below(location):
    """Hits and misses in turn."""
    for number in itertools.count():
        yield location + "/same"
        yield f"{location}/{number}"


class PlainAndCached:
    """Two clients for each of LOCATIONS, until the `with` ends; then
    `outcomes` counts, for each of them."""

    def __init__(self, nginx):
        self._nginx = nginx
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(4)
        self.outcomes = {}

    def __enter__(self):
        self._futures = {location: [self._pool.submit(self._run, location)
                                    for _ in range(2)]
                         for location in LOCATIONS}
        return self

    def __exit__(self, *_):
        self._stop.set()
        for location, futures in self._futures.items():
            self.outcomes[location] = sum(
                (future.result() for future in futures), Counter())
        self._pool.shutdown()

    def failed(self, location):
        counts = self.outcomes[location]
        assert counts["ok"] > 100
        return counts.total() - counts["ok"]

    def _run(self, location):
        outcomes = Counter()
        for target in targets_below(location):
            outcomes[outcome(self._nginx, target)] += 1
            if self._stop.is_set():
                return outcomes
