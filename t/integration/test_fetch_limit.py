"""No more than so many fetches at a time for one upstream."""

import os
import signal
import time

import pytest

from lib.cached import metric, verdict
from lib.client import answers
from lib.gauge import Gauge
from lib.origin import Reply
from lib.wait import wait_until
from lib.warming import warm

FRESH = {"Cache-Control": "max-age=60"}
PRIVATE = {"Cache-Control": "private"}


def ask(nginx, targets):
    clients = [nginx.connect(timeout=30) for _ in targets]
    for client, target in zip(clients, targets):
        client.send_request("GET", target)
    return clients


def running(nginx, **labels):
    return metric(nginx, "edge_cache_fetches_running", **labels)


def held(nginx, result):
    return metric(nginx, "edge_cache_fetches_held_total", result=result)


@pytest.mark.parametrize("headers", [FRESH, PRIVATE], ids=["fills", "passes"])
@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_than_the_limit(cached, origin, headers, workers):
    gauge = Gauge(headers)
    for i in range(30):
        origin.on(f"/{i}", gauge)
    nginx = cached("edge_cache_fetch_limit 4;", workers=workers)
    responses = answers(ask(nginx, [f"/{i}" for i in range(30)]))
    assert [r.text for r in responses] == [f"/{i}" for i in range(30)]
    assert gauge.most <= 4
    assert held(nginx, "waited") >= 20
    assert held(nginx, "passed") == 0
    wait_until(lambda: running(nginx) == 0)


def test_hits_need_no_turn(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1;")
    nginx.get("/hit")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    assert verdict(nginx.get("/hit")) == ("HIT", None)
    gate.set()
    answers(clients)


def test_what_cannot_be_stored_needs_none(cached, origin, gate):
    """Only requests that may fill count."""
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1;")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    with nginx.connect() as client:
        assert client.request("POST", "/", body="x").status == 200
    gate.set()
    answers(clients)


def test_after_the_timeout_it_is_passed_on(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1; edge_cache_lock_timeout 200ms;")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    begun = time.monotonic()
    response = nginx.get("/other")
    assert time.monotonic() - begun > 0.19
    assert (response.status, verdict(response)) == (200,
                                                    ("MISS", "fetch_limit"))
    assert held(nginx, "passed") == 1
    gate.set()
    answers(clients)


def test_or_refused(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1 busy=503;"
                   " edge_cache_lock_timeout 200ms;")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    response = nginx.get("/other")
    assert (response.status, response["Retry-After"]) == (503, "1")
    assert origin.count("/other") == 0
    assert held(nginx, "refused") == 1
    gate.set()
    answers(clients)
    # That it was refused says nothing of the resource.
    assert nginx.get("/other").status == 200
    assert verdict(nginx.get("/other")) == ("HIT", None)


def test_a_refusal_is_no_failure_of_the_origin(cached, origin, gate):
    """What is stale was sent in its place, and to all others for a while."""
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=10",
                                   "Age": "11"}, body=b"old"),
                    Reply(headers=FRESH, body=b"new")])
    nginx = cached("edge_cache_fetch_limit 1 busy=503;"
                   " edge_cache_lock_timeout 200ms;"
                   " edge_cache_use_stale http_503 1m;")
    nginx.get("/")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    response = nginx.get("/")
    assert (response.status, response["Retry-After"]) == (503, "1")
    gate.set()
    answers(clients)
    wait_until(lambda: running(nginx) == 0)
    assert nginx.get("/").body == b"new"


@pytest.mark.parametrize("allowed, status", [
    ("stale-while-revalidate=60", "UPDATING"), ("stale-if-error=60", "STALE")])
def test_what_may_be_sent_stale_does_not_wait(cached, origin, gate, allowed,
                                              status):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    origin.on("/", Reply(headers={"Cache-Control": f"max-age=10, {allowed}",
                                  "Age": "11"}, body=b"old"))
    nginx = cached("edge_cache_fetch_limit 1;"
                   " edge_cache_background_update off;")
    nginx.get("/")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")
    response = nginx.get("/")
    assert (response.body, verdict(response)) == (b"old", (status, None))
    assert origin.count("/") == 1
    gate.set()
    answers(clients)


def test_each_upstream_has_its_own(cached, origin, gate):
    origin.on("/a/held", Reply(headers=FRESH, body=b"x", wait=gate))
    limit = "edge_cache z; edge_cache_fetch_limit 1 upstream="
    nginx = cached(locations={"/a/": f"{limit}a;", "/aa/": f"{limit}a;",
                              "/b/": f"{limit}b;"})
    clients = ask(nginx, ["/a/held"])
    origin.wait_for("/a/held")
    assert nginx.get("/b/").status == 200
    clients += ask(nginx, ["/aa/"])
    assert running(nginx, upstream="a") == 1
    assert running(nginx, upstream="b") == 0
    time.sleep(0.1)
    assert origin.count("/aa/") == 0
    gate.set()
    answers(clients)


@pytest.mark.parametrize("reply", [
    Reply(503), Reply(headers=FRESH, body=b"x" * 1000, cut=10), Reply(204),
    Reply(304), Reply(headers=FRESH, body=b"x" * 100_000, framing="chunked")])
def test_a_turn_ends_however_the_answer_does(cached, origin, reply):
    for i in range(5):
        origin.on(f"/{i}", reply)
    nginx = cached("edge_cache_fetch_limit 1; edge_cache_lock_timeout 20s;")
    for i, method in enumerate(["GET", "HEAD"] * 2):
        with nginx.connect() as client:
            client.send_request(method, f"/{i}")
            client.read_head()
    wait_until(lambda: running(nginx) == 0)
    assert held(nginx, "passed") == 0


def test_clients_that_leave(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 2; edge_cache_lock off;"
                   " edge_cache_ignore_client_abort off;")
    with_turn = ask(nginx, ["/held?1", "/held?2"])
    origin.wait_for("/held", 2)
    waiting = ask(nginx, [f"/held?w{i}" for i in range(50)])
    time.sleep(0.1)
    for client in waiting:
        client.abort()
    for client in with_turn:
        client.abort()
    wait_until(lambda: running(nginx) == 0)
    gate.set()
    assert nginx.get("/").status == 200


def test_a_worker_that_is_killed_gives_back_its_turns(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 2; edge_cache_lock_timeout 20s;",
                   workers=1, graceful=False)
    clients = ask(nginx, ["/held?1", "/held?2"])
    origin.wait_for("/held", 2)
    assert running(nginx) == 2
    nginx.kill_worker()
    wait_until(lambda: nginx.workers())
    assert nginx.get("/").status == 200
    wait_until(lambda: running(nginx) == 0)
    for client in clients:
        client.close()


def test_a_reload_keeps_the_count(cached, origin, gate):
    """Old and new workers share what is allowed."""
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 2;")
    clients = ask(nginx, ["/held?1", "/held?2"])
    origin.wait_for("/held", 2)
    nginx.reload()
    clients += ask(nginx, ["/new"])
    time.sleep(0.2)
    assert (running(nginx), origin.count("/new")) == (2, 0)
    gate.set()
    assert {r.status for r in answers(clients)} == {200}
    wait_until(lambda: running(nginx) == 0)


def test_a_worker_ends_with_those_that_wait(cached, origin, gate):
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1;")
    clients = ask(nginx, ["/held", "/1", "/2"])
    origin.wait_for("/held")
    os.kill(nginx.pid, signal.SIGQUIT)
    gate.set()
    assert {r.status for r in answers(clients)} == {200}


def test_what_is_fetched_in_the_background_counts(cached, origin, gate):
    soon = {"Cache-Control": "max-age=30"}
    origin.on("/", [Reply(headers=soon, body=b"x", delay=0.1)])
    origin.on("/held", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = cached("edge_cache_fetch_limit 1; edge_cache_early_refresh 1000;")
    nginx.get("/")
    clients = ask(nginx, ["/held"])
    origin.wait_for("/held")

    def is_refused():
        nginx.get("/")
        return metric(nginx, "edge_cache_refused_total",
                      reason="fetch_limit") >= 1

    wait_until(is_refused)
    assert origin.count("/") == 1
    gate.set()
    answers(clients)


# A request that nginx leads elsewhere must not wait for its own turn.

def led(limit):
    """The pieces of a server whose try_files leads from one limited location
    to another."""
    lines = f"edge_cache_fetch_limit {limit}; edge_cache_lock_timeout 20s;"
    return {"location": lines + "try_files /none @api;",
            "locations": {"@api": "edge_cache z;" + lines}}


def test_a_request_that_try_files_leads_has_one_turn(cached, origin):
    nginx = cached(**led("1 busy=503"))
    assert nginx.get("/").status == 200
    assert held(nginx, "waited") == 0


def test_a_request_that_index_leads_has_one_turn(cached, tmp_path):
    (tmp_path / "index.html").write_text("index")
    nginx = cached(server=f"""
        location /i/ {{
            alias {tmp_path}/;
            edge_cache z;
            edge_cache_valid 60s;
            edge_cache_fetch_limit 1 busy=503;
            edge_cache_lock_timeout 20s;
        }}""")
    assert nginx.get("/i/").body == b"index"
    assert held(nginx, "waited") == 0


def test_requests_that_try_files_leads_are_limited(cached, origin):
    gauge = Gauge(FRESH)
    targets = [f"/{i}" for i in range(12)]
    for target in targets:
        origin.on(target, gauge)
    nginx = cached(**led("2 busy=503"))
    responses = answers(ask(nginx, targets))
    assert [r.text for r in responses] == targets
    assert gauge.most <= 2
    wait_until(lambda: running(nginx) == 0)


def test_a_warm_up_that_try_files_leads_has_one_turn(cached, origin):
    said = warm(cached(**led("1")), "/a", "/b")
    assert (said["stored"], said["failed"]) == (2, 0)
