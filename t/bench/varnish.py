"""A Varnish with one configuration, its child pinned and measured."""

import os
import subprocess

from lib.client import request
from lib.ports import HOST
from lib.process import Process
from lib.wait import wait_until


class Varnish:
    """On `port`; start() again after reload()."""

    def __init__(self, directory, vcl, port):
        self._directory = directory
        self._port = port
        self._process = None
        os.makedirs(directory, exist_ok=True)
        self._write(vcl)

    def start(self):
        self._process = Process(
            ["varnishd", "-F", "-j", "none", "-n", self._directory,
             "-a", f"{HOST}:{self._port}", "-f", self._vcl, "-T", "none",
             "-s", "malloc,256m", "-p", "thread_pools=1"],
            stdout=open(os.path.join(self._directory, "log"), "wb"),
            stderr=subprocess.STDOUT)
        wait_until(self._answers, 30, "Varnish's first answer")
        return self

    def reload(self, vcl):
        """Nothing is cached afterwards."""
        self.close()
        self._write(vcl)
        self.start()

    def workers(self):
        """Its manager does no work."""
        pid = self._process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]

    def close(self):
        self._process.end()

    def _write(self, vcl):
        self._vcl = os.path.join(self._directory, "default.vcl")
        with open(self._vcl, "w") as file:
            file.write(vcl)

    def _answers(self):
        if not self._process.running():
            raise RuntimeError("varnishd does not start: see its log in "
                               + self._directory)
        try:
            return request(self._port, "GET", "/").status
        except OSError:
            return False
