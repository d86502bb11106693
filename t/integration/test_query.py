"""edge_cache_query: key and origin see the query that the rules make."""

import pytest

from lib.cached import purge

DROP = "edge_cache_query drop utm_* session;"


@pytest.mark.parametrize("rules, target, seen", [
    (DROP, "/p?a=1&utm_x=2&session=3", "/p?a=1"),
    (DROP, "/p?session=3", "/p"),
    (DROP, "/p?a=1", "/p?a=1"),
    (DROP, "/p?", "/p?"),
    (DROP, "/p%2Fq//r?session=3&b=%26session=4", "/p%2Fq//r?b=%26session=4"),
    ("edge_cache_query keep q;", "/p?x=1&q=2;x=3&Q=4", "/p?q=2;x=3"),
    ("edge_cache_query sort;", "/p?b=2&a=1&b=1", "/p?a=1&b=2&b=1"),
    ("edge_cache_query sort; edge_cache_query drop x;", "/p?b&x&a", "/p?a&b"),
])
def test_what_the_origin_sees_is_the_key(cached, origin, rules, target, seen):
    nginx = cached(rules)
    assert nginx.get(target).json()["uri"] == seen
    assert nginx.get(seen)["X-Cache"] == "HIT"
    assert nginx.get(target)["X-Cache"] == "HIT"
    assert origin.count() == 1


def test_without_rules_the_query_is_compared_as_it_is(cached):
    nginx = cached()
    nginx.get("/p?a=1&b=2")
    assert nginx.get("/p?b=2&a=1")["X-Cache"] == "MISS"


def test_other_methods_ask_by_the_same_query(cached, origin):
    response = cached(DROP).get("/p?session=1", method="POST", body=b"x")
    assert response.json()["uri"] == "/p"


# A value that nginx had taken before the rules would get past the key.
def test_request_uri_that_was_read_before_is_read_anew(cached, origin):
    nginx = cached(server=f"""
        location /v {{
            edge_cache z; {DROP}
            set $before $request_uri;
            if ($request_uri ~ never) {{ return 403; }}
            proxy_pass http://origin$request_uri;
            proxy_http_version 1.1;
        }}""")
    assert nginx.get("/v?session=evil&a=1").json()["uri"] == "/v?a=1"


def test_a_rewritten_request_follows_the_rules(cached, origin):
    nginx = cached(DROP + "rewrite ^/old$ /new?b=1 break;")
    assert nginx.get("/old?session=1").json()["uri"] == "/new?b=1"
    assert nginx.get("/old")["X-Cache"] == "HIT"


def test_a_purge_names_the_url_that_the_rules_make(cached, origin):
    nginx = cached(DROP)
    nginx.get("/p?a=1&session=2")
    purge(nginx, url="/p?a=1")
    assert nginx.get("/p?a=1&session=2")["X-Cache"] == "MISS"


@pytest.mark.parametrize("text, message", [
    ("drop", 'behind "drop" or "keep"'), ("sort a", 'none behind "sort"'),
    ("drop a; edge_cache_query keep b", "is duplicate"),
    ("sort; edge_cache_query sort", "is duplicate"),
    ("remove a", 'write "sort", "drop" or "keep"')])
def test_what_is_no_rule(cached, text, message):
    nginx = cached()
    code, said = nginx.check_config(nginx.conf.replace(
        "edge_cache z;", f"edge_cache z; edge_cache_query {text};"))
    assert code != 0 and message in said
