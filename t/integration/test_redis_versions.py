"""A rolling upgrade: servers whose entries have different formats share one
Redis."""

import pytest

from lib.cached import purge
from lib.fake_redis import FakeRedis
from lib.fleet import origin_of_hit, refused, wait_stored

PAGES = [f"/{i}" for i in range(20)]


class NextVersion(FakeRedis):
    """Before the Redis of an instance: its entries are of the next version,
    as far as anybody else can see."""

    def _scripted(self, name, args):
        args[:] = [arg.replace(b"ec:1:", b"ec:2:") for arg in args]
        return super()._scripted(name, args)


@pytest.fixture
def versions(fleet, redis, tagged):
    """An instance of this version, and one of the next."""
    proxy = NextVersion(upstream=redis.port).start()
    older, = fleet.start(1, join=False)
    newer, = fleet.start(1, join=False, address=proxy.address)
    fleet.wait_joined()
    yield older, newer
    proxy.stop()


def test_each_version_keeps_its_own_and_neither_fetches_again(versions, redis,
                                                              origin):
    for _ in range(5):
        for page in PAGES:
            for nginx in versions:
                assert nginx.get(page).json()["uri"] == page
    for nginx in versions:
        wait_stored(nginx, len(PAGES))
        assert refused(nginx, "entry_version") == 0
        assert refused(nginx, "entry_corrupt") == 0
    assert all(origin.count(page) == 2 for page in PAGES)
    for version in "12":
        keys = redis.command("KEYS", f"ec:{version}:*")
        assert len([key for key in keys if b":lock" not in key]) == len(PAGES)


def test_a_purge_reaches_both_versions(versions, origin):
    for nginx in versions:
        nginx.get("/")
    for nginx in versions:
        origin.bump()
        assert purge(nginx, tags=["t"])["instances"]["applied"] == 2
        for other in versions:
            assert other.get("/").json()["version"] == origin.version


def test_another_instance_finds_what_its_version_has_stored(versions, fleet,
                                                            origin):
    for nginx in versions:
        nginx.get("/")
        wait_stored(nginx, 1)
    third, = fleet.start(1)
    assert origin_of_hit(third.get("/")) == ("HIT", "redis")
    assert origin.count("/") == 2
