"""One worker of an instance reads the log; any of them may be gone."""

import glob
import os
import re
import signal
import threading
import time

import pytest

from lib.cached import purge
from lib.fleet import log_metric, try_purge, version
from lib.origin import Reply
from lib.wait import wait_until


@pytest.fixture
def pair(fleet, tagged):
    return fleet.start(2, workers=2)


def subscriber_ports(redis):
    """Local ports of the connections on which readers are woken."""
    clients = redis.command("CLIENT", "LIST", "TYPE", "pubsub").decode()
    return {int(port) for port in re.findall(r" addr=[^ ]*:(\d+) ", clients)}


def ports_of(pid):
    """Local ports of the TCP connections that a process has."""
    inodes = {}
    with open("/proc/net/tcp") as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            inodes[fields[9]] = int(fields[1].split(":")[1], 16)
    ports = set()
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            ports.add(inodes.get(target[8:-1]))
    return ports


def readers(nginx, redis):
    """Pids of the workers that are woken."""
    listening = subscriber_ports(redis)
    return [pid for pid in nginx.all_workers() if ports_of(pid) & listening]


def the_reader(nginx, redis):
    def one():
        found = readers(nginx, redis)
        return found[0] if len(found) == 1 else None
    return wait_until(one, what="one worker that reads the log")


def test_one_worker_reads(pair, redis):
    for nginx in pair:
        the_reader(nginx, redis)
    assert len(subscriber_ports(redis)) == 2


def test_another_worker_takes_over_when_the_reader_is_killed(pair, tagged,
                                                             redis):
    a, b = pair
    for _ in range(3):
        version(b)
        before = the_reader(b, redis)
        b.kill_worker(pid=before)
        tagged.bump()
        purge(a, tags=["t"])
        assert version(b) == tagged.version
        assert the_reader(b, redis) != before


def test_another_worker_takes_over_when_the_reader_hangs(pair, tagged, redis):
    a, b = pair
    before = the_reader(b, redis)
    os.kill(before, signal.SIGSTOP)
    try:
        wait_until(lambda: len(readers(b, redis)) == 2, 5,
                   "a second worker that reads")
        tagged.bump()
        purge(a, tags=["t"])
    finally:
        os.kill(before, signal.SIGCONT)
    for _ in range(10):
        assert version(b) == tagged.version
    wait_until(lambda: len(readers(b, redis)) == 1)
    tagged.bump()
    purge(b, tags=["t"])
    assert version(a) == version(b) == tagged.version


def test_a_killed_worker_that_does_not_read_matters_to_nobody(pair, tagged,
                                                              redis):
    a, b = pair
    reader = the_reader(b, redis)
    other, = set(b.workers()) - {reader}
    b.kill_worker(pid=other)
    tagged.bump()
    begin = time.monotonic()
    purge(a, tags=["t"])
    assert time.monotonic() - begin < 1
    assert the_reader(b, redis) == reader


def test_all_workers_killed_at_once(pair, tagged):
    a, b = pair
    version(b)
    for pid in b.workers():
        b.kill_worker(pid=pid)
    wait_until(lambda: len(b.workers()) == 2)
    tagged.bump()
    purge(a, tags=["t"])
    assert version(b) == tagged.version


def test_a_reload_hands_the_role_on(pair, tagged, redis):
    a, b = pair
    before = b.workers()
    b.reload()
    tagged.bump()
    purge(a, tags=["t"])
    assert version(b) == tagged.version
    wait_until(lambda: the_reader(b, redis) not in before, 5,
               "a reader among the new workers")
    assert log_metric(a, "instances") == 2


def test_an_old_worker_that_still_serves_does_not_read(pair, tagged, redis):
    """It shuts down when its last client has the rest."""
    gate = threading.Event()
    tagged.on("/slow", Reply(headers=tagged.headers, body=b"x" * 1000,
                             body_wait=gate))
    a, b = pair
    before = the_reader(b, redis)
    with b.connect() as client:
        client.send_request("GET", "/slow")
        tagged.wait_for("/slow")
        b.reload()
        tagged.bump()
        purge(a, tags=["t"])
        assert version(b) == tagged.version
        assert the_reader(b, redis) != before
        gate.set()
        assert client.read_response().body == b"x" * 1000


def test_workers_are_killed_under_purges(pair, tagged, redis):
    """Not every purge is acknowledged then, but those that are hold."""
    a, b = pair
    acknowledged = 0
    for turn in range(12):
        version(b)
        if turn % 3 == 0:
            wait_until(lambda: len(b.workers()) == 2)
            b.kill_worker(pid=b.workers()[turn % 2])
        tagged.bump()
        if try_purge(a, tags=["t"]).status == 200:
            acknowledged += 1
            assert version(b) == tagged.version
    assert acknowledged >= 8
