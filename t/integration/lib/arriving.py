"""Clients that read an answer while it arrives."""

import os

import pytest

from lib.cached import metric
from lib.client import Incomplete
from lib.origin import Reply
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}
BODY = bytes(range(256)) * 160  # 40 KiB
HALF = len(BODY) // 2
LARGE = os.urandom(1 << 16) * 32  # 2 MiB

# What the origin sends is passed on as it comes.
AT_ONCE = "proxy_buffering off;"


def chunked(**pieces):
    return Reply(**{"headers": FRESH, "body": BODY, "framing": "chunked",
                    **pieces})


def arriving(nginx, count):
    wait_until(lambda: metric(nginx, "edge_cache_hits_arriving_total")
               == count, 10, f"{count} that read what arrives")


def read_half(clients, half=HALF):
    """The first half of what each of them is sent, and the headers."""
    heads = []
    for client in clients:
        status, _, headers = client.read_head()
        assert status == 200
        assert client.read(half) == BODY[:half]
        heads.append(dict(headers))
    return heads


def read_part(client, part):
    """The next chunks of an answer of unknown length; they are that."""
    data = b""
    while len(data) < len(part):
        data += read_chunk(client)
    assert data == part


def read_chunk(client):
    """Empty at the end of the answer."""
    data = client.read(int(read_line(client), 16))
    assert read_line(client) == ""
    return data


def read_line(client):
    line = b""
    while not line.endswith(b"\r\n"):
        line += client.read(1)
    return line[:-2].decode()


def read_first_half(clients):
    """The headers, of answers in chunks, and the first half of the body."""
    heads = []
    for client in clients:
        status, _, headers = client.read_head()
        heads.append(dict(headers))
        assert status == 200
        assert heads[-1]["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in heads[-1]
        read_part(client, BODY[:HALF])
    return heads


def read_second_half(clients):
    for client in clients:
        read_part(client, BODY[HALF:])
        assert read_chunk(client) == b""


def assert_broken(clients):
    """What each of them is sent has no end."""
    for client in clients:
        with pytest.raises((Incomplete, ConnectionError)):
            while read_chunk(client):
                pass
        client.close()


def read_rest(clients):
    for client in clients:
        assert client.read(len(BODY) - HALF) == BODY[HALF:]
        client.close()
