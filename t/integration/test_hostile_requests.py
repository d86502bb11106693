"""Random requests with what poisons caches in them, and answers that must not
be shared among those that may.  EDGE_RANDOM_REQUESTS sets how many."""

import hashlib
import json
import os
import random
import threading

import pytest

from lib.origin import Reply

COUNT = int(os.environ.get("EDGE_RANDOM_REQUESTS", 10_000)) // 4
THREADS = 4
KEEP = "keepalive_requests 1000000;"
HUGE = "x" * 5000

# How the origin describes what it answers there.
ANSWERS = {
    "/plain": {"Cache-Control": "max-age=1"},
    "/shared": {"Cache-Control": "public, max-age=1"},
    "/vary": {"Cache-Control": "max-age=1", "Vary": "X-Language"},
    "/cdn": {"Cache-Control": "no-store", "CDN-Cache-Control": "max-age=1"},
    "/search": {"Cache-Control": "max-age=1"},
    "/private": {"Cache-Control": "private, max-age=60"},
    "/secret": {"Cache-Control": "max-age=60, no-store"},
    "/session": {"Cache-Control": "max-age=60"},
    "/here": {"CDN-Cache-Control": "private, max-age=60",
              "Cache-Control": "max-age=60"},
}
UNSHARED = {"/private", "/secret", "/session", "/here"}
HOSTILE = [
    {"Authorization": "Basic YQ=="}, {"Authorization": "Basic Yg=="},
    {"Cookie": "id=a"}, {"Cookie": "id=b"},
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Original-URL": "/private"},
    {"X-Huge": HUGE}, {"X-Odd": "a\x02b"}, {"Range": "bytes=0-3"},
    {"If-None-Match": "*"}, {"If-Modified-Since": "x"},
    {"Connection": "close, X-Tenant"}, {"X-Forwarded-Host": "evil"},
    {"Accept-Language": 'en;q="1"'}, {"Cache-Control": "no-cache, no-store"},
]


def answer(request):
    fields = dict(ANSWERS[request.path])
    if request.path == "/session":
        fields["Set-Cookie"] = f"s={random.random()}"
    status = 200
    if len(request["X-Huge"] or "") > 4096 or request["X-Odd"]:
        status = 400
    if request.path == "/plain" and "q=none" in request.target:
        status, fields = 404, {"Cache-Control": "max-age=1"}
    body = {"tenant": request.all("X-Tenant"), "target": request.target,
            "method": request.method,
            "authorization": request["Authorization"],
            "cookie": request["Cookie"],
            "override": request["X-HTTP-Method-Override"],
            "url": request["X-Original-URL"],
            "language": (request["X-Language"] if request.path == "/vary"
                         else None),
            "body": hashlib.sha256(request.body).hexdigest()}
    return Reply(status, fields, json.dumps(body).encode())


def random_request(rng):
    path = rng.choice(list(ANSWERS))
    target = path + rng.choice(["", "?a=1", "?q=none", "?a=%31"])
    method, body = "GET", b""
    if path == "/search":
        method, body = "POST", rng.choice([b"", b"a", b"b"])
    elif rng.random() < 0.1:
        method = rng.choice(["HEAD", "POST", "PUT"])
    elif rng.random() < 0.05:
        body = b"evil"
    tenant = rng.choice(["a", "b", ["a", "b"]])
    headers = {"X-Tenant": tenant}
    if rng.random() < 0.5:
        headers["X-Language"] = rng.choice(["de", "en"])
    for _ in range(rng.randint(0, 2)):
        headers.update(rng.choice(HOSTILE))
    return method, target, headers, body


def mistakes(method, target, headers, body, response):
    """What the answer shows of somebody else's request."""
    path = target.partition("?")[0]
    tenant = headers["X-Tenant"]
    if path in UNSHARED and response["X-Cache"] == "HIT":
        yield "shared what is not"
    if response.status == 400:
        if not ("X-Huge" in headers or "X-Odd" in headers):
            yield "an error that others have caused"
        return
    if method == "HEAD" or response.status in (206, 304, 416):
        return
    got = response.json()
    if got["tenant"] != (tenant if isinstance(tenant, list) else [tenant]):
        yield "another tenant"
    if got["target"] != target:
        yield "another target"
    if got["body"] != hashlib.sha256(body).hexdigest():
        yield "another body"
    if path == "/vary" and got["language"] != headers.get("X-Language"):
        yield "another variant"
    for name in "authorization", "cookie":
        sent = headers.get(name.title())
        if got[name] not in (sent, None) and path != "/shared":
            yield f"another's {name}"
    for name, header in (("override", "X-HTTP-Method-Override"),
                         ("url", "X-Original-URL")):
        if got[name] != headers.get(header):
            yield f"another's {header}"


class Load:
    def __init__(self, nginx):
        self.nginx = nginx
        self.wrong = []
        self.hits = 0
        self.lock = threading.Lock()

    def run(self, count):
        threads = [threading.Thread(target=self._run, args=[seed, count])
                   for seed in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def _run(self, seed, count):
        rng = random.Random(seed)
        wrong, hits = [], 0
        connection = self.nginx.connect()
        for _ in range(count // THREADS):
            sent = random_request(rng)
            method, target, headers, body = sent
            response = connection.request(method, target, headers, body)
            hits += response["X-Cache"] == "HIT"
            wrong += [(what, sent[:3]) for what in mistakes(*sent, response)]
            if (response["Connection"] or "").lower() == "close":
                connection.close()
                connection = self.nginx.connect()
        connection.close()
        with self.lock:
            self.wrong += wrong
            self.hits += hits


@pytest.fixture(autouse=True)
def scripted(origin):
    for path in ANSWERS:
        origin.on(path, answer)


@pytest.mark.limit(60 + COUNT / 50)
def test_no_answer_shows_somebody_else_s_request(cached):
    tenant = "edge_cache_tenant $http_x_tenant;"
    nginx = cached(tenant, workers=2, server=KEEP, locations={
        "/search": f"edge_cache z; edge_cache_body_key on; {tenant}"
                   "edge_cache_methods POST;"})
    load = Load(nginx).run(COUNT)
    assert load.wrong == []
    assert load.hits > COUNT / 10


def test_the_checker_finds_what_nginx_s_own_cache_shows(edge):
    nginx = edge(http="proxy_cache_path cache keys_zone=own:1m;",
                 server=KEEP, location="""
        proxy_cache own; proxy_cache_key $http_x_tenant$request_uri;
        proxy_cache_methods GET HEAD POST;
        add_header X-Cache $upstream_cache_status always;""")
    load = Load(nginx).run(1000)
    assert {what for what, _ in load.wrong} >= {
        "another's authorization", "another body",
        "an error that others have caused"}
