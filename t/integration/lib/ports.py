"""Loopback ports nobody else takes, in this test run or one beside it."""

import random
import socket

HOST = "127.0.0.1"

# Below the kernel's range for outgoing connections: a client of some other
# test can not sit on the port between our look and the server's bind.
_RANGE = range(12000, 30000)

# An abstract socket per port marks it as taken until this process ends.
_marks = []


def free_port():
    for _ in range(200):
        port = random.choice(_RANGE)
        if _mark(port) and _can_bind(port):
            return port
    raise RuntimeError("no free port found")


def _mark(port):
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0nginx-edge-cache-test-{port}")
    except OSError:
        mark.close()
        return False
    _marks.append(mark)
    return True


def _can_bind(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
