"""Ways to Redis that can be cut without anybody being told: Redis lives in a
network namespace of its own, each way there is a pair of devices, and the far
end of it goes down.  Needs root."""

import ctypes
import os
import random
import subprocess
from contextlib import contextmanager

from lib.redis_server import RedisServer

_CLONE_NEWNET = 0x40000000
_PORT = 6379


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def is_possible():
    try:
        with Network():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


class Network:
    def __init__(self):
        self._name = f"edge{os.getpid()}"
        # Of the addresses that are for measurements of this kind.
        self._base = f"198.18.{random.randrange(256)}"
        self._ways = 0

    def __enter__(self):
        _ip("netns", "add", self._name)
        return self

    def __exit__(self, *_):
        # The devices go with it.
        _ip("netns", "del", self._name)

    def add_way(self):
        """(its number, the address of Redis on it)"""
        number = self._ways
        self._ways += 1
        near, far = self._devices(number)
        _ip("link", "add", near, "type", "veth", "peer", far, "netns",
            self._name)
        _ip("address", "add", f"{self._base}.{4 * number + 1}/30", "dev", near)
        _ip("link", "set", near, "up")
        address = f"{self._base}.{4 * number + 2}"
        self._inside("address", "add", f"{address}/30", "dev", far)
        self.mend(number)
        return number, f"{address}:{_PORT}"

    def cut(self, number):
        self._inside("link", "set", self._devices(number)[1], "down")

    def mend(self, number):
        self._inside("link", "set", self._devices(number)[1], "up")

    @contextmanager
    def entered(self):
        """What the calling thread starts lives inside."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as outside, \
                open(f"/run/netns/{self._name}") as inside:
            if libc.setns(inside.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(outside.fileno(), _CLONE_NEWNET)

    def _devices(self, number):
        return f"{self._name}n{number}", f"{self._name}f{number}"

    def _inside(self, *words):
        _ip("-n", self._name, *words)


class RemoteRedis(RedisServer):
    """Inside the network, and on a unix socket for whoever is not in it."""

    def __init__(self, directory, network):
        super().__init__(directory, unix=True, protected_mode="no")
        self._network = network
        self._settings.update(port=_PORT, bind="0.0.0.0")
        self._write_conf()

    def start(self):
        with self._network.entered():
            return super().start()
