"""Load, and what it cost the worker that served it."""

import os
import re
import subprocess
from dataclasses import dataclass

from lib.ports import HOST

CONNECTIONS = 32
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paths.lua")
_TICK = 1e6 / os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    requests: int
    seconds: float
    cpu: float  # microseconds of the worker per request, user and system


class LoadFailed(Exception):
    """Not every request was answered with 2xx: the figures mean nothing."""


def cores():
    """(the server's, everybody else's); the same one when there is one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def run_load(port, worker, prefix, keys, first, seconds, together=1,
             fields=""):
    """`together`: how often each path is asked for before the next one."""
    before = cpu(worker)
    requests, took = _wrk(port, prefix, keys, first, seconds, together,
                          fields)
    return Cost(requests, took, (cpu(worker) - before) / requests)


def cpu(pid):
    """Microseconds a process has run."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _wrk(port, prefix, keys, first, seconds, together, fields):
    run = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", _SCRIPT,
         f"http://{HOST}:{port}/", "--", prefix, str(keys), str(first),
         str(together), fields],
        capture_output=True, text=True, timeout=seconds + 60)
    said = run.stdout + run.stderr
    counted = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", said)
    if run.returncode or not counted or re.search("Non-2xx|errors", said):
        raise LoadFailed(said)
    unit = {"ms": 0.001, "s": 1, "m": 60}[counted[3]]
    return int(counted[1]), float(counted[2]) * unit
