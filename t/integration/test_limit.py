"""Rate limits of one instance."""

import threading
import time

import pytest

from lib.origin import Reply

# Slow enough that nothing drains while a test runs.
ZONE = "edge_limit_zone $arg_k zone=users:1m rate=1r/m burst=3;"


def statuses(nginx, target, count, **request):
    return [nginx.get(target, **request).status for _ in range(count)]


@pytest.fixture
def limited(edge):
    """Limits by the query's k: a burst of 3."""
    def start(location="edge_limit zone=users;", http="", **pieces):
        return edge(http=ZONE + http, location=location, **pieces)

    return start


# What is counted

def test_a_burst_passes_and_the_rest_is_refused(limited, origin):
    assert statuses(limited(), "/?k=a", 5) == [200, 200, 200, 429, 429]
    assert origin.count("/?k=a") == 3


def test_each_key_has_a_bucket(limited):
    nginx = limited()
    assert statuses(nginx, "/?k=a", 4) == [200, 200, 200, 429]
    assert statuses(nginx, "/?k=b", 4) == [200, 200, 200, 429]


def test_all_workers_share_a_bucket(edge):
    nginx = edge(workers=2, location="edge_limit zone=users;",
                 http="edge_limit_zone all zone=users:1m rate=1r/m burst=20;")
    results = []

    def run():
        results.extend(statuses(nginx, "/", 10))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [200] * 20 + [429] * 20


def test_an_empty_key_is_exempt(limited):
    nginx = limited(server="access_log access.log status;",
                    http="log_format status $edge_limit_status;")
    assert statuses(nginx, "/", 5) == [200] * 5
    assert "RateLimit" not in dict(nginx.get("/").headers)
    nginx.quit()
    assert set(nginx.access_log()) == {"EXEMPT"}


@pytest.mark.parametrize("condition", ["", "0"])
def test_without_a_true_condition_a_request_is_exempt(limited, condition):
    nginx = limited("edge_limit zone=users if=$arg_i;")
    assert statuses(nginx, f"/?k=a&i={condition}", 5) == [200] * 5
    assert statuses(nginx, "/?k=a&i=1", 4) == [200, 200, 200, 429]


def test_a_request_costs_what_the_variable_says(limited):
    nginx = limited("edge_limit zone=users burst=10 cost=$arg_c;")
    assert nginx.get("/?k=a&c=6").status == 200
    assert nginx.get("/?k=a&c=6").status == 429
    assert nginx.get("/?k=a&c=4").status == 200
    assert nginx.get("/?k=a").status == 429
    assert nginx.get("/?k=a&c=0").status == 200


def test_a_cost_above_the_burst_is_never_to_be_tried_again(limited):
    response = limited("edge_limit zone=users cost=4;").get("/?k=a")
    assert response.status == 429
    assert response["Retry-After"] is None


def test_figures_that_cannot_be_read_are_the_usual_ones(limited):
    nginx = limited("edge_limit zone=users cost=$arg_c burst=$arg_b;")
    assert statuses(nginx, "/?k=a&c=x&b=y", 4) == [200, 200, 200, 429]
    nginx.wait_for_log(r'\[warn\].*"x" for limit zone "users": a cost is')
    nginx.wait_for_log(r'\[warn\].*"y" for limit zone "users": a burst is')


def test_limits_may_come_from_a_map(limited):
    plans = """map $arg_plan $plan_burst { gold 5; default ""; }"""
    nginx = limited("edge_limit zone=users burst=$plan_burst;", http=plans)
    assert statuses(nginx, "/?k=a&plan=gold", 6) == [200] * 5 + [429]
    assert statuses(nginx, "/?k=b&plan=free", 4) == [200] * 3 + [429]


def test_a_refused_request_is_charged_nowhere(limited):
    wide = "edge_limit_zone all zone=wide:1m rate=1r/m burst=5;"
    nginx = limited("edge_limit zone=wide; edge_limit zone=users burst=1;",
                    http=wide)
    assert statuses(nginx, "/?k=a", 5) == [200, 429, 429, 429, 429]
    others = [nginx.get(f"/?k={k}").status for k in "bcdef"]
    assert others == [200, 200, 200, 200, 429]


def test_limits_are_inherited_where_none_is_written(limited):
    nginx = limited("", server="edge_limit zone=users;", locations={
        "/own/": "edge_limit zone=other;"},
        http="edge_limit_zone $arg_k zone=other:1m rate=1r/m burst=1;")
    assert statuses(nginx, "/?k=a", 4) == [200, 200, 200, 429]
    assert statuses(nginx, "/own/?k=a", 2) == [200, 429]


def test_a_redirect_inside_nginx_counts_once(limited, origin):
    origin.on("/?k=a", Reply(status=404))
    nginx = limited("proxy_intercept_errors on; error_page 404 /b?k=a;"
                    "edge_limit zone=users;",
                    locations={"/b": "edge_limit zone=users;"})
    response = nginx.get("/?k=a")
    assert origin.count("/b?k=a") == 1
    assert response["RateLimit"] == '"users";r=2;t=60'


def test_subrequests_do_not_count(limited):
    nginx = limited("auth_request /auth;", server="edge_limit zone=users;",
                    locations={"= /auth": "internal;"})
    assert nginx.get("/?k=a")["RateLimit"] == '"users";r=2;t=60'


# Dry run

@pytest.mark.parametrize("location", [
    "edge_limit zone=users dry_run;",
    "edge_limit zone=users; edge_limit_dry_run on;"])
def test_a_dry_run_refuses_nobody_and_tells_the_log(limited, location):
    nginx = limited(location, server="access_log access.log status;",
                    http="log_format status $edge_limit_status;")
    assert statuses(nginx, "/?k=a", 4) == [200] * 4
    assert nginx.get("/?k=b")["RateLimit"] is None
    nginx.wait_for_log(r'\[error\].*limiting requests, dry run, '
                       r'excess: [01]\.\d{3} by zone "users", client:')
    nginx.quit()
    assert nginx.access_log() == ["PASSED"] * 3 + ["REJECTED_DRY_RUN",
                                                   "PASSED"]


# What clients are told

def test_draft_fields_are_the_default(limited):
    response = limited().get("/?k=a")
    assert response.all("RateLimit-Policy") == ['"users";q=3;w=180']
    assert response.all("RateLimit") == ['"users";r=2;t=60']
    assert response["X-RateLimit-Limit"] is None


def test_legacy_fields(limited):
    response = limited("edge_limit zone=users; edge_limit_headers legacy;"
                       ).get("/?k=a")
    assert response.all("X-RateLimit-Limit") == ["3"]
    assert response.all("X-RateLimit-Remaining") == ["2"]
    assert response.all("X-RateLimit-Reset") == ["60"]
    assert response["RateLimit"] is None


@pytest.mark.parametrize("setting, draft, legacy", [
    ("both", True, True), ("off", False, False)])
def test_fields_as_wanted(limited, setting, draft, legacy):
    response = limited("edge_limit zone=users;"
                       f"edge_limit_headers {setting};").get("/?k=a")
    assert (response["RateLimit"] is not None) == draft
    assert (response["X-RateLimit-Limit"] is not None) == legacy


def test_several_limits_are_told_of_in_their_order(limited):
    nginx = limited("edge_limit zone=wide; edge_limit zone=users;",
                    http="edge_limit_zone all zone=wide:1m rate=60r/h;")
    response = nginx.get("/?k=a")
    assert response["RateLimit-Policy"] == \
        '"wide";q=60;w=3600, "users";q=3;w=180'
    assert response["RateLimit"] == '"wide";r=0;t=60, "users";r=2;t=60'


def test_a_reset_may_be_a_point_in_time(limited):
    response = limited("edge_limit zone=users; edge_limit_headers both "
                       "reset=epoch;").get("/?k=a")
    reset = int(response["X-RateLimit-Reset"])
    assert 55 <= reset - time.time() <= 65
    assert response["RateLimit"] == '"users";r=2;t=60'


def test_refused_clients_may_be_told_to_come_back_at_different_times(limited):
    nginx = limited("edge_limit zone=users; edge_limit_headers draft "
                    "retry_after_jitter=50%;")
    statuses(nginx, "/?k=a", 3)
    refused = [nginx.get("/?k=a") for _ in range(30)]
    waits = {int(response["Retry-After"]) for response in refused}
    assert len(waits) > 3
    assert 55 <= min(waits) and max(waits) <= 90
    last = refused[-1]
    assert f"in {last['Retry-After']} seconds" in last.json()["detail"]


def test_legacy_fields_of_the_origin_stay(limited, origin):
    origin.on("/?k=a", Reply(headers={"X-RateLimit-Limit": "7"}, body=b"x"))
    response = limited("edge_limit zone=users; edge_limit_headers legacy;"
                       ).get("/?k=a")
    assert response.all("X-RateLimit-Limit") == ["7"]
    assert response["X-RateLimit-Remaining"] is None


def test_a_refusal_is_a_problem_with_a_time_to_wait(limited):
    nginx = limited()
    statuses(nginx, "/?k=a", 3)
    response = nginx.get("/?k=a")
    wait = int(response["Retry-After"])
    assert 50 <= wait <= 60
    assert response["RateLimit"] == f'"users";r=0;t={wait}'
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "type": "https://iana.org/assignments/http-problem-types"
                "#quota-exceeded",
        "status": 429,
        "detail": f"Try again in {wait} seconds.",
        "violated-policies": ["users"]}


def test_who_waits_as_told_is_admitted(limited):
    nginx = limited("edge_limit zone=users rate=2r/s burst=1;")
    assert nginx.get("/?k=a").status == 200
    response = nginx.get("/?k=a")
    assert response.status == 429
    time.sleep(int(response["Retry-After"]))
    assert nginx.get("/?k=a").status == 200


def test_the_status_of_a_refusal_can_be_set(limited):
    nginx = limited("edge_limit zone=users burst=1; edge_limit_status 503;")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert (response.status, response.json()["status"]) == (503, 503)


def test_a_body_of_ones_own(limited):
    nginx = limited("edge_limit zone=users burst=1; edge_limit_body "
                    """'{"zone":"$edge_limit_zone"}';""")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert response["Content-Type"] == "application/json"
    assert response.json() == {"zone": "users"}
    assert response["Retry-After"]


def test_a_body_of_ones_own_has_its_type(limited):
    nginx = limited("edge_limit zone=users burst=1;"
                    "edge_limit_body 'slow down' type=text/plain;")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert (response["Content-Type"], response.text) == ("text/plain",
                                                         "slow down")


def test_without_a_body_nginx_has_its_own(limited):
    nginx = limited("edge_limit zone=users burst=1; edge_limit_body off;")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert response.status == 429
    assert "429 Too Many Requests" in response.text
    assert response["Retry-After"]


def test_an_error_page_wins(limited):
    nginx = limited("edge_limit zone=users burst=1; error_page 429 @slow;",
                    server="location @slow { return 429 'mine'; }")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert (response.status, response.text) == (429, "mine")
    assert response["Retry-After"] and response["Cache-Control"] == "no-store"


def test_an_error_page_is_not_refused_itself(limited, origin):
    origin.on("/slow", Reply(body=b"mine"))
    nginx = limited("error_page 429 /slow;", locations={"/slow": ""},
                    server="edge_limit zone=users burst=1;")
    statuses(nginx, "/?k=a", 1)
    response = nginx.get("/?k=a")
    assert (response.status, response.text) == (429, "mine")


def test_an_error_page_of_another_status_does_not(limited):
    nginx = limited("edge_limit zone=users burst=1; error_page 503 @slow;",
                    server="location @slow { return 503 'mine'; }")
    statuses(nginx, "/?k=a", 1)
    assert nginx.get("/?k=a").json()["status"] == 429


def test_a_refusal_keeps_the_connection(limited):
    nginx = limited("edge_limit zone=users burst=1;")
    with nginx.connect() as connection:
        assert connection.request("POST", "/?k=a", body="x").status == 200
        assert connection.request("POST", "/?k=a", body="x" * 9).status == 429
        assert connection.request("HEAD", "/?k=a").status == 429
        assert connection.request("GET", "/?k=b").status == 200


def test_a_refusal_is_logged_in_the_words_of_limit_req(limited):
    nginx = limited("edge_limit zone=users burst=1; edge_limit_log_level warn;")
    statuses(nginx, "/?k=a", 2)
    nginx.wait_for_log(r'\[warn\].*limiting requests, excess: [01]\.\d{3} '
                       r'by zone "users", client: ')


def test_variables_say_how_it_was_decided(limited):
    nginx = limited(server="access_log access.log limit;",
                    http="log_format limit '$edge_limit_status "
                         "$edge_limit_source $edge_limit_zone "
                         "$edge_limit_remaining';", locations={"/free": ""})
    statuses(nginx, "/?k=a", 4)
    nginx.get("/free")
    nginx.quit()
    assert nginx.access_log() == [
        "PASSED local users 2", "PASSED local users 1", "PASSED local users 0",
        "REJECTED local users 0", "- - - -"]


# With the cache

@pytest.fixture
def cached(limited, origin):
    origin.on("/x", Reply(headers={"Cache-Control": "max-age=60"}, body=b"x"))
    return limited("edge_cache api; edge_cache_key /x;"
                   "add_header X-Cache $edge_cache_status always;"
                   "rewrite ^ /x break; edge_limit zone=users;",
                   http="edge_cache_zone api:4m;")


def test_hits_count_and_refusals_are_not_stored(cached):
    assert statuses(cached, "/x?k=a", 4) == [200, 200, 200, 429]
    response = cached.get("/x?k=b")
    assert (response.status, response["X-Cache"]) == (200, "HIT")


def test_a_hit_has_the_fields_of_its_own_request(cached):
    assert cached.get("/x?k=a").all("RateLimit") == ['"users";r=2;t=60']
    response = cached.get("/x?k=b")
    assert response["X-Cache"] == "HIT"
    assert response.all("RateLimit") == ['"users";r=2;t=60']


# Reload

def test_a_reload_keeps_levels(limited):
    nginx = limited()
    statuses(nginx, "/?k=a", 2)
    nginx.reload()
    assert statuses(nginx, "/?k=a", 2) == [200, 429]


def test_a_new_burst_acts_on_what_was_there(limited):
    nginx = limited()
    statuses(nginx, "/?k=a", 4)
    nginx.reload(nginx.conf.replace("burst=3", "burst=5"))
    assert statuses(nginx, "/?k=a", 3) == [200, 200, 429]


def test_a_zone_does_not_change_its_key_in_a_reload(limited):
    nginx = limited()
    statuses(nginx, "/?k=a", 3)
    nginx.expect_log('limit zone "users"')
    nginx.send_reload(nginx.conf.replace("$arg_k", "$arg_other"))
    nginx.wait_for_log(r'\[emerg\].*limit zone "users" counts otherwise '
                       r'.*"\$arg_other" instead of "\$arg_k"')
    assert nginx.get("/?k=a").status == 429
