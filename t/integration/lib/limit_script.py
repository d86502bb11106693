"""The limit script in a real Redis: limits as its arguments have them."""

import re
from collections import namedtuple
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src/redis/limit_script.cpp"
SCRIPT = re.search(r'R"lua\((.*?)\)lua"', SOURCE.read_text(), re.S)[1]

NOW = 1_800_000_000_000_000  # microseconds: the year 2027
SECOND = 1_000_000

Answer = namedtuple("Answer", "granted denied remaining levels")


class Limit:
    def __init__(self, key, rate, burst, cost=1, dry_run=False):
        self.key = key
        self.interval = SECOND / rate
        self.capacity = burst * self.interval
        self.arguments = ["G" if dry_run else "g", f"{self.interval:.2f}",
                          f"{self.capacity:.2f}", cost]


class Window(Limit):
    def __init__(self, key, units, seconds, cost=1, dry_run=False):
        self.key = key
        self.arguments = ["W" if dry_run else "w", units, seconds * SECOND,
                          cost]


class Quota(Limit):
    """`period`: h, d, k (week) or m."""
    def __init__(self, key, units, period="d", offset=0, cost=1):
        self.key = key
        self.arguments = [period, units, offset, cost]


class Limiter:
    def __init__(self, server):
        self.client = server.client()
        self.sha = self.client.command("SCRIPT", "LOAD", SCRIPT)

    def __call__(self, *limits, wanted=1, now=NOW):
        keys = [limit.key for limit in limits]
        arguments = [a for limit in limits for a in limit.arguments]
        reply = self.client.command("EVALSHA", self.sha, len(keys), *keys,
                                    wanted, now, *arguments)
        return Answer(reply[0], reply[1], reply[2::2], reply[3::2])
