"""edge_cache ZONE shadow: what it would do is counted, and nothing is done."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.cached import ZONE, cache_conf, logged, metric, purge, verdict
from lib.origin import Reply
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}
WOULD_HIT = ("BYPASS", "shadow")
MISS = ("MISS", None)


@pytest.fixture
def shadow(edge, origin, tmp_path):
    """An instance that only watches."""
    def start(location="", expect=(), workers=1, **pieces):
        token = tmp_path / "token"
        token.write_text("a-token-for-the-tests\n")
        conf = cache_conf(token, location, **pieces)
        conf["location"] = f"edge_cache {ZONE} shadow; {location}"
        return edge(expect=expect, workers=workers, **conf)

    origin.headers = FRESH
    return start


def hits(nginx):
    return metric(nginx, "edge_cache_shadow_hits_total")


def compared(nginx, result):
    return metric(nginx, "edge_cache_shadow_compared_total", result=result)


def test_the_origin_answers_all(shadow, origin):
    nginx = shadow()
    assert verdict(nginx.get("/")) == MISS
    for version in range(2, 5):
        origin.bump()
        response = nginx.get("/")
        assert verdict(response) == WOULD_HIT
        assert response.json()["version"] == version
    assert origin.count("/") == 4
    assert hits(nginx) == 3
    assert metric(nginx, "edge_cache_hits_total") == 0


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_what_would_be_saved_is_counted(shadow, origin, framing, buffering):
    body = b"x" * 300_000
    origin.on("/", Reply(headers=FRESH, body=body, framing=framing,
                         delay=0.05))
    nginx = shadow(f"proxy_buffering {buffering}; proxy_buffers 4 8k;")
    for _ in range(4):
        assert nginx.get("/").body == body
    wait_until(lambda: hits(nginx) == 3)
    assert metric(nginx, "edge_cache_shadow_bytes_total") == 3 * len(body)
    assert metric(nginx, "edge_cache_shadow_origin_seconds_total") >= 0.15
    assert (compared(nginx, "same"), compared(nginx, "different")) == (3, 0)


@pytest.mark.parametrize("change", [
    {"body": b"another"}, {"body": b"on"}, {"body": b"one and more"},
    {"body": b""}, {"status": 404}], ids=str)
def test_another_answer_is_told(shadow, origin, change):
    origin.on("/", [Reply(headers=FRESH, body=b"one"),
                    Reply(headers=FRESH, **{"body": b"one", **change})])
    nginx = shadow()
    nginx.get("/")
    nginx.get("/")
    wait_until(lambda: compared(nginx, "different") == 1)
    assert compared(nginx, "same") == 0
    what = "status" if "status" in change else "body"
    nginx.wait_for_log(rf"\[warn\].*shadow: another {what} than the origin's "
                       'would have been sent for "/", tenant "", stored 0 s')


def by_language(request):
    return Reply(headers=FRESH, body=(request["X-Language"] or "").encode())


def test_a_missing_vary_is_found_before_anybody_gets_it(shadow, origin):
    origin.on("/", by_language)
    nginx = shadow(workers=2)

    def read(seed):
        rng = random.Random(seed)
        wrong = 0
        for _ in range(50):
            language = rng.choice(["de", "en"])
            wrong += nginx.get("/", {"X-Language": language}).text != language
        return wrong

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(read, range(4))) == 0
    wait_until(lambda: compared(nginx, "different") > 20)
    assert origin.count("/") == 200
    nginx.reload(nginx.conf.replace(" shadow;",
                                    " shadow; edge_cache_vary X-Language;"))
    before = compared(nginx, "different")
    for language in ("de", "en") * 5:
        assert nginx.get("/", {"X-Language": language}).text == language
    wait_until(lambda: compared(nginx, "same") >= 8)
    assert compared(nginx, "different") == before


def test_a_missing_tenant_is_found(shadow, origin):
    origin.on("/", lambda request: Reply(
        headers=FRESH, body=request["X-Tenant"].encode()))
    nginx = shadow()
    for tenant in ("acme", "umbrella"):
        assert nginx.get("/", {"X-Tenant": tenant}).text == tenant
    wait_until(lambda: compared(nginx, "different") == 1)


REQUESTS = [
    {"Range": "bytes=1-2"}, {"If-None-Match": '"one"'},
    {"If-Modified-Since": "Mon, 02 Nov 2020 10:00:00 GMT"},
    {"Range": "bytes=1-2", "If-Range": '"one"'},
    {"Cache-Control": "no-cache"}, {"Cache-Control": "only-if-cached"},
    {"Accept-Encoding": "gzip"}, {"Cookie": "a=b"},
    {"Authorization": "Basic eA=="}]


@pytest.mark.parametrize("headers", REQUESTS, ids=str)
@pytest.mark.parametrize("stored", [False, True])
def test_no_request_is_changed(shadow, origin, headers, stored):
    """Nor any answer."""
    nginx = shadow("""edge_cache_client_control on; edge_cache_compress gzip;
                      edge_cache_query sort; edge_cache_query drop b;
                      edge_cache_use_stale error http_503;
                      edge_cache_fetch_limit 1;""",
                   locations={"/plain": "edge_cache off;"})
    fields = {**FRESH, "ETag": '"one"', "Content-Type": "text/plain"}
    for target in ("/", "/plain"):
        origin.on(target, Reply(headers=fields, body=b"a text " * 500))
    target = "?c=1&b=2&a=3"
    if stored:
        nginx.get("/" + target)
    answers = [nginx.get(path + target, headers)
               for path in ("/", "/plain")]
    asked = [origin.seen(path)[-1] for path in ("/", "/plain")]
    assert asked[0].target.replace("/?", "/plain?") == asked[1].target
    assert asked[0].headers == asked[1].headers
    shown = [[(name, value) for name, value in answer.headers
              if name not in ("X-Cache", "X-Reason", "Date")]
             for answer in answers]
    assert shown[0] == shown[1]
    assert answers[0].body == answers[1].body


def test_parts_and_conditions_store_nothing(shadow, origin):
    nginx = shadow()
    response = nginx.get("/", {"Range": "bytes=0-1"})
    assert verdict(response) == ("MISS", "shadow_partial")
    assert verdict(nginx.get("/")) == MISS
    assert verdict(nginx.get("/", {"Range": "bytes=0-1"})) == WOULD_HIT


def test_nobody_waits_for_another(shadow, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = shadow()
    clients = [nginx.connect() for _ in range(5)]
    for client in clients:
        client.send_request("GET", "/")
    origin.wait_for("/", 5)
    gate.set()
    for client in clients:
        assert client.read_response().status == 200
        client.close()


def test_errors_are_the_origin_s(shadow, origin):
    """Although something stale could be sent."""
    origin.on("/", [Reply(headers={"Cache-Control": "max-age=1, "
                                   "stale-if-error=60", "Age": "2",
                                   "ETag": '"a"'}, body=b"old"), Reply(503)])
    nginx = shadow("edge_cache_use_stale http_503 updating;")
    nginx.get("/")
    assert nginx.get("/").status == 503
    assert origin.seen("/")[1]["If-None-Match"] is None


def test_a_refusal_is_not_taken_for_the_origin_s_answer(shadow, origin):
    nginx = shadow(
        "edge_limit zone=l on=miss;",
        http="edge_limit_zone $host zone=l:1m rate=1r/h burst=1;")
    assert nginx.get("/").status == 200
    assert nginx.get("/").status == 429
    assert (compared(nginx, "same"), compared(nginx, "different")) == (0, 0)
    assert origin.count("/") == 1


def test_a_purge_counts(shadow, origin):
    nginx = shadow()
    nginx.get("/")
    assert verdict(nginx.get("/")) == WOULD_HIT
    purge(nginx, tags=["t"])
    assert verdict(nginx.get("/")) == ("MISS", "purged")


def test_what_it_has_stored_is_served_to_nobody(shadow, origin):
    """Not even when it is meant, or by a location that means it."""
    nginx = shadow()
    nginx.get("/")
    origin.bump()
    nginx.reload(nginx.conf.replace(" shadow;", ";"))
    response = nginx.get("/")
    assert (verdict(response), response.json()["version"]) == (MISS, 2)
    assert verdict(nginx.get("/")) == ("HIT", None)


def test_nothing_goes_into_redis(fleet, redis, origin):
    nginx, = fleet.start()
    nginx.reload(nginx.conf.replace("edge_cache z;", "edge_cache z shadow;"))
    for i in range(5):
        nginx.get(f"/{i}")
        assert verdict(nginx.get(f"/{i}")) == WOULD_HIT
    assert not [key for key in redis.command("KEYS", "*")
                if b"{log}" not in key and b":log" not in key]


def test_the_log_names_it(shadow):
    nginx = shadow()
    nginx.get("/")
    nginx.get("/")
    wait_until(lambda: logged(nginx)[-1] == WOULD_HIT)


@pytest.mark.parametrize("words", ["z off", "z shadows", "off shadow"])
def test_what_cannot_be_meant(cached, words):
    nginx = cached()
    code, text = nginx.check_config(nginx.conf.replace(
        "edge_cache z;", f"edge_cache {words};"))
    assert code != 0
    assert 'write "shadow" behind a zone\'s name, or nothing' in text
