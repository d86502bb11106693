"""The scripts of the lock over all instances, in a real Redis."""

import re
from pathlib import Path

import pytest

from lib.wait import wait_until

SOURCE = (Path(__file__).parents[2] / "src/redis/fill_scripts.cpp").read_text()
SCRIPTS = dict(re.findall(r'Script k\w+\{"(\w+)", R"lua\((.*?)\)lua"', SOURCE,
                          re.S))
LOCK = "ec:1:z:{aa}:lock0"
HELD, ELSEWHERE, NOT_SHARED, RELEASED = 1, 0, 2, 3


def token(instance, generation=1, fill=1):
    return instance * 32 + f"{generation:016x}{fill}"


class Lock:
    def __init__(self, server):
        self.client = server.client()
        self.command = self.client.command

    def claim(self, holder, ms=5000, again=""):
        return self.command("EVAL", SCRIPTS["claim"], 1, LOCK, holder, ms,
                            again)

    def release(self, holder, ms=0):
        return self.command("EVAL", SCRIPTS["release"], 1, LOCK, holder, ms,
                            "ec:z:fills", "m")

    def value(self):
        return self.command("GET", LOCK)


@pytest.fixture
def lock(redis):
    return Lock(redis)


def test_one_holds_it(lock):
    assert lock.claim(token("a")) == HELD
    assert lock.claim(token("b")) == ELSEWHERE
    assert 0 < lock.command("PTTL", LOCK) <= 5000
    assert lock.release(token("b")) == 0
    assert lock.release(token("a")) == 1


def test_the_next_one_looks_first(lock):
    lock.claim(token("a"))
    lock.release(token("a"))
    assert lock.claim(token("b")) == RELEASED
    assert lock.claim(token("b"), again="1") == HELD


def test_what_is_not_shared_is_remembered(lock):
    lock.claim(token("a"))
    lock.release(token("a"), 10_000)
    assert lock.claim(token("b")) == NOT_SHARED
    assert lock.claim(token("b"), again="1") == NOT_SHARED
    assert 5000 < lock.command("PTTL", LOCK) <= 10_000


def test_an_instance_takes_over_its_own(lock):
    """The worker that held it has died."""
    lock.claim(token("a", fill=1))
    assert lock.claim(token("a", fill=2)) == HELD
    assert lock.release(token("a", fill=1)) == 0
    assert lock.release(token("a", fill=2)) == 1


def test_who_knows_of_a_later_purge_takes_it_over(lock):
    lock.claim(token("a", generation=7))
    assert lock.claim(token("b", generation=7)) == ELSEWHERE
    assert lock.claim(token("b", generation=6)) == ELSEWHERE
    assert lock.claim(token("b", generation=8)) == HELD
    assert lock.claim(token("a", generation=7)) == ELSEWHERE


def test_who_waits_is_told_also_after_a_change_of_hands(lock, redis):
    listener = redis.client()
    listener.command("SUBSCRIBE", "ec:z:fills")
    lock.claim(token("a"))
    lock.claim(token("c"))
    lock.claim(token("b", generation=2))
    assert lock.value().endswith(b"+")
    assert lock.release(token("b", generation=2)) == 1
    assert listener.read() == [b"message", b"ec:z:fills", b"m"]


def test_nobody_is_told_when_nobody_waits(lock):
    lock.claim(token("a"))
    before = lock.command("INFO", "commandstats")
    lock.release(token("a"))
    assert b"cmdstat_publish" not in before
    assert b"cmdstat_publish" not in lock.command("INFO", "commandstats")


def test_a_lock_without_an_end_holds_up_nobody(lock):
    """Somebody else wrote it: every miss would wait."""
    lock.command("SET", LOCK, token("b", generation=9))
    assert lock.claim(token("a")) == HELD
    assert 0 < lock.command("PTTL", LOCK) <= 5000


@pytest.mark.parametrize("value", ["", "x", "=" * 100, "-" * 40])
def test_a_strange_lock_ends_with_its_time(lock, value):
    lock.command("SET", LOCK, value, "PX", 300)
    assert lock.claim(token("a")) in (HELD, ELSEWHERE)
    wait_until(lambda: lock.claim(token("a")) == HELD, 5, "its end")
