"""A service that fails: nobody keeps a right for longer, unless the location of
the check says so itself."""

import threading

import pytest

from lib.auth_service import ANN, BOB, ask
from lib.cached import metric, purge
from lib.origin import Raw, Reply
from lib.wait import wait_until

RULES = """edge_cache_use_stale error timeout http_500 http_403 updating 1h;
           proxy_read_timeout 1s;"""
LOGGED = ["unexpected status", "timed out", "prematurely closed",
          "Connection refused"]
FAILURES = [Reply(500, {"Cache-Control": "max-age=60"}), Raw(b""),
            Reply(delay=4)]


@pytest.fixture
def short(guarded, service):
    """A function that starts nginx, whose rights last for a second."""
    def start(auth=RULES, said="max-age=1", **options):
        service.headers = {"Cache-Control": said}
        nginx = guarded(auth, expect=LOGGED, **options)
        assert ask(nginx) == (200, "ann")
        return nginx

    return start


def expire(nginx, service):
    """Until the service is asked about ann again."""
    asked = service.asked
    wait_until(lambda: [ask(nginx)] and service.asked > asked)


@pytest.mark.parametrize("auth, server", [
    ("", ""), ("edge_cache_client_control on;", RULES)])
def test_without_the_service_nobody_gets_in_for_longer(short, origin, auth,
                                                       server):
    nginx = short(auth, "max-age=1, stale-if-error=600, "
                  "stale-while-revalidate=600", server=server)
    origin.on("/auth", FAILURES[0])
    wait_until(lambda: ask(nginx, Cache_Control="max-stale")[0] == 500)
    assert ask(nginx)[0] == 500


@pytest.mark.parametrize("failure", FAILURES)
def test_who_was_let_in_still_is_where_that_is_said(short, service, origin,
                                                    failure):
    nginx = short()
    origin.on("/auth", failure)
    expire(nginx, service)
    assert ask(nginx) == (200, "ann")
    assert ask(nginx, BOB)[0] == 500
    assert metric(nginx, "edge_cache_auth_checks_total", result="stored") == 1
    origin.on("/auth", service.check)
    assert ask(nginx) == (200, "ann")


def test_where_the_service_cannot_be_reached_they_are_let_in(short, service):
    nginx = short()
    nginx.reload(nginx.conf.replace("= /auth {", """= /auth {
        if ($host) { proxy_pass http://127.0.0.1:1; }"""))
    wait_until(lambda: [ask(nginx)] and "refused" in nginx.error_log())
    assert ask(nginx) == (200, "ann")
    assert ask(nginx, BOB)[0] == 500
    assert service.asked == 1


def test_a_refusal_is_no_failure(short, service):
    nginx = short()
    service.allowed.remove(ANN)
    wait_until(lambda: ask(nginx)[0] == 403)


def test_a_kept_refusal_is_not_one_for_longer(short, service, origin):
    service.allowed.remove(BOB)
    nginx = short(RULES + "edge_cache_valid 403 1s;")
    assert ask(nginx, BOB)[0] == 403
    origin.on("/auth", FAILURES[0])
    wait_until(lambda: ask(nginx, BOB)[0] == 500)


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_a_purge_ends_what_is_kept_for_failures(short, service, origin, mode):
    nginx = short()
    origin.on("/auth", FAILURES[0])
    expire(nginx, service)
    assert ask(nginx)[0] == 200
    purge(nginx, tags=["user:ann"], mode=mode)
    assert ask(nginx)[0] == 500


def test_a_purge_while_the_service_fails_is_heard(short, service, origin,
                                                  gate):
    nginx = short(RULES.replace("timeout 1s", "timeout 20s"))
    origin.on("/auth", FAILURES[0])
    expire(nginx, service)
    origin.on("/auth", Reply(500, wait=gate))
    asked, said = service.asked, []
    client = threading.Thread(target=lambda: said.append(ask(nginx)))
    client.start()
    wait_until(lambda: service.asked > asked)
    purge(nginx, tags=["user:ann"])
    gate.set()
    client.join()
    assert said[0][0] == 500


@pytest.mark.parametrize("said", ["max-age=1, must-revalidate", "s-maxage=1"])
def test_the_service_can_forbid_it(short, origin, said):
    nginx = short(said=said)
    origin.on("/auth", FAILURES[0])
    wait_until(lambda: ask(nginx)[0] == 500)
