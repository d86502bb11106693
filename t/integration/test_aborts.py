"""Clients that vanish: nothing they had stays behind."""

import os
import random
import threading
import time

from lib.cached import metric, slow_listen, verdict
from lib.client import Connection, encode_request
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until


def open_files(nginx):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in nginx.workers())


def settled(nginx, before):
    """Idle connections to the origin may be fewer than before."""
    return (metric(nginx, "edge_cache_zone_pinned_objects") == 0
            and open_files(nginx) <= before)


def abort(port, rng, target, method):
    """At any moment: while sending, waiting, or in the middle of the body."""
    client = Connection(port)
    data = encode_request(method, target)
    stage = rng.randrange(4)
    client.send(data[:rng.randrange(1, len(data))] if stage == 0 else data)
    if stage == 2:
        time.sleep(rng.uniform(0, 0.01))
    elif stage == 3 and method == "GET":
        client.read_head()
        client.read(rng.randrange(1, 5000))
    if rng.randrange(2):
        client.abort()
    else:
        client.close()


def test_aborted_requests_leave_nothing(cached, origin):
    fresh = {"Cache-Control": "max-age=60"}
    body = os.urandom(300_000)
    for target in ("/hit", "/small"):
        origin.on(target, Reply(headers=fresh, body=body))
    origin.on("/miss", lambda request: Reply(
        headers=fresh, body=body, body_delay=random.uniform(0, 0.01)))
    origin.on("/chunks", lambda request: Reply(
        headers=fresh, body=body, framing="chunked"))
    port = free_port()
    nginx = cached(workers=2, zone="z:8m", server=slow_listen(port))
    # As many idle connections to the origin as it keeps.
    with_origin = [threading.Thread(target=nginx.get, args=[f"/miss?{i}"])
                   for i in range(40)]
    for thread in with_origin:
        thread.start()
    for thread in with_origin:
        thread.join()
    nginx.get("/hit")
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0)
    before = open_files(nginx) + 2 * 16  # keepalive of two workers

    def run(seed):
        rng = random.Random(seed)
        for number in range(100):
            target = rng.choice(["/hit", f"/miss?{seed}-{number}",
                                 f"/chunks?{seed}-{number}"])
            abort(port, rng, target, rng.choice(["GET", "GET", "HEAD"]))

    threads = [threading.Thread(target=run, args=[i]) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: settled(nginx, before), 10,
               "the end of what aborted clients had")
    assert verdict(nginx.get("/hit")) == ("HIT", None)
    free = metric(nginx, "edge_cache_zone_free_pins")
    nginx.reload()
    wait_until(lambda: len(nginx.all_workers()) == 2)
    assert metric(nginx, "edge_cache_zone_free_pins") >= free


def test_an_aborted_fill_gives_its_memory_back(cached, origin):
    """The budget of fills is as large as before."""
    gate = threading.Event()
    fresh = {"Cache-Control": "max-age=60"}
    origin.on("/held", Reply(headers=fresh, body=b"x" * 60_000,
                             body_wait=gate))
    origin.on("/", Reply(headers=fresh, body=b"x" * 60_000))
    nginx = cached("edge_cache_key $request_uri;"
                   "edge_cache_ignore_client_abort off;",
                   http="edge_cache_fill_memory 64k;")
    for number in range(5):
        with nginx.connect() as client:
            client.send_request("GET", f"/held?{number}")
            wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                                      result="started") == number + 1)
            client.abort()
        wait_until(lambda: metric(nginx, "edge_cache_fills_total",
                                  result="aborted") == number + 1)
    gate.set()
    nginx.get("/")
    assert verdict(nginx.get("/")) == ("HIT", None)
