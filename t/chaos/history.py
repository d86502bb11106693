"""What was promised and what was seen, and whether they fit.

A purge that was answered with 200 promises that every read that begins after
the answer sees what the origin had before the purge was asked, or something
newer.  All times are of one clock, in one process."""

import bisect
import threading
from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Read:
    start: float
    end: float
    instance: int
    key: str
    version: int
    how: str  # HIT memory, MISS -, ...

    def __str__(self):
        return (f"{self.start:9.3f} - {self.end:.3f}  instance "
                f"{self.instance}  {self.key}  version {self.version}  "
                f"{self.how}")


class History:
    def __init__(self):
        self._lock = threading.Lock()
        self._promises = defaultdict(list)  # key: [(time, version)]
        self.reads = []
        self.events = []  # (time, text)
        self.took = []  # seconds, of acknowledged purges
        self.refused = 0
        self.failed_reads = 0

    def promise(self, key, version, asked, answered):
        with self._lock:
            self._promises[key].append((answered, version))
            self.took.append(answered - asked)

    def refuse(self):
        with self._lock:
            self.refused += 1

    def read(self, read):
        with self._lock:
            self.reads.append(read)

    def fail(self):
        with self._lock:
            self.failed_reads += 1

    def happen(self, time, text):
        with self._lock:
            self.events.append((time, text))

    def stale_reads(self):
        """[(read, the version it should have seen at the least)]"""
        floors = {key: _floors(promises)
                  for key, promises in self._promises.items()}
        stale = []
        for read in self.reads:
            times, versions = floors.get(read.key, ([], []))
            index = bisect.bisect_right(times, read.start)
            if index and read.version < versions[index - 1]:
                stale.append((read, versions[index - 1]))
        return stale

    def around(self, read, seconds=3):
        """What happened to the key and to all before a read, as lines."""
        lines = [(time, f"{time:9.3f}  {text}") for time, text in self.events]
        lines += [(time, f"{time:9.3f}  purge of {read.key} acknowledged, "
                   f"version {version}")
                  for time, version in self._promises[read.key]]
        lines += [(other.start, str(other)) for other in self.reads
                  if other.key == read.key]
        return [text for time, text in sorted(lines)
                if read.start - seconds <= time <= read.end]


def _floors(promises):
    times, versions, highest = [], [], 0
    for time, version in sorted(promises):
        highest = max(highest, version)
        times.append(time)
        versions.append(highest)
    return times, versions
