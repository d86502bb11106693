"""A purge takes rights away that were kept of cached checks."""

import threading

import pytest

from lib.auth_service import ANN, BOB, LOCATION, ask
from lib.cached import metric, purge
from lib.origin import Reply
from lib.wait import wait_until


@pytest.mark.parametrize("kind", [
    {"tags": ["user:ann"]}, {"tags": ["user:ann"], "mode": "soft"},
    {"url": "/auth"}, {"path": "/auth"}, {"all": True}])
def test_a_purge_takes_a_right_away_at_once(guarded, service, kind):
    nginx = guarded()
    assert ask(nginx) == ask(nginx) == (200, "ann")
    service.allowed.remove(ANN)
    assert ask(nginx) == (200, "ann")
    purge(nginx, **kind)
    assert ask(nginx)[0] == 403
    assert service.asked == 2


def test_a_purge_leaves_other_users_alone(guarded, service):
    nginx = guarded()
    assert ask(nginx, BOB) == (200, "bob")
    purge(nginx, tags=["user:ann"])
    purge(nginx, url="/")
    assert ask(nginx, BOB) == (200, "bob")
    assert service.asked == 1


def test_a_purge_of_a_tenant_takes_its_rights_away(guarded, service):
    nginx = guarded("edge_cache_tenant $http_x_tenant;")
    for tenant in "acme", "other":
        assert ask(nginx, X_Tenant=tenant)[0] == 200
    service.allowed.remove(ANN)
    purge(nginx, tenant="acme", all=True)
    assert ask(nginx, X_Tenant="other")[0] == 200
    assert ask(nginx, X_Tenant="acme")[0] == 403


def test_a_purge_while_the_service_answers_is_heard(guarded, service, origin,
                                                    gate):
    origin.on("/auth", lambda request: Reply(
        200, service.check(request).headers, wait=gate))
    nginx = guarded()
    client = threading.Thread(target=ask, args=(nginx,))
    client.start()
    wait_until(lambda: service.asked == 1)
    service.allowed.remove(ANN)
    purge(nginx, tags=["user:ann"])
    gate.set()
    client.join()
    origin.on("/auth", service.check)
    assert ask(nginx)[0] == 403


@pytest.mark.parametrize("number", range(2))
def test_no_right_outlives_its_purge(fleet, origin, service, number):
    """Whoever asks after a purge is told what has held since."""
    rights = [0]
    origin.on("/auth", lambda _: Reply(200, {
        "Cache-Control": "max-age=60", "Surrogate-Key": "user",
        "X-Right": str(rights[0])}, delay=0.002))
    servers = fleet.start(2, workers=2, location="""auth_request /auth;
        auth_request_set $right $upstream_http_x_right;
        add_header X-Right $right;""", locations={"= /auth": LOCATION})
    purged, wrong, seen = [0], [], set()
    end = threading.Event()

    def client(nginx):
        while not end.is_set():
            least = purged[0]
            right = int(nginx.get("/", {"Authorization": ANN})["X-Right"])
            seen.add(right)
            if right < least:
                wrong.append((least, right))

    clients = [threading.Thread(target=client, args=(nginx,))
               for nginx in servers * 2]
    for thread in clients:
        thread.start()
    for right in range(1, 21):
        rights[0] = right
        purge(servers[(right + number) % 2], tags=["user"])
        purged[0] = right
    end.set()
    for thread in clients:
        thread.join()
    assert not wrong
    assert len(seen) > 5
    assert sum(metric(nginx, "edge_cache_auth_checks_total", result="hit")
               for nginx in servers) > 0


def test_a_purge_takes_it_away_on_all_servers(fleet, service):
    a, b = fleet.start(2, location="auth_request /auth;",
                       locations={"= /auth": LOCATION})
    for nginx in (a, b, a, b):
        assert ask(nginx)[0] == 200
    assert service.asked == 2
    service.allowed.remove(ANN)
    purge(a, tags=["user:ann"])
    assert ask(a)[0] == ask(b)[0] == 403
