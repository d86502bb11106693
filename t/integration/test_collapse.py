"""One fetch for all who ask for the same while it is under way."""

import threading
import time

import pytest

from lib.cached import metric, nothing_left, purge, verdict
from lib.client import answers
from lib.origin import Reply
from lib.wait import wait_until
from lib.waiters import ask, waiting, waits

FRESH = {"Cache-Control": "max-age=60"}
PRIVATE = {"Cache-Control": "private"}


@pytest.mark.limit(120)
def test_a_thousand_clients_of_four_workers_cost_one_fetch(
        counted, origin, gate, capsys):
    origin.on("/", Reply(headers=FRESH, body=b"x" * 2000, wait=gate))
    nginx = counted(workers=4)
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


def test_without_the_lock_everybody_fetches(counted, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = counted("edge_cache_lock off;")
    clients = ask(nginx, 5)
    origin.wait_for("/", 5)
    gate.set()
    answers(clients)


def test_variants_do_not_wait_for_one_another(counted, origin, gate):
    def reply(request):
        return Reply(headers={**FRESH, "Vary": "X-A"},
                     body=(request["X-A"] or "").encode(),
                     wait=None if request["X-A"] == "0" else gate)

    origin.on("/", reply)
    nginx = counted()
    nginx.get("/", {"X-A": "0"})
    clients = [ask(nginx, 20, headers={"X-A": a}) for a in "ab"]
    origin.wait_for("/", 3)
    waiting(nginx, 40)
    gate.set()
    for a, group in zip("ab", clients):
        assert {r.text for r in answers(group)} == {a}
    assert origin.count("/") == 3


def test_the_first_answer_with_vary_serves_its_variant_only(counted, origin,
                                                            gate):
    """Nobody knew of the variants when these began to wait."""
    origin.on("/", [
        lambda request: Reply(headers={**FRESH, "Vary": "X-A"},
                              body=request["X-A"].encode(), wait=gate),
        lambda request: Reply(headers={**FRESH, "Vary": "X-A"},
                              body=request["X-A"].encode())])
    nginx = counted()
    clients = ask(nginx, 1, headers={"X-A": "a"})
    origin.wait_for("/")
    clients += ask(nginx, 10, headers={"X-A": "a"})
    others = ask(nginx, 10, headers={"X-A": "b"})
    waiting(nginx, 21)
    gate.set()
    assert {r.text for r in answers(clients)} == {"a"}
    assert {r.text for r in answers(others)} == {"b"}
    assert origin.count("/") == 2


def test_a_hot_private_url_is_not_serialised(counted, origin, capsys):
    origin.on("/", Reply(headers=PRIVATE, body=b"mine", delay=0.5))
    nginx = counted(workers=2)
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


def test_what_is_stored_after_all_is_waited_for_again(counted, origin, gate):
    origin.on("/", [Reply(headers=PRIVATE), Reply(headers=FRESH),
                    Reply(headers=FRESH, body=b"3", wait=gate)])
    nginx = counted()
    nginx.get("/")
    nginx.get("/")
    purge(nginx, url="/")
    clients = ask(nginx, 5)
    waiting(nginx, 5)
    gate.set()
    assert {r.body for r in answers(clients)} == {b"3"}
    assert origin.count("/") == 3


def test_a_cookie_does_not_stop_others_from_waiting(counted, origin, gate):
    """What is refused to a client with a cookie is not private for all."""
    def reply(request):
        with_cookie = request["Cookie"] is not None
        return Reply(headers={}, body=b"x", wait=None if with_cookie else gate)

    origin.on("/", reply)
    nginx = counted("edge_cache_valid 60s;")
    assert verdict(nginx.get("/", {"Cookie": "a=1"})) == ("MISS", "cookies")
    clients = ask(nginx, 10)
    waiting(nginx, 10)
    gate.set()
    answers(clients)
    assert origin.count("/") == 2


def test_nobody_waits_longer_than_the_timeout(counted, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = counted("edge_cache_lock_timeout 300ms;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    response, = answers(ask(nginx, 1))
    assert (response.body, verdict(response)) == (b"2",
                                                  ("MISS", "lock_timeout"))
    assert waits(nginx, "timeout") == 1
    gate.set()
    answers([leader])


def test_only_so_many_wait(counted, origin, gate):
    origin.on("/", [Reply(headers=FRESH, body=b"1", wait=gate),
                    Reply(headers=FRESH, body=b"2")])
    nginx = counted(http="edge_cache_lock_waits 3;")
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    clients = ask(nginx, 3)
    waiting(nginx, 4)
    assert verdict(answers(ask(nginx, 1))[0]) == ("MISS", "lock_waits")
    gate.set()
    answers(clients + [leader])


@pytest.mark.parametrize("body", [{"tags": ["t"]}, {"url": "/"}, {"all": True}])
def test_a_purge_while_many_wait(counted, origin, gate, body):
    """Nobody who came after the purge gets what was asked for before it."""
    fields = {**FRESH, "Surrogate-Key": "t"}
    origin.on("/", [Reply(headers=fields, body=b"old", wait=gate),
                    Reply(headers=fields, body=b"new")])
    nginx = counted(workers=2)
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


def test_a_purge_by_name_is_not_waited_out(counted, origin, gate):
    """The fill that the purge has overtaken is still under way."""
    origin.on("/", [Reply(headers=FRESH, body=b"old", wait=gate),
                    Reply(headers=FRESH, body=b"new")])
    nginx = counted()
    leader, = ask(nginx, 1)
    origin.wait_for("/")
    purge(nginx, url="/")
    assert nginx.get("/").body == b"new"
    gate.set()
    assert answers([leader])[0].body == b"old"
    assert nginx.get("/").body == b"new"


def test_limits_are_decided_before_anybody_waits(counted, origin, gate):
    origin.on("/", Reply(headers=FRESH, body=b"x", wait=gate))
    nginx = counted("edge_limit zone=l;",
                    http="edge_limit_zone $host zone=l:1m rate=1r/m"
                         " burst=2;")
    clients = ask(nginx, 2)
    origin.wait_for("/")
    waiting(nginx, 2)
    assert nginx.get("/").status == 429
    gate.set()
    assert {r.status for r in answers(clients)} == {200}


def test_a_fill_that_ends_while_redis_decides_a_limit_is_not_waited_for(
        counted, origin, redis, fake_redis):
    """Nobody woke who came to wait only then: it took a second.  On a busy
    machine one of several times has to do."""
    fake_redis.upstream = redis.port
    nginx = counted(
        "edge_limit zone=l; edge_limit_fallback local after=1s;",
        http=f"""edge_redis main {{ server {fake_redis.address}; timeout 5s;
                                    connect_timeout 5s; }}
            edge_limit_zone $host zone=l:1m rate=1000r/s burst=20
                            redis=main;""")
    wait_until(lambda: nginx.get("/first") and fake_redis.count("EVALSHA"),
               what="a decision by Redis")
    took = []
    for i in range(5):
        gate = threading.Event()
        origin.on(f"/{i}", Reply(headers=FRESH, body=b"x", wait=gate))
        leader, = ask(nginx, 1, f"/{i}")
        origin.wait_for(f"/{i}")
        asked = fake_redis.count("EVALSHA")
        fake_redis.freeze()
        waiter, = ask(nginx, 1, f"/{i}")
        fake_redis.wait_for("EVALSHA", asked + 1)
        gate.set()
        answers([leader])
        nothing_left(nginx)
        begun = time.monotonic()
        fake_redis.thaw()
        assert verdict(answers([waiter])[0])[0] == "HIT"
        took.append(time.monotonic() - begun)
        assert origin.count(f"/{i}") == 1
    assert min(took) < 0.5


def test_a_fill_that_ends_between_lookup_and_join_is_found(counted, origin):
    """Another worker had stored it meanwhile: it was fetched twice."""
    origin.headers = FRESH
    nginx = counted(workers=4)
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
