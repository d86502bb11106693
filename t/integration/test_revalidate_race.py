"""Expired answers are asked about, refreshed and sent stale, while purges come
in: what was purged is never seen again."""

import random
import threading
import time

import pytest

from lib.fleet import try_purge
from lib.origin import Reply

TAGGED = {"Cache-Control": "stale-while-revalidate=60, stale-if-error=60",
          "Surrogate-Key": "t"}


class Versions:
    """An origin whose content changes, that confirms, and fails at times."""

    def __init__(self, seed):
        self.now = 1
        self.random = random.Random(seed)

    def __call__(self, request):
        tag = f'"{self.now}"'
        chance = self.random.random()
        if chance < 0.03:
            return Reply(503)
        fields = {**TAGGED, "ETag": tag}
        if request["If-None-Match"] == tag:
            return Reply(304, fields, delay=chance / 50)
        return Reply(headers=fields, body=str(self.now).encode(),
                     delay=chance / 50)


@pytest.mark.limit(90)
@pytest.mark.parametrize("background", ["on", "off"])
def test_what_was_purged_is_never_seen_again(fleet, origin, background):
    versions = Versions(7)
    origin.on("/p", versions)
    members = fleet.start(2, workers=2, location=f"""
        edge_cache_valid 20ms;
        edge_cache_background_update {background};""")
    acknowledged = 1
    wrong, seen = [], []
    over = threading.Event()

    def read(nginx):
        with nginx.connect() as client:
            while not over.is_set():
                least = acknowledged
                response = client.request("GET", "/p")
                if response.status == 200:
                    seen.append(response["X-Cache"])
                    if int(response.body) < least:
                        wrong.append((least, response))

    readers = [threading.Thread(target=read, args=[nginx])
               for nginx in members * 2]
    for reader in readers:
        reader.start()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        time.sleep(versions.random.random() / 4)
        versions.now += 1
        if try_purge(members[versions.now % 2], tags=["t"]).status == 200:
            acknowledged = versions.now
    over.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert acknowledged > 3
    assert {"HIT", "UPDATING"} <= set(seen)
