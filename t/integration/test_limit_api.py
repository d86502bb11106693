"""GET and DELETE limits: how a key stands, and a fresh start for it."""

import time

import pytest

from lib.cached import api, cache_conf
from lib.wait import wait_until

SHOW = "add_header X-Source $edge_limit_source always;"
ZONES = ("edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=3 SAME;"
         "edge_limit_zone $arg_k zone=month:1m quota=9/month SAME;"
         "edge_limit_zone $arg_k zone=tagged:1m rate=1r/m tag=$arg_t SAME;")


@pytest.fixture
def start(edge, redis, tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text("a-token-for-the-tests\n")

    def start(shared=True, location="edge_limit zone=users;"):
        conf = cache_conf(token_file, location + SHOW
                          + "edge_limit_fallback local after=1s;",
                          http=ZONES.replace("SAME", "redis=main" * shared),
                          redis=redis)
        nginx = edge(**conf)
        if shared:
            wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "redis")
        return nginx

    return start


def look(nginx, target):
    response = api(nginx, "GET", f"limits?{target}")
    assert response.status == 200, response
    return response.json()


@pytest.mark.parametrize("shared", [True, False])
def test_a_look_says_what_is_left_and_takes_nothing(start, shared):
    nginx = start(shared)
    nginx.get("/?k=a")
    for _ in range(2):
        said = look(nginx, "zone=users&key=a")
        assert 0 < said.pop("reset") <= 60
        assert said == {"zone": "users", "key": "a", "remaining": 2,
                        "limit": 3, "window": 180,
                        "source": "redis" if shared else "local"}


def test_a_key_that_never_came_has_all(start):
    nginx = start()
    assert look(nginx, "zone=users&key=new")["remaining"] == 3
    said = look(nginx, "zone=month&key=new")
    assert said["remaining"] == said["limit"] == 9
    assert said["reset"] <= said["window"] <= 31 * 86400


def test_a_key_is_decoded(start):
    nginx = start()
    nginx.get("/?k=a{b")
    assert look(nginx, "zone=users&key=a%7Bb")["remaining"] == 2


@pytest.mark.parametrize("shared", [True, False])
def test_a_reset_key_starts_afresh(start, shared):
    nginx = start(shared)
    statuses = [nginx.get("/?k=a").status for _ in range(5)]
    assert statuses == [200] * 3 + [429] * 2
    response = api(nginx, "DELETE", "limits?zone=users&key=a")
    assert (response.status, response.json()["remaining"]) == (200, 3)
    assert [nginx.get("/?k=a").status for _ in range(4)] == [200] * 3 + [429]


def test_a_reset_reaches_the_other_instances_soon(start):
    first, second = start(), start()
    for _ in range(5):
        first.get("/?k=a")
        second.get("/?k=a")
    assert second.get("/?k=a").status == 429
    api(first, "DELETE", "limits?zone=users&key=a")
    begin = time.monotonic()
    wait_until(lambda: second.get("/?k=a").status == 200, timeout=5)
    took = time.monotonic() - begin
    print(f"{took:.3f} s")
    assert took < 1  # 0.25 on a machine that is not busy


@pytest.mark.parametrize("target, status", [
    ("limits", 400), ("limits?zone=users", 400), ("limits?zone=users&key=", 400),
    ("limits?zone=none&key=a", 404), ("limits?zone=tagged&key=a", 400),
    ("limits?zone=tagged&key=a&tag=t", 200)])
def test_a_question_that_is_none_is_refused(start, target, status):
    nginx = start(shared=False)
    response = api(nginx, "GET", target)
    assert response.status == status
    if status != 200:
        assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("token, status", [(None, 401), ("wrong-token-of-16", 403)])
def test_it_takes_a_token(start, method, token, status):
    nginx = start(shared=False)
    assert api(nginx, method, "limits?zone=users&key=a",
               token=token).status == status


def test_while_redis_is_away_a_look_is_local_and_a_reset_fails(start, redis):
    nginx = start()
    nginx.get("/?k=a")
    redis.kill()
    wait_until(lambda: nginx.get("/?k=w")["X-Source"] == "local")
    assert look(nginx, "zone=users&key=a")["source"] == "local"
    response = api(nginx, "DELETE", "limits?zone=users&key=a")
    assert (response.status, response["Retry-After"]) == (503, "1")


def test_what_is_tagged_is_found_by_its_tag(start):
    nginx = start(location="edge_limit zone=tagged burst=3;")
    nginx.get("/?k=a&t=acme")
    assert look(nginx, "zone=tagged&key=a&tag=acme")["remaining"] == 0
    assert look(nginx, "zone=tagged&key=a&tag=other")["remaining"] == 1
