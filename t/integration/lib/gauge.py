"""How many requests an origin gets at a time."""

import threading
import time

from lib.origin import Reply


class Gauge:
    """An origin's answer that takes a while; `most` is how many were asked for
    at a time.  `headers`, `body` (its target, if None) and `delay` may be
    changed."""

    def __init__(self, headers, delay=0.05, body=None):
        self.headers = headers
        self.delay = delay
        self.body = body
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, request):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.delay)
        with self._lock:
            self._now -= 1
        body = request.target.encode() if self.body is None else self.body
        return Reply(headers=self.headers, body=body)
