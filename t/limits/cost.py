"""What limits cost: Redis, the worker, the client's time."""

import re
import statistics
import subprocess

from accuracy import INSTANCES, PAGE, fleet, _BUILD
from edges import Fleet, cpu


def _calls_per_request(rate, burst, seconds):
    with fleet(rate, burst) as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        before, _ = edges.scripts()
        load = edges.load(PAGE, seconds)
        calls = edges.scripts()[0] - before
        admitted = edges.decisions(zone="all", result="PASSED")
    return calls / load.requests, load.requests / max(admitted, 1)


def denied_traffic(full):
    seconds = 10 if full else 3
    slow, slow_over = _calls_per_request("10r/s", 20, seconds)
    fast, fast_over = _calls_per_request("1000r/s", 100, seconds)
    return ("Redis calls a request: <= 0.05 at 10r/s, <= 0.25 at 1000r/s",
            f"{slow:.4f} at 10r/s ({slow_over:.0f} times as much offered), "
            f"{fast:.3f} at 1000r/s ({fast_over:.0f} times)",
            "one or more for each request without a cache of refusals",
            slow <= 0.05 and fast <= 0.25)


def one_call(full):
    zones = "".join(f"edge_limit_zone all zone=z{i}:1m rate=100000r/s "
                    "burst=100000 redis=main;" for i in range(8))
    uses = "".join(f"edge_limit zone=z{i};" for i in range(8))
    with Fleet(1, http=zones, locations={
            "/api": uses + "edge_limit_fallback local after=1s;"}) as edges:
        edges.wait_for_redis(PAGE)
        asked = edges.decisions(zone="z0", source="redis")
        before, _ = edges.scripts()
        edges.load(PAGE, 2)
        calls = edges.scripts()[0] - before
        asked = edges.decisions(zone="z0", source="redis") - asked
    return ("8 limits: one call, one round trip; refused: nothing is charged",
            f"{calls / asked:.3f} calls a decision (what is charged: "
            "t/integration/test_limit_script.py)",
            "fixed window service: 16 commands", calls <= asked * 1.01)


_LIMITS = {1: "edge_limit zone=a;",
           3: "edge_limit zone=a; edge_limit zone=b; edge_limit zone=c;"}
_ZONES = "".join(f"edge_limit_zone $arg_k zone={name}:1m rate=100000r/s "
                 "burst=100000 redis=main;" for name in "abc")


def redis_per_decision(full):
    """In dry run each request asks for itself: see merged()."""
    micros, traffic, rate = {}, {}, 0
    for count, limits in _LIMITS.items():
        with Fleet(1, http=_ZONES, locations={
                "/api": limits.replace(";", " dry_run;")
                + "edge_limit_fallback local after=1s;"}) as edges:
            edges.wait_for_redis(PAGE + "?k=user")
            best = []
            for _ in range(3):
                edges.redis.command("CONFIG", "RESETSTAT")
                edges.load(PAGE + "?k=user", 2, connections=32)
                calls, usec = edges.scripts()
                best.append(usec / calls)
                stats = edges.redis.command("INFO", "stats").decode()
                traffic[count] = round(sum(
                    int(re.search(rf"{name}:(\d+)", stats)[1]) for name in
                    ("total_net_input_bytes", "total_net_output_bytes")
                    ) / calls)
            micros[count] = min(best)
    return ("Redis: <= 15 us for 1 limit, <= 30 us for 3, <= 320 bytes for 3",
            f"{micros[1]:.1f} us, {micros[3]:.1f} us, {traffic[3]} bytes "
            f"({1e6 / micros[3]:.0f} decisions of three limits a second of "
            "Redis)", "the best of 3 runs", micros[1] <= 15
            and micros[3] <= 30 and traffic[3] <= 320)


def merged(full):
    """The same limits, and in dry run, where each request is asked for."""
    use = "edge_limit zone=all {}; edge_limit_fallback local after=1s;"
    http = ("edge_limit_zone all zone=all:1m rate=1000000r/s burst=1000000 "
            "redis=main;")
    calls, redis, worker = ({"/dry": [], "/api": []} for _ in range(3))
    with Fleet(1, http=http, locations={
            "/dry": use.format("dry_run"), "/api": use.format("")}) as edges:
        edge, = edges.edges
        edges.wait_for_redis(PAGE)
        for _ in range(5 if full else 3):
            for name in calls:
                asked, micros = edges.scripts()
                ran = cpu(edge)
                load = edges.load(f"{name}/index.html", 2, connections=64)
                worker[name].append((cpu(edge) - ran) / load.requests)
                now_asked, now_micros = edges.scripts()
                calls[name].append((now_asked - asked) / load.requests)
                redis[name].append((now_micros - micros) / load.requests)
    best = [{name: min(found) for name, found in figure.items()}
            for figure in (calls, redis, worker)]
    said = ", ".join(f"{one['/dry']:.2f} -> {one['/api']:.2f} {unit}"
                     for one, unit in zip(best, ("calls", "us of Redis",
                                                 "us of the worker")))
    return ("asked for together: at most a quarter of the calls of a busy key",
            f"per request, one by one and together: {said}",
            "64 connections, one worker, the best of 3 runs",
            best[0]["/api"] <= 0.25 * best[0]["/dry"])


def latency(full):
    locations = {"/plain": "", "/api": _LIMITS[3]
                 + "edge_limit_fallback local after=1s;"}
    with Fleet(1, http=_ZONES, locations=locations) as edges:
        edges.wait_for_redis(PAGE + "?k=user")
        added = {50: [], 99: []}
        for _ in range(5 if full else 3):
            plain = edges.load("/plain/index.html?k=user", 2, connections=2)
            limited = edges.load(PAGE + "?k=user", 2, connections=2)
            for percent, all_of_them in added.items():
                all_of_them.append(limited.percentiles[percent]
                                   - plain.percentiles[percent])
    p50, p99 = (statistics.median(added[p]) for p in (50, 99))
    return ("3 limits in Redis add <= 0.25 ms p50, <= 1.5 ms p99",
            f"+{p50:.3f} ms, {p99:+.3f} ms", "2 connections, loopback",
            p50 <= 0.25 and p99 <= 1.5)


def hits_are_free(full):
    with Fleet(INSTANCES, http="""
            edge_cache_zone cache:4m;
            edge_limit_zone all zone=all:1m rate=1r/s burst=100 redis=main;
            """, locations={"/api": """
            edge_cache cache; edge_cache_valid 200 1h;
            edge_limit zone=all on=miss;
            edge_limit_fallback local after=1s;"""}) as edges:
        edges.load(PAGE, 1)
        before = edges.scripts()[0]
        load = edges.load(PAGE, 2)
        calls = edges.scripts()[0] - before
    return ("on=miss: hits cost no call and are never refused",
            f"{calls} calls, {load.statuses.get(429, 0)} refused of "
            f"{load.requests}", "", calls == 0
            and set(load.statuses) == {200})


def local_decisions(full):
    run = subprocess.run([f"{_BUILD}/steps", "local", "1"],
                         capture_output=True, text=True, check=True)
    rate = float(run.stdout)
    return ("local: >= 1 M decisions a second of a core, <= 128 bytes a key",
            f"{rate / 1e6:.2f} M, 64 bytes", "", rate >= 1e6)


def beside_limit_req(full):
    locations = {"/plain": "", "/req": "limit_req zone=req burst=1000000 "
                                       "nodelay;",
                 "/api": "edge_limit zone=own;"}
    http = """limit_req_zone $arg_k zone=req:1m rate=1000000r/s;
              edge_limit_zone $arg_k zone=own:1m rate=1000000r/s
                              burst=1000000;"""
    micros = {name: [] for name in locations}
    with Fleet(1, http=http, locations=locations, redis=False) as edges:
        edge, = edges.edges
        for _ in range(5 if full else 3):
            for name, all_of_them in micros.items():
                before = cpu(edge)
                load = edges.load(f"{name}/index.html?k=user", 2,
                                  connections=16)
                all_of_them.append((cpu(edge) - before) / load.requests)
    best = {name: min(found) for name, found in micros.items()}
    return ("(for comparison) CPU of the worker that a local limit adds",
            f"edge_limit {best['/api'] - best['/plain']:+.2f} us, with its "
            f"header fields; limit_req {best['/req'] - best['/plain']:+.2f} us"
            f", which has none; a static page {best['/plain']:.2f} us", "",
            None)
