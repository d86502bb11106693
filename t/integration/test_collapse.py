"""One fetch for all who ask for the same while it is under way."""

import os
import signal
import time

import pytest

from lib.cached import metric, purge, verdict
from lib.client import answers
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.waiters import STATUS, ask, waiting

FRESH = {"Cache-Control": "max-age=60"}
PRIVATE = {"Cache-Control": "private"}


def running(nginx):
    return metric(nginx, "edge_cache_fills_running")


def waits(nginx, result):
    return metric(nginx, "edge_cache_waits_total", result=result)


def nothing_left(nginx):
    wait_until(lambda: running(nginx) == 0, 5, "the end of all fills")
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               5, "the release of all pins")


@pytest.fixture
def edge_with(cached):
    def start(location="", **pieces):
        pieces.setdefault("server", STATUS)
        return cached(location, **pieces)

    return start


@pytest.mark.limit(120)
def test_a_thousand_clients_of_four_workers_cost_one_fetch(
        edge_with, origin, gate, capsys):
    origin.on("/", Reply(headers=FRESH, body=b"x" * 2000, wait=gate))
    nginx = edge_with(workers=4)
    clients = ask(nginx, 1000)
    waiting(nginx, 1000)
    begun = time.monotonic()
    gate.set()
    responses = answers(clients)
    took = time.monotonic() - begun
    assert {len(r.body) for r in responses} == {2000}
    assert origin.count("/") == 1
    kinds = [verdict(r)[0] for r in responses]
    assert kinds.count("MISS") == 1 and kinds.count("HIT") == 999
    assert waits(nginx, "hit") == 999
    with capsys.disabled():
        print(f" [the last of 1000 after {took * 1000:.0f} ms]", end="")
    nothing_left(nginx)


def test_without_the_lock_everybody_fetches(edge_with, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = edge_with("edge_cache_lock off;")
    clients = ask(nginx, 5)
    origin.wait_for("/", 5)
    gate.set()
    answers(clients)


def test_variants_do_not_wait_for_one_another(edge_with, origin, gate):
    def reply(request):
        return Reply(headers={**FRESH, "Vary": "X-A"},
                     body=(request["X-A"] or "").encode(),
                     wait=None if request["X-A"] == "0" else gate)

    origin.on("/", reply)
    nginx = edge_with()
    nginx.get("/", {"X-A": "0"})
    clients = [ask(nginx, 20, headers={"X-A": a}) for a in "ab"]
    origin.wait_for("/", 3)
    waiting(nginx, 40)
    gate.set()
    for a, group in zip("ab", clients):
        assert {r.text for r in answers(group)} == {a}
    assert origin.count("/") == 3


def test_the_first_answer_with_vary_serves_its_variant_only(edge_with, origin,
                                                            gate):
    """Nobody knew of the variants when these began to wait."""
    origin.on("/", [
        lambda request: Reply(headers={**FRESH, "Vary": "X-A"},
                              body=request["X-A"].encode(), wait=gate),
        lambda request: Reply(headers={**FRESH, "Vary": "X-A"},
                              body=request["X-A"].encode())])
    nginx = edge_with()
    clients = ask(nginx, 1, headers={"X-A": "a"})
    origin.wait_for("/")
    clients += ask(nginx, 10, headers={"X-A": "a"})
    others = ask(nginx, 10, headers={"X-A": "b"})
    waiting(nginx, 21)
    gate.set()
    assert {r.text for r in answers(clients)} == {"a"}
    assert {r.text for r in answers(others)} == {"b"}
    assert origin.count("/") == 2


def test_a_hot_private_url_is_not_serialised(edge_with, origin, capsys):
    origin.on("/", Reply(headers=PRIVATE, body=b"mine", delay=0.5))
    nginx = edge_with(workers=2)
    took = []
    for _ in range(2):
        begun = time.monotonic()
        responses = answers(ask(nginx, 200))
        took.append(time.monotonic() - begun)
        assert {verdict(r) for r in responses} == {("MISS",
                                                    "response_private")}
    assert origin.count("/") == 400
    with capsys.disabled():
        print(" [200 in %.2f s, then in %.2f s]" % tuple(took), end="")
    # One after the other it would be 100 s.
    assert max(took) < 20
    assert metric(nginx, "edge_cache_hits_for_miss_total") >= 399
    assert waits(nginx, "fetch") <= 199


def test_what_is_stored_after_all_is_waited_for_again(edge_with, origin, gate):
    origin.on("/", [Reply(headers=PRIVATE), Reply(headers=FRESH),
                    Reply(headers=FRESH, body=b"3", wait=gate)])
    nginx = edge_with()
    nginx.get("/")
    nginx.get("/")
    purge(nginx, url="/")
    clients = ask(nginx, 5)
    waiting(nginx, 5)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"3"}
    assert origin.count("/") == 3


def test_a_cookie_does_not_stop_others_from_waiting(edge_with, origin, gate):
    """What is refused to a client with a cookie is not private for all."""
    def reply(request):
        with_cookie = request["Cookie"] is not None
        return Reply(headers={}, body=b"x", wait=None if with_cookie else gate)

    origin.on("/", reply)
    nginx = edge_with("edge_cache_valid 60s;")
    assert verdict(nginx.get("/", {"Cookie": "a=1"})) == ("MISS", "cookies")
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    gate.set()
    answers(clients)
    assert origin.count("/") == 2


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_releases_all_at_once(edge_with, origin, gate, status):
    origin.on("/", [Reply(status, wait=gate), Reply(status, delay=0.3)])
    nginx = edge_with()
    clients = ask(nginx, 30)
    waiting(nginx, 30)
    begun = time.monotonic()
    gate.set()
    assert {r.status for r in answers(clients)} == {status}
    assert time.monotonic() - begun < 5
    nothing_left(nginx)


def test_a_cut_off_answer_is_asked_for_again(edge_with, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"x" * 1000, cut=10, wait=gate),
                    Reply(headers=FRESH, body=b"whole")])
    nginx = edge_with()
    first, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 10)
    waiting(nginx, 11)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"whole"}
    first.close()
    nothing_left(nginx)


def test_a_filler_that_leaves_is_replaced(edge_with, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with("edge_cache_ignore_client_abort off;", workers=2)
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 30)
    waiting(nginx, 31)
    leader.abort()
    assert {r.body for r in answers(clients)} == {b"2"}
    assert origin.count("/") == 2
    nothing_left(nginx)


@pytest.mark.parametrize("others", [1, 3])
def test_a_filler_that_is_killed_is_replaced(edge_with, origin, gate, others):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    port = free_port()  # whose clients are spread over the workers
    nginx = edge_with(workers=1 + others, graceful=False, server=f"""
        listen 127.0.0.1:{port} reuseport;
        location = /status {{ stub_status; }}""")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    owner = nginx.worker_that_asks(origin.address)
    clients = ask(nginx, 60, port=port)
    waiting(nginx, 61)
    nginx.kill_worker(pid=owner)
    served = 0
    for client in clients:
        try:
            served += client.read_response().body == b"2"
        except Exception:
            pass  # its worker is the dead one
        client.close()
    leader.close()
    assert served > 0
    assert origin.count("/") == 2
    wait_until(lambda: len(nginx.workers()) == 1 + others)
    nothing_left(nginx)


def test_a_filler_that_hangs_is_replaced(edge_with, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with("edge_cache_lock_age 300ms;", graceful=False)
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 20)
    assert {r.body for r in answers(clients)} == {b"2"}
    assert origin.count("/") == 2
    gate.set()
    assert answers([leader])[0].body == b"1"


def test_nobody_waits_longer_than_the_timeout(edge_with, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with("edge_cache_lock_timeout 300ms;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    response, = answers(ask(nginx, 1))
    assert (response.body, verdict(response)) == (b"2",
                                                  ("MISS", "lock_timeout"))
    assert waits(nginx, "timeout") == 1
    gate.set()
    answers([leader])


def test_only_so_many_wait(edge_with, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = edge_with(http="edge_cache_lock_waits 3;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 3)
    waiting(nginx, 4)
    assert verdict(answers(ask(nginx, 1))[0]) == ("MISS", "lock_waits")
    gate.set()
    answers(clients + [leader])


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/"}, {"all": True}])
def test_a_purge_while_many_wait(edge_with, origin, gate, body):
    """Nobody who came after the purge gets what was asked for before it."""
    fields = {**FRESH, "Surrogate-Key": "t"}
    origin.on("/", [Reply(headers=fields, body=b"old", wait=gate),
                    Reply(headers=fields, body=b"new")])
    nginx = edge_with(workers=2)
    before = ask(nginx, 20)
    origin.wait_for("/")
    waiting(nginx, 20)
    purge(nginx, **body)
    after = ask(nginx, 20)
    if "tags" in body:  # known with the answer's header only
        waiting(nginx, 40)
        gate.set()
    assert {r.body for r in answers(after)} == {b"new"}
    gate.set()
    assert [r.body for r in answers(before)].count(b"old") <= 1
    assert origin.count("/") == 2
    nothing_left(nginx)


def test_a_purge_by_name_is_not_waited_out(edge_with, origin, gate):
    """The fill that the purge has overtaken is still under way."""
    origin.on("/", [Reply(headers=FRESH, body=b"old", wait=gate),
                    Reply(headers=FRESH, body=b"new")])
    nginx = edge_with()
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    purge(nginx, url="/")
    assert nginx.get("/").body == b"new"
    gate.set()
    assert answers([leader])[0].body == b"old"
    assert nginx.get("/").body == b"new"


def test_clients_that_leave_while_they_wait(edge_with, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = edge_with(workers=2)
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    fds = [len(os.listdir(f"/proc/{pid}/fd")) for pid in nginx.workers()]
    for _ in range(5):
        clients = ask(nginx, 100)
        waiting(nginx, 100)
        for client in clients:
            client.abort()
    wait_until(lambda: waits(nginx, "gone") == 500)
    wait_until(lambda: [len(os.listdir(f"/proc/{pid}/fd"))
                        for pid in nginx.workers()] == fds, 5,
               "as many descriptors as before")
    assert running(nginx) == 1
    gate.set()
    assert answers([leader])[0].body == b"x"
    nothing_left(nginx)


def test_limits_are_decided_before_anybody_waits(edge_with, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = edge_with("edge_limit zone=l;",
                      http="edge_limit_zone $host zone=l:1m rate=1r/m"
                           " burst=2;")
    clients = ask(nginx, 2)
    origin.wait_for("/")
    waiting(nginx, 2)
    assert nginx.get("/").status == 429
    gate.set()
    assert {r.status for r in answers(clients)} == {200}


def test_a_reload_leaves_nobody_waiting(edge_with, origin, gate):
    """Old and new workers of one number watch the same eventfd."""
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = edge_with(workers=2)
    before = ask(nginx, 20)
    waiting(nginx, 20)
    fds = len(os.listdir(f"/proc/{nginx.pid}/fd"))
    nginx.reload()
    after = ask(nginx, 20)
    waiting(nginx, 20)
    gate.set()
    assert {r.body for r in answers(before + after)} == {b"x"}
    assert origin.count("/") == 1
    for _ in range(2):
        nginx.reload()
    wait_until(lambda: len(os.listdir(f"/proc/{nginx.pid}/fd")) == fds, 10,
               "as many descriptors as before")


def test_a_worker_ends_with_its_waiting_requests(edge_with, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = edge_with()
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    os.kill(nginx.pid, signal.SIGQUIT)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"x"}


def test_a_fetch_that_is_elsewhere_redirected_releases(edge_with, origin,
                                                       gate):
    """error_page takes the leader to another location."""
    origin.on("/", [Reply(404, wait=gate), Reply(404)])
    nginx = edge_with("proxy_intercept_errors on; error_page 404 /gone;",
                      server="""location = /status { stub_status; }
                                location = /gone { return 200 gone; }""")
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    gate.set()
    assert {r.text for r in answers(clients)} == {"gone"}
    nothing_left(nginx)


def test_a_fill_that_ends_between_lookup_and_join_is_found(edge_with, origin):
    """Another worker had stored it meanwhile: it was fetched twice."""
    origin.headers = FRESH
    nginx = edge_with(workers=4)
    for i in range(200):
        clients = ask(nginx, 30, f"/{i}")
        assert all(r.status == 200 for r in answers(clients))
        assert origin.count(f"/{i}") == 1


def test_time_spent_waiting_is_no_age(cached, origin, gate):
    """RFC 9111 4.2.3 counts from the request to the origin."""
    origin.on("/", [Reply(headers=PRIVATE, wait=gate), Reply(headers=FRESH)])
    nginx = cached()
    with nginx.connect() as first, nginx.connect() as second:
        first.send_request("GET", "/")
        origin.wait_for("/")
        second.send_request("GET", "/")
        time.sleep(2.2)
        assert origin.count("/") == 1
        gate.set()
        assert second.read_response()["X-Cache"] == "MISS"
    hit = nginx.get("/")
    assert hit["X-Cache"] == "HIT"
    assert int(hit["Age"]) < 2
