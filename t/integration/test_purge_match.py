"""Purges of what has all of several tags, on several instances."""

import threading

import pytest

from lib.cached import metric, purge
from lib.fleet import LOG, log_metric, try_purge, wait_acknowledged, wait_stored
from lib.origin import Reply
from lib.wait import wait_until

BOTH = {"tags": ["news", "paris"], "match": "all"}
TAGS = {"/both": "news x paris", "/news": "news", "/paris": "paris y"}


@pytest.fixture
def tagged_targets(origin):
    for target, tags in TAGS.items():
        origin.on(target, Reply(headers={"Cache-Control": "max-age=60",
                                         "Surrogate-Key": tags}, body=b"x"))
    return origin


def warm(*fleet):
    for nginx in fleet:
        for target in TAGS:
            nginx.get(target)


def hits(nginx):
    return [target for target in TAGS
            if nginx.get(target)["X-Cache"] == "HIT"]


OTHERS = ["/news", "/paris"]


def test_all_tags_are_needed_on_either_instance(fleet, tagged_targets):
    pair = fleet.start(2)
    warm(*pair)
    for purger in pair:
        assert purge(purger, **BOTH)["instances"]["applied"] == 2
        assert log_metric(purger, "tag_sets") == 1
        first, second = pair if purger is pair[1] else pair[::-1]
        assert hits(first) == OTHERS
        # What the first has fetched since is new.
        assert hits(second) == list(TAGS)
        assert hits(first) == list(TAGS)


def test_what_lies_in_redis_alone_is_compared_too(fleet, tagged_targets):
    a, b = fleet.start(2)
    warm(a)
    wait_stored(a, 3)
    purge(b, **BOTH)
    assert [b.get(target)["X-Tier"] for target in TAGS] == [
        None, "redis", "redis"]


def test_a_fill_that_began_before_is_not_kept(cached, origin):
    gate = threading.Event()
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Surrogate-Key": "news paris"},
                         body=b"x", wait=gate))
    nginx = cached()
    with nginx.connect() as client:
        client.send_request("GET", "/")
        origin.wait_for("/")
        purge(nginx, **BOTH)
        gate.set()
        assert client.read_response().body == b"x"
    assert nginx.get("/")["X-Cache"] == "MISS"
    assert nginx.get("/")["X-Cache"] == "HIT"


def test_without_redis_it_holds_here_and_reaches_the_others_exactly(
        fleet, tagged_targets, redis):
    pair = a, b = fleet.start(2)
    warm(*pair)
    redis.kill()
    answer = try_purge(a, **BOTH)
    assert (answer.status, answer.json()["scope"]) == (503, "instance")
    # Of another size: a record of its own.
    assert try_purge(a, tags=["other"]).status == 503
    assert hits(a) == OTHERS
    redis.start()
    wait_until(lambda: log_metric(a, "local_purges") == 0)
    for nginx in pair:
        wait_acknowledged(nginx)
        assert log_metric(nginx, "tag_sets") == 1
    # Two that begin an epoch at once may leave the other in doubt: then it has
    # forgotten more.
    assert hits(b) in (OTHERS, [])


def test_a_log_that_has_lost_it_gets_it_again(fleet, tagged_targets, redis):
    pair = a, _ = fleet.start(2)
    for nginx in pair * 2:
        wait_acknowledged(nginx)
    purge(a, **BOTH)
    purge(a, tags=["x", "y", "z"], match="all", mode="soft")
    redis.command("DEL", LOG)

    def restored():
        records = [dict(zip(fields[::2], fields[1::2])) for _, fields
                   in redis.command("XRANGE", LOG, "-", "+")]
        return {(record[b"m"], record[b"w"], len(record[b"s"]) // 8)
                for record in records if record[b"k"] == b"p"}

    wait_until(lambda: restored() >= {(b"h", b"2", 2), (b"s", b"3", 3)})
    assert metric(a, "edge_cache_log_tag_sets_dropped_total") == 0


@pytest.mark.parametrize("body, word", [
    ({"tags": ["a", "b"], "match": "both"}, "any or all"),
    ({"tags": ["a", "b"], "match": "all", "path": "/"}, "nothing but tags"),
    ({"tags": list("123456789"), "match": "all"}, "at most 8"),
])
def test_what_cannot_be_matched_is_refused(cached, body, word):
    answer = try_purge(cached(), **body)
    assert answer.status == 400
    assert word in answer.json()["detail"]
