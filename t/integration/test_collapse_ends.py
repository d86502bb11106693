"""However a shared fetch ends, all who wait for it are answered."""

import os
import signal
import time

import pytest

from lib.cached import metric, nothing_left
from lib.client import answers
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.waiters import ask, waiting, waits

FRESH = {"Cache-Control": "max-age=60"}


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_releases_all_at_once(counted, origin, gate, status):
    origin.on("/", [Reply(status, wait=gate), Reply(status, delay=0.3)])
    nginx = counted()
    clients = ask(nginx, 30)
    waiting(nginx, 30)
    begun = time.monotonic()
    gate.set()
    assert {r.status for r in answers(clients)} == {status}
    assert time.monotonic() - begun < 5
    nothing_left(nginx)


def test_a_cut_off_answer_is_asked_for_again(counted, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"x" * 1000, cut=10, wait=gate),
                    Reply(headers=FRESH, body=b"whole")])
    nginx = counted()
    first, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 10)
    waiting(nginx, 11)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"whole"}
    first.close()
    nothing_left(nginx)


def test_a_filler_that_leaves_is_replaced(counted, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = counted("edge_cache_ignore_client_abort off;", workers=2)
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 30)
    waiting(nginx, 31)
    leader.abort()
    assert {r.body for r in answers(clients)} == {b"2"}
    assert origin.count("/") == 2
    nothing_left(nginx)


@pytest.mark.parametrize("others", [1, 3])
def test_a_filler_that_is_killed_is_replaced(counted, origin, gate, others):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    port = free_port()  # whose clients are spread over the workers
    nginx = counted(workers=1 + others, graceful=False, server=f"""
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


def test_a_filler_that_hangs_is_replaced(counted, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = counted("edge_cache_lock_age 300ms;", graceful=False)
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 20)
    assert {r.body for r in answers(clients)} == {b"2"}
    assert origin.count("/") == 2
    gate.set()
    assert answers([leader])[0].body == b"1"


def test_clients_that_leave_while_they_wait(counted, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = counted(workers=2)
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
    assert metric(nginx, "edge_cache_fills_running") == 1
    gate.set()
    assert answers([leader])[0].body == b"x"
    nothing_left(nginx)


def test_a_reload_leaves_nobody_waiting(counted, origin, gate):
    """Old and new workers of one number watch the same eventfd."""
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = counted(workers=2)
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


def test_a_worker_ends_with_its_waiting_requests(counted, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = counted()
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    os.kill(nginx.pid, signal.SIGQUIT)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"x"}


def test_a_fetch_that_is_elsewhere_redirected_releases(counted, origin, gate):
    """error_page takes the leader to another location."""
    origin.on("/", [Reply(404, wait=gate), Reply(404)])
    nginx = counted("proxy_intercept_errors on; error_page 404 /gone;",
                    server="""location = /status { stub_status; }
                              location = /gone { return 200 gone; }""")
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    gate.set()
    assert {r.text for r in answers(clients)} == {"gone"}
    nothing_left(nginx)
