"""A server that a test starts, and ends by its process id."""

import signal
import subprocess


class Process:
    def __init__(self, argv, **popen):
        self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **popen)

    @property
    def pid(self):
        return self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def send_signal(self, number):
        if self.running():
            self._popen.send_signal(number)

    def wait(self, timeout):
        """The exit code, or None when it still runs after `timeout`."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def end(self, number=signal.SIGTERM, timeout=10):
        """Sends the signal, waits, and kills what does not go by itself."""
        self.send_signal(number)
        code = self.wait(timeout)
        if code is None:
            self.send_signal(signal.SIGKILL)
            self.wait(timeout)
        return code
