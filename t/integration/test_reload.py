"""Reloads under load: no error above those of a plain proxy_pass beside it."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.cached import ZONE, metric
from lib.client import Incomplete
from lib.wait import wait_until

RELOADS = 10


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


def load(nginx, targets, stop):
    outcomes = Counter()
    for target in targets:
        outcomes[outcome(nginx, target)] += 1
        if stop.is_set():
            return outcomes


def targets_below(location):
    """Hits and misses in turn."""
    for number in itertools.count():
        yield location + "/same"
        yield f"{location}/{number}"


@pytest.mark.limit(120)
def test_ten_reloads_cost_no_more_than_without_a_cache(fleet):
    nginx, = fleet.start(workers=2, size="16m", locations={
        "/plain": "edge_cache off;", "/cached": f"edge_cache {ZONE};"})
    stop = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        loads = {location: [pool.submit(load, nginx, targets_below(location),
                                        stop) for _ in range(2)]
                 for location in ("/plain", "/cached")}
        for _ in range(RELOADS):
            nginx.reload()
        stop.set()
        plain, cached = (sum((future.result() for future in futures),
                             Counter()) for futures in loads.values())
    assert min(plain["ok"], cached["ok"]) > 100
    failed = {name: outcomes.total() - outcomes["ok"]
              for name, outcomes in (("plain", plain), ("cached", cached))}
    assert failed["cached"] <= failed["plain"], (plain, cached)
    assert metric(nginx, "edge_cache_requests_total", status="HIT") > 0
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
