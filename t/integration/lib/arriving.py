"""Clients that read an answer while it arrives."""

import os

from lib.cached import metric
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}
BODY = bytes(range(256)) * 160  # 40 KiB
HALF = len(BODY) // 2
LARGE = os.urandom(1 << 16) * 32  # 2 MiB

# What the origin sends is passed on as it comes.
AT_ONCE = "proxy_buffering off;"


def arriving(nginx, count):
    wait_until(lambda: metric(nginx, "edge_cache_hits_arriving_total")
               == count, 10, f"{count} that read what arrives")


def nothing_left(nginx):
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0, 5,
               "the end of all fills")
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               5, "the release of all pins")


def read_half(clients, half=HALF):
    """The first half of what each of them is sent, and the headers."""
    heads = []
    for client in clients:
        status, _, headers = client.read_head()
        assert status == 200
        assert client.read(half) == BODY[:half]
        heads.append(dict(headers))
    return heads


def read_rest(clients):
    for client in clients:
        assert client.read(len(BODY) - HALF) == BODY[HALF:]
        client.close()
