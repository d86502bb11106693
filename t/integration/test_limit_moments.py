"""When a limit is decided: before authentication, before the cache, before
the API, or by what the answer cost."""

import pytest

from lib.origin import Reply
from lib.wait import wait_until

ZONE = "edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=3 "
SHOW = "add_header X-Source $edge_limit_source always;"
FORMAT = ("log_format limit '$request_uri $status $edge_limit_status "
          "$edge_limit_zone';")


@pytest.fixture(params=["alone", "shared"])
def limited(request, edge, redis):
    """Starts one that limits by the query's k: a burst of 3; in memory, and
    the same in Redis."""
    shared = request.param == "shared"

    def start(location, http="", server="", **pieces):
        nginx = edge(
            redis=redis, http=ZONE + ("redis=main;" if shared else ";")
            + FORMAT + http.replace("SAME", "redis=main" * shared), location=SHOW + location,
            server="access_log access.log limit;"
                   "edge_limit_fallback local after=1s;"
                   "location = /up/ { edge_limit zone=users;"
                   " try_files $uri =404; " + SHOW + "}" + server, **pieces)
        if shared:
            wait_until(lambda: nginx.get("/up/?k=w")["X-Source"] == "redis",
                       what="a decision by Redis")
        return nginx

    return start


def statuses(nginx, target, count, **options):
    return [nginx.get(target, **options).status for _ in range(count)]


def left(nginx, key):
    """What the limit of the key has left after a request that takes one."""
    field = nginx.get(f"/up/?k={key}")["RateLimit"]
    return int(field.partition("r=")[2].partition(";")[0])


# phase=preaccess

DENIED = "auth_basic x; auth_basic_user_file /dev/null;"


def test_before_authentication_what_it_refuses_counts(limited):
    nginx = limited("edge_limit zone=users phase=preaccess;" + DENIED)
    assert statuses(nginx, "/?k=a", 5) == [401] * 3 + [429] * 2


def test_behind_authentication_it_does_not(limited):
    nginx = limited("edge_limit zone=users;" + DENIED)
    assert statuses(nginx, "/?k=a", 5) == [401] * 5


def test_a_refusal_before_authentication_is_told_like_any_other(limited,
                                                                origin):
    nginx = limited("edge_limit zone=users phase=preaccess;")
    assert statuses(nginx, "/?k=a", 3) == [200] * 3
    refused = nginx.get("/?k=a", method="POST", body=b"x" * 10_000)
    assert refused.status == 429
    assert refused.json()["violated-policies"] == ["users"]
    assert refused["RateLimit"].startswith('"users";r=0;t=')
    assert int(refused["Retry-After"]) > 0
    assert origin.count("/?k=a") == 3
    with nginx.connect() as connection:
        assert [connection.request("GET", "/?k=a").status
                for _ in range(3)] == [429] * 3


def test_an_error_page_wins_before_authentication_too(limited):
    nginx = limited("edge_limit zone=users phase=preaccess;"
                    "error_page 429 /limited;",
                    locations={"= /limited": "return 200 sorry;"})
    statuses(nginx, "/?k=a", 3)
    assert nginx.get("/?k=a").body == b"sorry"


def test_limits_before_and_behind_authentication_are_both_charged(limited):
    nginx = limited("edge_limit zone=users phase=preaccess;"
                    "edge_limit zone=wide;",
                    http="edge_limit_zone all zone=wide:1m rate=1r/m burst=9;")
    response = nginx.get("/?k=a")
    assert response["RateLimit"] == '"users";r=2;t=60, "wide";r=8;t=60'
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]
    assert nginx.get("/?k=b")["RateLimit"].endswith('"wide";r=5;t=60')


# on=miss

CACHE = "edge_cache api; edge_cache_valid 200 1m;"
CACHE_ZONE = "edge_cache_zone api:4m;"


def test_hits_are_free_where_only_misses_count(limited, origin):
    nginx = limited("edge_limit zone=users on=miss;" + CACHE, http=CACHE_ZONE)
    assert statuses(nginx, "/?k=a", 20) == [200] * 20
    assert origin.count("/?k=a") == 1
    assert left(nginx, "a") == 1
    assert statuses(nginx, "/other?k=a", 1) == [200]
    assert statuses(nginx, "/third?k=a", 1) == [429]
    assert statuses(nginx, "/?k=a", 1) == [200]


def test_a_hit_says_nothing_of_a_limit_that_it_does_not_meet(limited):
    nginx = limited("edge_limit zone=users on=miss;" + CACHE, http=CACHE_ZONE)
    assert nginx.get("/?k=a")["RateLimit"] is not None
    assert nginx.get("/?k=a")["RateLimit"] is None


def test_a_refused_miss_is_not_fetched_and_not_stored(limited, origin):
    nginx = limited("edge_limit zone=users on=miss cost=$arg_c;" + CACHE,
                    http=CACHE_ZONE)
    assert statuses(nginx, "/p?k=a&c=4", 2) == [429, 429]
    assert origin.count("/p?k=a&c=4") == 0


def test_without_a_cache_every_request_is_a_miss(limited):
    nginx = limited("edge_limit zone=users on=miss;")
    assert statuses(nginx, "/?k=a", 4) == [200] * 3 + [429]


def test_what_bypasses_the_cache_is_a_miss(limited):
    nginx = limited("edge_limit zone=users on=miss;" + CACHE, http=CACHE_ZONE)
    assert statuses(nginx, "/?k=a", 4, method="POST",
                    body=b"x") == [200] * 3 + [429]


def test_a_request_may_have_limits_of_both_kinds(limited):
    nginx = limited("edge_limit zone=wide; edge_limit zone=users on=miss;"
                    + CACHE, http=CACHE_ZONE +
                    "edge_limit_zone all zone=wide:1m rate=1r/m burst=5;")
    assert statuses(nginx, "/?k=a", 6) == [200] * 5 + [429]
    assert left(nginx, "a") == 1


# on=response

def test_an_answer_costs_what_it_says(limited, origin):
    origin.on("/?k=a", Reply(headers={"X-Cost": "2"}, body=b"x"))
    nginx = limited("edge_limit zone=users on=response "
                    "cost=$upstream_http_x_cost;")
    assert nginx.get("/?k=a").status == 200
    wait_until(lambda: nginx.get("/none?k=a")["RateLimit"]
               .startswith('"users";r=1'))
    assert nginx.get("/?k=a").status == 200
    wait_until(lambda: nginx.get("/?k=a").status == 429)


def test_failed_logins_use_up_the_limit_and_others_do_not(limited, origin):
    origin.on("/login?k=a", Reply(status=401))
    nginx = limited("edge_limit zone=users on=response cost=$failed;",
                    http="map $status $failed { 401 1; default 0; }")
    assert statuses(nginx, "/?k=a", 10) == [200] * 10
    for count in range(1, 4):
        assert nginx.get("/login?k=a").status == 401
        wait_until(lambda: nginx.get("/?k=a")["RateLimit"]
                   .startswith(f'"users";r={3 - count}'))
    assert statuses(nginx, "/?k=a", 2) == [429] * 2
    assert statuses(nginx, "/?k=b", 1) == [200]


def test_who_was_refused_pays_nothing(limited):
    nginx = limited("edge_limit zone=users on=response cost=1;"
                    "edge_limit zone=wide;",
                    http="edge_limit_zone all zone=wide:1m rate=1r/m SAME;")
    assert statuses(nginx, "/?k=a", 5) == [200] + [429] * 4
    wait_until(lambda: left(nginx, "a") == 1)


def test_an_answer_that_costs_more_than_there_is_empties_the_bucket(limited,
                                                                    origin):
    origin.on("/?k=a", Reply(headers={"X-Cost": "1000"}, body=b"x"))
    nginx = limited("edge_limit zone=users on=response "
                    "cost=$upstream_http_x_cost;")
    assert nginx.get("/?k=a").status == 200
    wait_until(lambda: nginx.get("/?k=a").status == 429)
    assert int(nginx.get("/?k=a")["Retry-After"]) <= 60


# Redis away

def test_an_answer_is_paid_for_in_memory_while_redis_is_away(edge, redis):
    nginx = edge(redis=redis, http=ZONE + "redis=main;",
                 location="edge_limit zone=users on=response cost=2;" + SHOW)
    redis.kill()
    wait_until(lambda: nginx.get("/?k=warm")["X-Source"] == "local")
    assert statuses(nginx, "/?k=a", 2) == [200] * 2
    wait_until(lambda: nginx.get("/?k=a").status == 429)
