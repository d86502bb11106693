"""An nginx whose binary can be replaced while it runs."""

import os
import shutil
import signal
import subprocess
import time

from lib.nginx import NGINX_BIN, Nginx
from lib.wait import wait_until

# nginx takes USR2 only once whoever has started it is gone.
_ORPHAN = '"$@" & while [ ! -s "$0" ]; do sleep 0.01; done'


class Upgradable(Nginx):
    def start(self):
        self._write_conf("nginx.conf", self.conf)
        with open(self._path("stderr"), "ab") as stderr:
            subprocess.run(["sh", "-c", _ORPHAN, self._path("nginx.pid"),
                            *self._argv("nginx.conf")], env=self._env(),
                           stdout=subprocess.DEVNULL, stderr=stderr,
                           check=True, timeout=20)
        self._process = _Orphan(self._pid_in("nginx.pid"))
        self._wait(self._ready, "start")
        return self

    def upgrade(self):
        """A new master takes over; returns when the old one is gone."""
        old = self._process
        old.send_signal(signal.SIGUSR2)
        wait_until(lambda: os.path.exists(self._path("nginx.pid.oldbin"))
                   and self._pid_in("nginx.pid") not in (None, old.pid), 20,
                   "another master")
        self._process = _Orphan(self._pid_in("nginx.pid"))
        self._wait(self._ready, "upgrade")
        old.send_signal(signal.SIGWINCH)
        old.send_signal(signal.SIGQUIT)
        if old.wait(20) is None:
            raise TimeoutError("the old master does not go\n"
                               + self.error_log())

    def _argv(self, conf):
        # The new binary is looked for under the name that the old one has.
        return [shutil.which(NGINX_BIN), *super()._argv(conf)[1:]]

    def _preamble(self):
        # nginx starts the new binary without its environment.
        return ("env ASAN_OPTIONS; env UBSAN_OPTIONS;\n"
                + super()._preamble())

    def _pid_in(self, name):
        try:
            return int(self._read(name))
        except (OSError, ValueError):
            return None


class _Orphan:
    """As Process, for one that is nobody's child any more."""

    def __init__(self, pid):
        self.pid = pid

    def running(self):
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def send_signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def wait(self, timeout):
        """0 when it is gone: nobody told us how it went."""
        deadline = time.monotonic() + timeout
        while self.running():
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        return 0

    def end(self, number=signal.SIGTERM, timeout=10):
        self.send_signal(number)
        if self.wait(timeout) is None:
            self.send_signal(signal.SIGKILL)
            self.wait(timeout)
