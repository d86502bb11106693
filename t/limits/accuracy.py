"""How many requests are admitted, of how many that may be."""

import os
import subprocess
import threading
import time

import fixed_window
from edges import Fleet

INSTANCES = 8
PAGE = "/api/index.html"
_BUILD = os.environ.get("LIMITS_BUILD", "build/limits")

_runs = {}


def fleet(rate="1000r/s", burst=100, use="", fallback="local after=1s",
          count=INSTANCES, zone=""):
    return Fleet(
        count,
        http=f"edge_limit_zone all zone=all:1m rate={rate} burst={burst} "
             f"redis=main {zone};"
             "edge_limit_zone $arg_k zone=warm:1m rate=1r/s redis=main;",
        locations={"/api": f"edge_limit zone=all {use};"
                           f"edge_limit_fallback {fallback};",
                   "/warm": "edge_limit zone=warm;"
                            "edge_limit_fallback local after=1s;"})


def overload(full):
    """[(admitted, load)] of a limit of 1000r/s and a burst of 100 that all
    instances share."""
    if full not in _runs:
        runs = []
        with fleet() as edges:
            edges.wait_for_redis("/warm/index.html?k=w")
            for _ in range(20 if full else 3):
                edges.redis.command("FLUSHALL")
                before = edges.decisions(zone="all", result="PASSED")
                load = edges.load(PAGE, 10 if full else 3,
                                  connections=64 // INSTANCES)
                admitted = (edges.decisions(zone="all", result="PASSED")
                            - before)
                runs.append((admitted, load))
        _runs[full] = runs
    return _runs[full]


def _bound(seconds):
    return 1000 * seconds + 100


def never_over(full):
    runs = overload(full)
    worst = max(admitted / _bound(load.seconds) for admitted, load in runs)
    offered = min(load.requests / _bound(load.seconds) for _, load in runs)
    return ("exact: admitted <= rate * t + burst, 8 instances, overloaded",
            f"{len(runs)} runs: at most {100 * worst:.2f} % of the bound, "
            f"offered {offered:.1f} times as much or more",
            "a fixed window service: see `fixed`", worst <= 1)


def rarely_under(full):
    runs = overload(full)
    least = min(admitted / _bound(load.ran) for admitted, load in runs)
    return ("exact: at least 99.5 % of the bound",
            f"{len(runs)} runs: at least {100 * least:.2f} % in the time that "
            "the load generators ran", "", least >= 0.995)


def _leased(rate, burst, connections, full):
    """Calls a request and the share that was admitted, far below the limit;
    the worst share of the bound, far above it."""
    seconds = 10 if full else 4
    with fleet(rate, burst, use="sync=lease", count=INSTANCES) as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        edges.load(PAGE, 1, connections)
        calls = edges.scripts()[0]
        before = edges.decisions(zone="all", result="PASSED")
        load = edges.load(PAGE, seconds, connections)
        admitted = edges.decisions(zone="all", result="PASSED") - before
        calls = edges.scripts()[0] - calls
    return calls / load.requests, admitted, load


def _send_paced(edge, rate, seconds, counts):
    """At this rate, also when one answer was late."""
    begin, sent, passed = time.monotonic(), 0, 0
    with edge.connect() as connection:
        while sent < rate * seconds:
            ahead = begin + sent / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            passed += connection.request("GET", PAGE).status == 200
            sent += 1
    counts.append((sent, passed))


def _paced(rate, full):
    """Calls a request and the share that was admitted, at nine tenths of a
    limit of so many a second."""
    seconds, counts = (10 if full else 4), []
    with fleet(f"{rate}r/s", rate // 10, use="sync=lease") as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        calls = edges.scripts()[0]
        threads = [threading.Thread(
            target=_send_paced,
            args=(edge, 0.9 * rate / INSTANCES, seconds, counts))
            for edge in edges.edges]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calls = edges.scripts()[0] - calls
    sent, passed = (sum(column) for column in zip(*counts))
    return calls / sent, passed / sent


def leases(full):
    paced, share_paced = _paced(1000, full)
    below, admitted, load = _leased("100000r/s", 100000, 4, full)
    _, over, overload = _leased("1000r/s", 100, 4, full)
    share = over / (1000 * overload.seconds + 100)
    return ("leases: 0 over, >= 99.5 %; calls a request below the limit: "
            "<= 0.3 at 1000r/s, <= 0.05 on a busy key",
            f"{paced:.3f} calls a request at 900 a second, "
            f"{100 * share_paced:.2f} % admitted; {below:.4f} calls a request at "
            f"{load.requests / load.seconds:.0f} a second, "
            f"{100 * admitted / load.requests:.2f} % admitted; overloaded "
            f"{100 * share:.2f} % of the bound", "one call each when exact",
            paced <= 0.3 and share_paced >= 0.995 and below <= 0.05
            and admitted >= 0.995 * load.requests
            and share <= 1)


def reference_steps(full):
    steps = 10_000_000
    run = subprocess.run([f"{_BUILD}/steps", "reference", str(steps)],
                         capture_output=True, text=True)
    return ("the three algorithms decide as their definitions do",
            f"{run.stdout.strip()} steps", "", run.returncode == 0)


def script_steps(full):
    steps = 300_000 if full else 20_000
    with Fleet(0) as none:
        run = subprocess.run(
            [f"{_BUILD}/script_steps", str(none.redis.port), str(steps)],
            capture_output=True, text=True)
    return ("the script decides as the algorithms do, on random histories",
            f"{run.stdout.strip()} steps {run.stderr.strip()}", "",
            run.returncode == 0)


def fixed_window_service(full):
    seconds, rate = (10 if full else 4), 1000
    with Fleet(0) as none:
        admitted, asked, commands = fixed_window.measure(
            none.redis.port, rate, seconds)
        _, three, more = fixed_window.measure(
            none.redis.port, rate, seconds, limits=("a", "b", "c"))
    return ("(for comparison) fixed windows, INCRBY and EXPIRE for each limit",
            f"{100 * admitted / (rate * seconds) - 100:+.1f} % over the rate, "
            f"{commands / asked:.0f} commands a request, "
            f"{more / three:.0f} with three limits", "", None)
