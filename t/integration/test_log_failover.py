"""The log of purges where Redis is replaced, by Sentinels or in a cluster: what
was acknowledged holds, also when the new master never had it."""

import os

import pytest

from lib.cluster import Cluster
from lib.fleet import (LOG, try_purge, version, wait_acknowledged, wait_current,
                       wait_stored)
from lib.ports import HOST
from lib.resp import RespError
from lib.sentinels import NAME, Sentinels
from lib.wait import wait_until

PAGES = [f"/{i}" for i in range(12)]


class Watched:
    def __init__(self, directory):
        self._group = Sentinels(directory).start()
        self.address = ("; server ".join(self._group.addresses)
                        + f"; mode sentinel; master {NAME}")
        self.stop = self._group.stop

    def master(self):
        return self._group.master

    def replica(self):
        return self._group.replica

    def wait_promoted(self):
        self._group.wait_promoted()


class Sharded:
    def __init__(self, directory):
        self._cluster = Cluster(directory, replicas=1).start()
        self.address = f"{self._cluster.address}; mode cluster"
        self.stop = self._cluster.stop

    def master(self):
        return self._cluster.owner(LOG)

    def replica(self):
        master = self.master()
        return next(node for node in self._cluster.nodes
                    if node.command("ROLE")[:3] ==
                    [b"slave", HOST.encode(), master.port])

    def wait_promoted(self):
        def promoted():
            try:
                owner = self.master()
                return owner is not None and owner.running() and \
                    owner.command("SET", "{log}probe", "1", "PX", 1) == "OK"
            except (OSError, RespError):
                return False
        wait_until(promoted, 30, "another master of the log")


@pytest.fixture(params=[Watched, Sharded], ids=["sentinel", "cluster"])
def group(request, tmp_path):
    servers = request.param(tmp_path / "servers")
    yield servers
    servers.stop()


@pytest.fixture
def pair(fleet, group, tagged):
    """Two instances that share many pages, at least one of them on the server
    that has the log."""
    first, second = fleet.start(2, address=group.address)
    for page in PAGES:
        first.get(page)
    wait_stored(first, len(PAGES))
    wait_acknowledged(first)
    return first, second


def purge(nginx):
    """Asked again where Redis, or the machine, is too busy for it."""
    wait_until(lambda: try_purge(nginx, tags=["t"]).status == 200,
               what="a purge that is acknowledged")


def offset(server):
    """How much of what was written it has."""
    info = server.command("INFO", "replication").decode()
    return int(info.partition("master_repl_offset:")[2].split()[0])


def no_old_page(fleet, group, pair, origin):
    """Neither for those who know of the purge, nor for one who comes now."""
    wait_acknowledged(pair[0], 30)
    third, = fleet.start(1, address=group.address)
    for nginx in *pair, third:
        assert {version(nginx, page) for page in PAGES} == {origin.version}


@pytest.mark.limit(120)
def test_a_purge_that_the_new_master_never_had_holds(fleet, group, pair,
                                                     origin):
    master, replica = group.master(), group.replica()
    wait_until(lambda: replica.command("DBSIZE") == master.command("DBSIZE"),
               what="a replica in step")
    replica.command("CONFIG", "SET", "masterauth", "wrong")
    replica.command("CLIENT", "KILL", "TYPE", "master")

    origin.bump()
    purge(pair[0])
    assert offset(replica) < offset(master)
    master.kill()
    for nginx in pair:
        assert {version(nginx, page) for page in PAGES} == {origin.version}
    group.wait_promoted()
    for nginx in pair:
        wait_current(nginx, 30)
    no_old_page(fleet, group, pair, origin)


@pytest.mark.limit(120)
def test_a_purge_that_an_old_dump_does_not_have_holds(fleet, group, pair,
                                                      origin):
    master = group.master()
    master.command("SAVE")
    origin.bump()
    purge(pair[0])
    master.kill()
    master.start()
    os.remove(os.path.join(master.directory, "dump.rdb"))
    for nginx in pair:
        wait_current(nginx, 30)
    no_old_page(fleet, group, pair, origin)


@pytest.mark.limit(120)
def test_a_purge_on_a_frozen_replication_link_holds(fleet, group, pair,
                                                    origin):
    """What the replica has not read when it is promoted may come or not."""
    master, replica = group.master(), group.replica()
    replica.pause()
    origin.bump()
    purge(pair[0])
    master.kill()
    replica.resume()
    group.wait_promoted()
    for nginx in pair:
        wait_current(nginx, 30)
    no_old_page(fleet, group, pair, origin)
