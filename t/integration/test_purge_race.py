"""Fills that a purge overtakes: sent to those who waited, never stored."""

import threading

import pytest

from lib.cached import logged, metric, purge, verdict
from lib.origin import Reply
from lib.wait import wait_until

KINDS = [{"tags": ["t"]}, {"url": "/"}, {"path": "/"}, {"prefix": "/"},
         {"all": True}, {"tags": ["t"], "mode": "soft"}]


@pytest.fixture
def race(cached, origin):
    """Purges while the first answer to / is held back at `where`."""
    def run(where, body, location=""):
        gate = threading.Event()
        fields = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}
        origin.on("/", [Reply(headers=fields, body=b"old", **{where: gate}),
                        Reply(headers=fields, body=b"new")])
        nginx = cached(location)
        with nginx.connect() as client:
            client.send_request("GET", "/")
            origin.wait_for("/")
            if where == "body_wait":
                wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                                          result="started") == 1)
            purge(nginx, **body)
            gate.set()
            yield nginx, client

    return run


@pytest.mark.parametrize("where", ["wait", "body_wait"])
@pytest.mark.parametrize("body", KINDS)
def test_what_was_under_way_is_not_stored(race, origin, where, body):
    for nginx, client in race(where, body):
        assert client.read_response().body == b"old"
        response = nginx.get("/")
        assert (verdict(response)[0], response.body) == ("MISS", b"new")
        assert nginx.get("/").body == b"new"
        assert origin.count("/") == 2
        wait_until(lambda: ("MISS", "purged") in logged(nginx))


def test_another_purge_does_not_matter(race, origin):
    for nginx, client in race("wait", {"tags": ["other"]}):
        assert client.read_response().body == b"old"
        response = nginx.get("/")
        assert (verdict(response), response.body) == (("HIT", None), b"old")


def test_a_purge_between_hits_under_load(cached, origin):
    """After its 200 nobody, on any worker, gets what was before."""
    lock = threading.Lock()
    floor = [1]
    wrong = []
    stop = threading.Event()
    nginx = cached(workers=2)

    def read():
        while not stop.is_set():
            with lock:
                least = floor[0]
            with nginx.connect() as client:
                for _ in range(20):
                    version = client.request("GET", "/").json()["version"]
                    if version < least:
                        wrong.append((version, least))
                    with lock:
                        least = floor[0]

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        origin.bump()
        version = origin.version
        purge(nginx, url="/")
        with lock:
            floor[0] = version
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    # Readers share a fetch, and several purges may come between two of them.
    assert origin.count("/") > 10
