"""Large answers from Redis: received where they stay, in memory used again."""

from contextlib import ExitStack

import pytest

from lib.client import Connection
from lib.fleet import origin_of_hit, wait_stored
from lib.nginx import NGINX_BIN
from lib.origin import Reply

LARGE = bytes(range(256)) * 4096  # 1 MB
# In megabytes: in a zone of 4 MB is no room for the larger ones.
SIZES = [4] * 3 + [1] * 5
PAGE = 4096


@pytest.fixture
def reader(fleet, origin):
    """An instance that finds large answers in Redis, most of them there only.
    They may take their time."""
    settings = {"location": "edge_cache_max_size 8m;",
                "redis_lines": "timeout 10s; connect_timeout 10s;"}
    filler, = fleet.start(join=False, size="32m", **settings)
    reader, = fleet.start(join=False, **settings)
    fleet.wait_joined()
    for i, size in enumerate(SIZES):
        origin.on(f"/{i}", Reply(headers={"Cache-Control": "max-age=60"},
                                 body=LARGE[i:] * size))
        filler.get(f"/{i}")
        wait_stored(filler, i + 1)
    return reader


def ask_all(connections, targets):
    """All at once, so that their replies follow each other."""
    asked = connections[:len(targets)]
    for connection, target in zip(asked, targets):
        connection.send_request("GET", target)
    return [connection.read_response() for connection in asked]


def page_faults(nginx):
    worker, = nginx.workers()
    with open(f"/proc/{worker}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[7])


@pytest.fixture
def connections(reader):
    with ExitStack() as stack:
        yield [stack.enter_context(Connection(reader.port))
               for _ in SIZES]


def test_replies_one_behind_the_other_are_each_its_own(reader, connections):
    targets = [f"/{i}" for i in range(len(SIZES))]
    for _ in range(3):
        for i, response in enumerate(ask_all(connections, targets)):
            assert response["X-Cache"] == "HIT"
            assert response.body == LARGE[i:] * SIZES[i]


@pytest.mark.skipif(NGINX_BIN != "nginx",
                    reason="sanitizers keep what was freed")
def test_large_answers_again_and_again_cost_no_new_pages(reader, connections):
    """malloc gave the memory of each back to the kernel."""
    targets = ["/0", "/1", "/2"]
    rounds = 8

    def ask():
        for response in ask_all(connections, targets):
            assert origin_of_hit(response) == ("HIT", "redis")

    ask()
    before = page_faults(reader)
    for _ in range(rounds):
        ask()
    pages = rounds * len(targets) * SIZES[0] * len(LARGE) // PAGE
    assert page_faults(reader) - before < pages / 10
