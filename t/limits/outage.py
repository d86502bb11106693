"""Redis away, and back."""

import threading
import time

from accuracy import INSTANCES, PAGE, fleet
from edges import finish


def _watch(edge, until, changes):
    """Appends (time, source) whenever another one decides."""
    with edge.connect() as connection:
        while time.monotonic() < until:
            source = connection.request("GET", "/watch/index.html")["X-By"]
            if not changes or changes[-1][1] != source:
                changes.append((time.monotonic(), source))
            time.sleep(0.005)


def _watched(count):
    edges = fleet("100000r/s", 100000, fallback="local after=5ms",
                  count=count)
    edges._locations["/watch"] = (
        "edge_limit zone=all; edge_limit_fallback local after=5ms;"
        "add_header X-By $edge_limit_source always;")
    return edges


def no_errors(full):
    said, met = [], True
    for how, away, back in (("killed", "kill", "start"),
                            ("paused", "pause", "resume")):
        with _watched(1) as edges:
            edges.wait_for_redis("/warm/index.html?k=w")
            edge, = edges.edges
            running = edges.start_load(PAGE, 8, connections=8)
            changes = []
            watcher = threading.Thread(
                target=_watch, args=(edge, time.monotonic() + 8, changes))
            watcher.start()
            time.sleep(2)
            left = time.monotonic()
            getattr(edges.redis, away)()
            time.sleep(2)
            returned = time.monotonic()
            getattr(edges.redis, back)()
            load = finish(running)
            watcher.join()
        errors = sum(n for status, n in load.statuses.items() if status >= 500)
        gone = min((at - left for at, by in changes
                    if at > left and by == "local"), default=99)
        there = min((at - returned for at, by in changes
                     if at > returned and by == "redis"), default=99)
        said.append(f"{how}: {errors} of {load.requests} answered with 5xx, "
                    f"local after {1000 * gone:.0f} ms, Redis again after "
                    f"{1000 * there:.0f} ms")
        met = met and errors == 0 and gone <= 0.05 and there <= 1
    return ("Redis killed, paused: no 5xx, local within 50 ms, back in 1 s",
            "; ".join(said), "Envoy: 1 to 10 s a request; Kong: 500", met)


def within_the_bound(full):
    away = 20
    with fleet("100r/s", 100, fallback=f"local instances={INSTANCES} "
               "after=20ms") as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        begin = time.monotonic()
        running = edges.start_load(PAGE, away + 6, connections=2)
        time.sleep(3)
        edges.redis.pause()
        time.sleep(away)
        edges.redis.resume()
        finish(running)
        bound = 100 * (time.monotonic() - begin) + 100
        admitted = edges.decisions(zone="all", result="PASSED")
    share = admitted / bound
    return (f"outage of {away} s at 10 times the rate, both hand-overs "
            "included: 95 to 102 % of the bound", f"{100 * share:.1f} %",
            "simulated, 20 s: open 401 %, the full limit on every node 344 %",
            0.95 <= share <= 1.02)
