"""explain: what Redis has."""

from lib.cached import TOKEN, purge
from lib.client import Connection
from lib.explain import asked, explain, question
from lib.origin import Reply
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60"}


def test_redis_is_asked_too_and_nothing_is_taken_over(fleet, origin):
    origin.on("/", Reply(headers=FRESH | {"Surrogate-Key": "a"}))
    a, b = fleet.start(2)
    a.get("/")
    wait_until(lambda: explain(a)["redis"])
    for _ in range(2):
        said = explain(b)
        assert said["status"] == "HIT"
        assert said["memory"] is None
        assert said["redis"]["usable"] == "fresh"
        assert said["redis"]["tags"] == ["a"]
        assert said["key"]["redis"] == explain(a)["key"]["redis"]
    generation = purge(a, tags=["a"])["generation"]
    for nginx in (a, b):
        against = explain(nginx)["redis"]["against"]
        assert against["generation"] == generation
        assert against["selector"]["value"] == "a"
    assert origin.count("/") == 1


def test_a_variant_in_redis_is_found_by_who_never_saw_it(fleet, origin):
    origin.on("/", Reply(headers=FRESH | {"Vary": "Accept-Language"}))
    a, b = fleet.start(2)
    german = {"Accept-Language": "de"}
    a.get("/", german)
    wait_until(lambda: explain(b, headers=german)["redis"])
    assert explain(b, headers=german)["status"] == "HIT"
    assert explain(b, headers={"Accept-Language": "fr"})["status"] == "MISS"


def test_without_redis_the_rest_is_told(fleet, redis):
    nginx, = fleet.start()
    nginx.get("/")
    redis.kill()
    wait_until(lambda: (explain(nginx)["redis"] or {}).get("reason")
               in ("redis_down", "redis_timeout"))
    said = explain(nginx)
    assert said["memory"]["usable"] == "fresh" and said["status"] == "HIT"


def test_a_client_that_leaves_takes_nothing_with_it(fleet, redis):
    nginx, = fleet.start()
    redis.pause()
    for _ in range(5):
        client = Connection(nginx.port, timeout=30)
        client.send_request("GET", f"/edge/explain?{question(nginx)}",
                            [("Authorization", f"Bearer {TOKEN}")])
        client.close()
    redis.resume()
    wait_until(lambda: asked(nginx).status == 200)
