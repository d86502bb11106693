"""A new binary takes over from a running one, under load."""

import threading

import pytest

from lib.conf import proxy_conf
from lib.fleet import member_conf, try_purge, wait_acknowledged
from lib.load import LOCATIONS, PlainAndCached, outcome
from lib.ports import free_port
from lib.upgradable import Upgradable
from lib.wait import wait_until


@pytest.fixture
def upgradable(tagged, redis, tmp_path):
    port = free_port()
    conf = proxy_conf(port, tagged.address, **member_conf(
        tmp_path / "token", redis.address, "upgraded", size="16m",
        locations=LOCATIONS))
    nginx = Upgradable(tmp_path / "upgraded", conf, port, workers=2)
    yield nginx
    nginx.close()


def connections(redis):
    return redis.command("CLIENT", "LIST").count(b"name=edge-cache")


class Purges:
    """By one instance, and what another one shows behind each."""

    def __init__(self, origin, purging, reading):
        self._origin = origin
        self._purging, self._reading = purging, reading
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.acknowledged = 0
        self.stale = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.is_set():
            self._origin.bump()
            if try_purge(self._purging, tags=["t"]).status != 200:
                continue
            self.acknowledged += 1
            if outcome(self._reading, "/cached/same") == "ok":
                shown = self._reading.get("/cached/same").json()["version"]
                self.stale += shown < self._origin.version


@pytest.mark.limit(120)
def test_a_new_binary_fails_no_request_and_misses_no_purge(fleet, upgradable,
                                                           redis, origin):
    other, = fleet.start(1)
    nginx = upgradable.start()
    wait_acknowledged(nginx)
    before = connections(redis)
    with PlainAndCached(nginx) as load, Purges(origin, other, nginx) as purges:
        for _ in range(3):
            nginx.upgrade()
            seen = purges.acknowledged
            wait_until(lambda: purges.acknowledged > seen + 2,
                       what="purges that are acknowledged")
    assert load.failed("/cached") <= load.failed("/plain"), load.outcomes
    assert purges.stale == 0
    wait_until(lambda: connections(redis) <= before,
               what="no connections but those of before")
