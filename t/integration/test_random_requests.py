"""Random requests of many tenants and variants: each gets the answer made for
exactly it.  EDGE_RANDOM_REQUESTS sets how many."""

import json
import os
import random
import threading

import pytest

from lib.cached import purge
from lib.origin import Reply

COUNT = int(os.environ.get("EDGE_RANDOM_REQUESTS", 10_000))
THREADS = 4
TENANTS = ["a", "b", "ab", "a/x", "/x", "x" * 100]
LANGUAGES = [None, "", "de", "en", "de, en"]
PATHS = ["/", "/x", "/x/", "/x/y", "/x%2fy", "/a/x", "/vary", "/vary/x"]
QUERIES = ["", "?", "?a=1", "?a=1&b=2", "?b=2&a=1", "?a=%31"]


def answer(request):
    """Says whom it is for; below /vary the language makes a difference."""
    varies = request.path.startswith("/vary")
    body = {"tenant": request["X-Tenant"], "target": request.target,
            "language": request["X-Language"] if varies else "any"}
    fields = {"Cache-Control": "max-age=1", "Surrogate-Key": "tag"}
    if varies:
        fields["Vary"] = "X-Language"
    return Reply(headers=fields, body=json.dumps(body).encode() + b" " * (
        len(request.target) * 37))


def random_request(rng):
    target = rng.choice(PATHS) + rng.choice(QUERIES)
    headers = {"X-Tenant": rng.choice(TENANTS)}
    language = rng.choice(LANGUAGES)
    if language is not None:
        headers["X-Language"] = language
    varies = target.startswith("/vary")
    return target, headers, {
        "tenant": headers["X-Tenant"], "target": target,
        "language": (language or None) if varies else "any"}


def differs(response, expected):
    got = response.json()
    # nginx drops an empty field on the way to the origin.
    got["language"] = got["language"] or None
    return got != expected


class Load:
    def __init__(self, nginx, count):
        self.nginx = nginx
        self.count = count
        self.wrong = []
        self.statuses = []

    def run(self):
        threads = [threading.Thread(target=self._run, args=[seed])
                   for seed in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(self.statuses) == self.count  # no thread gave up
        return self

    @property
    def hits(self):
        return self.statuses.count("HIT")

    def _run(self, seed):
        rng = random.Random(seed)
        with self.nginx.connect() as connection:
            for _ in range(self.count // THREADS):
                target, headers, expected = random_request(rng)
                response = connection.request("GET", target, headers)
                self.statuses.append(response["X-Cache"])
                if differs(response, expected):
                    self.wrong.append((target, headers, response))


@pytest.fixture(autouse=True)
def scripted(origin):
    for path in PATHS:
        origin.on(path, answer)


KEEP = "keepalive_requests 1000000;"


@pytest.mark.limit(60 + COUNT / 200)
def test_nobody_gets_an_answer_made_for_another(cached):
    nginx = cached("edge_cache_tenant $http_x_tenant;", workers=2,
                   server=KEEP, zone="z:1m selectors=64")
    load = Load(nginx, COUNT)
    stop = threading.Event()

    def disturb():
        while not stop.wait(0.2):
            purge(nginx, tenant=random.choice(TENANTS), tags=["tag"])

    purges = threading.Thread(target=disturb)
    purges.start()
    load.run()
    stop.set()
    purges.join()
    assert load.wrong == []
    assert load.hits > COUNT / 4


def test_the_checker_finds_a_key_without_the_tenant(edge):
    """The same behind nginx's own cache: it must not pass there."""
    nginx = edge(http="proxy_cache_path cache keys_zone=own:1m;",
                 server=KEEP, location="""
        proxy_cache own; proxy_cache_valid 1s;
        add_header X-Cache $upstream_cache_status;""")
    load = Load(nginx, 1000).run()
    assert load.hits > 250
    assert len(load.wrong) > 100
