"""The pattern of a rate limit service with fixed windows: for each limit of a
request INCRBY and EXPIRE in one pipeline, the window by the caller's clock.
Measured by t/limits/run against the same Redis."""

import multiprocessing
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "integration"))

from lib.resp import RespClient

_BATCH = 20


def _run(port, limits, rate, until, results):
    admitted = asked = commands = 0
    with RespClient(port) as client:
        while time.time() < until:
            window = int(time.time())
            for _ in range(_BATCH):
                for limit in limits:
                    client.send("INCRBY", f"{limit}:{window}", 1)
                    client.send("EXPIRE", f"{limit}:{window}", 1)
            commands += 2 * len(limits) * _BATCH
            for _ in range(_BATCH):
                replies = [client.read() for _ in range(2 * len(limits))]
                admitted += all(n <= rate for n in replies[::2])
                asked += 1
    results.put((admitted, asked, commands))


def measure(port, rate, seconds, limits=("fixed",), processes=4):
    """Requests admitted of those asked for, and commands, from the middle of
    a window to the middle of another."""
    begin = int(time.time()) + 1.5
    time.sleep(begin - time.time())
    results = multiprocessing.Queue()
    running = [multiprocessing.Process(
        target=_run, args=(port, limits, rate, begin + seconds, results))
        for _ in range(processes)]
    for process in running:
        process.start()
    all_of_them = [results.get() for _ in running]
    for process in running:
        process.join()
    return tuple(sum(column) for column in zip(*all_of_them))
