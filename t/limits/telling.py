"""What clients are told, and what Redis keeps."""

import re
import time

from accuracy import fleet

_ITEM = re.compile(
    r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"'  # sf-string
    r'((?:;[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)')          # integer parameters


def parse(field):
    """A List of Strings with integer parameters (RFC 9651 4.2)."""
    members, at = {}, 0
    while True:
        match = _ITEM.match(field, at)
        if not match:
            raise ValueError(f"no structured field: {field}")
        members[match[1]] = {
            key: int(number) for key, number in
            re.findall(r";([a-z*][a-z0-9_.*-]*)=(-?\d+)", match[2])}
        at = match.end()
        if at == len(field):
            return members
        separator = re.compile(r"[ \t]*,[ \t]*").match(field, at)
        if not separator:
            raise ValueError(f"no structured field: {field}")
        at = separator.end()


def fields(full):
    admitted = waited = parsed = 0
    with fleet("2r/s", 4, count=1) as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        edge, = edges.edges
        until = time.monotonic() + (30 if full else 8)
        while time.monotonic() < until:
            response = edge.get("/api/index.html")
            limit = parse(response["RateLimit"])["all"]
            policy = parse(response["RateLimit-Policy"])["all"]
            assert policy == {"q": 4, "w": 2} and 0 <= limit["r"] <= 4
            parsed += 2
            if response.status == 429:
                wait = int(response["Retry-After"])
                assert wait >= limit["t"]
                time.sleep(wait)
                waited += 1
                admitted += edge.get("/api/index.html").status == 200
    return ("structured fields; who waits Retry-After is admitted: >= 99 %",
            f"{parsed} fields parsed; {admitted} of {waited} admitted", "",
            admitted == waited > 0)


def times_to_live(full):
    with fleet(count=2) as edges:
        edges.wait_for_redis("/warm/index.html?k=w")
        edges.load("/api/index.html", 1)
        for edge in edges.edges:
            for number in range(50):
                edge.get(f"/warm/index.html?k={number}")
        keys, cursor = [], b"0"
        while True:
            cursor, some = edges.redis.command("SCAN", cursor)
            keys += some
            if cursor == b"0":
                break
        without = [key for key in keys
                   if edges.redis.command("PTTL", key) < 0]
    return ("every key expires; steps of clocks: t/unit/limit_local_test.cpp "
            "and t/integration/test_limit_script.py",
            f"{len(keys)} keys, {len(without)} without a time to live", "",
            bool(keys) and not without)
