"""Rewrites and internal redirects: never another resource's object."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

ALL = "proxy_pass http://origin$request_uri;"


def bodies(nginx, *targets):
    """Of each target twice; the second time whatever the cache has."""
    pairs = [(nginx.get(target), nginx.get(target)) for target in targets]
    for first, second in pairs:
        assert first.body == second.body
    return [first.json()["uri"] for first, _ in pairs]


def test_a_rewrite_keys_what_the_origin_gets(cached, origin):
    nginx = cached("rewrite ^/v1/(.*)$ /$1 break;")
    assert bodies(nginx, "/v1/a", "/v1/b?x=1", "/v1/b?x=2") == [
        "/a", "/b?x=1", "/b?x=2"]
    assert origin.count() == 3


def test_a_rewrite_to_one_uri_does_not_mix_what_the_origin_tells_apart(
        cached, origin):
    nginx = cached(locations={
        "/r/": "rewrite ^ /index break; edge_cache z;"}, server="""
        location /s/ {
            rewrite ^ /index break;
            edge_cache z;
            proxy_pass http://origin$request_uri;
        }""")
    assert bodies(nginx, "/r/a", "/r/b") == ["/index", "/index"]
    assert bodies(nginx, "/s/a", "/s/b?x=1", "/s/b?x=2") == [
        "/s/a", "/s/b?x=1", "/s/b?x=2"]


def test_a_front_controller_gets_a_key_per_page(cached, origin):
    """try_files to one script that looks at the client's URI."""
    nginx = cached("try_files /missing /index.php?$args;", server="""
        location = /index.php {
            edge_cache z;
            proxy_pass http://origin;
            proxy_set_header X-Request-Uri $request_uri;
        }""")

    def page(target):
        return dict(nginx.get(target).json()["headers"])["X-Request-Uri"]

    for target in ("/a", "/b", "/a", "/b?x=1", "/b?x=2", "/b?x=1"):
        assert page(target) == target


@pytest.mark.parametrize("args", ['""', "$arg_id"])
def test_set_args_changes_the_key(cached, origin, args):
    nginx = cached(f"set $args {args};")
    nginx.get("/a?id=1")
    nginx.get("/a?id=2")
    assert nginx.get("/a?id=2").json()["uri"] == (
        "/a" if args == '""' else "/a?2")


def test_a_named_location_has_the_clients_uri(cached, origin):
    nginx = cached("try_files /missing @api;", server="""
        location @api { edge_cache z; proxy_pass http://origin; }""")
    assert bodies(nginx, "/a", "/b?x=1") == ["/a", "/b?x=1"]
    assert verdict(nginx.get("/a")) == ("HIT", None)
    assert origin.count() == 2


def test_a_static_file_is_not_what_the_fallback_gave(cached, tmp_path):
    nginx = cached(server=f"""
        location /s/ {{
            alias {tmp_path}/;
            try_files $uri @api;
            edge_cache z;
            edge_cache_valid 60s;
        }}
        location @api {{ edge_cache z; proxy_pass http://origin; }}""")
    assert nginx.get("/s/f").json()["uri"] == "/s/f"
    (tmp_path / "f").write_text("static")
    assert nginx.get("/s/f").body == b"static"
    (tmp_path / "f").write_text("changed")
    assert verdict(nginx.get("/s/f")) == ("HIT", None)
    assert nginx.get("/s/f").body == b"static"


def test_an_error_page_is_never_stored_under_the_uri(cached, origin):
    origin.on("/a", [Reply(500, {"Cache-Control": "max-age=60"}, b"broken"),
                     Reply(headers={"Cache-Control": "max-age=60"},
                           body=b"good")])
    origin.on("/sorry", Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"sorry"))
    nginx = cached("""proxy_intercept_errors on; error_page 500 =200 /sorry;
                      edge_cache_valid any 60s;""")
    assert nginx.get("/a").body == b"sorry"
    assert nginx.get("/a").body == b"good"
    assert nginx.get("/sorry").body == b"sorry"


@pytest.mark.parametrize("page", ["= @other", "@other", "=200 @other",
                                  "= /other", "/other"])
def test_a_fallback_after_an_error_is_not_stored(cached, origin, page):
    origin.on("/a", [Reply(502, body=b"x"), Reply(
        headers={"Cache-Control": "max-age=60"}, body=b"good")])
    origin.on("/other", Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"other"))
    nginx = cached(f"proxy_intercept_errors on; error_page 502 {page};",
                   server="""
        location @other {
            edge_cache z;
            edge_cache_valid any 60s;
            rewrite ^ /other break;
            proxy_pass http://origin;
        }""")
    assert nginx.get("/a").body == b"other"
    assert nginx.get("/a").body == b"good"
    assert verdict(nginx.get("/a")) == ("HIT", None)


def test_what_nginx_says_itself_is_not_stored(cached, origin):
    nginx = cached("edge_cache_valid any 60s;")
    origin.stop()
    first = nginx.get("/")
    assert (first.status, verdict(first)) == (502, ("MISS", "error_page"))
    origin.start()
    assert nginx.get("/").status == 200


def test_a_return_is_not_stored(cached, origin):
    nginx = cached("edge_cache_valid any 60s; edge_cache_key k;"
                   "if ($arg_r) { return 200 returned; }")
    assert nginx.get("/?r=1").body == b"returned"
    assert nginx.get("/").json()["uri"] == "/"


def test_x_accel_redirect_is_not_stored_under_the_client_uri(
        cached, origin, tmp_path):
    (tmp_path / "file").write_text("a file")
    origin.on("/a", lambda request: Reply(
        headers={"X-Accel-Redirect": "/files/file",
                 "Cache-Control": "max-age=60"}))
    nginx = cached("edge_cache_valid 60s;", server=f"""
        location /files/ {{
            internal; edge_cache z; edge_cache_valid any 60s;
            alias {tmp_path}/;
        }}""")
    for _ in range(2):
        response = nginx.get("/a")
        assert response.body == b"a file"
        assert verdict(response)[0] != "HIT"
    assert origin.count("/a") == 2
    assert nginx.get("/files/file").status == 404


def test_x_accel_redirect_to_a_location_without_cache(cached, origin,
                                                      tmp_path):
    (tmp_path / "file").write_text("a file")
    origin.on("/a", Reply(headers={"X-Accel-Redirect": "/files/file",
                                   "Cache-Control": "max-age=60"}))
    nginx = cached(server=f"location /files/ {{ alias {tmp_path}/; }}")
    for _ in range(2):
        assert nginx.get("/a", {"Range": "bytes=0-0"}).body == b"a"
        assert nginx.get("/a").body == b"a file"


def test_a_range_survives_a_redirect_to_a_file(cached, tmp_path):
    (tmp_path / "file").write_text("a file")
    nginx = cached("try_files /missing /files/file;", server=f"""
        location /files/ {{ alias {tmp_path}/; }}""")
    response = nginx.get("/a", {"Range": "bytes=2-5"})
    assert (response.status, response.body) == (206, b"file")


def test_index_redirects_keep_the_key_of_the_index(cached, tmp_path):
    (tmp_path / "index.html").write_text("index")
    nginx = cached(server=f"""
        location /i/ {{ alias {tmp_path}/; edge_cache z;
                        edge_cache_valid 60s; }}""")
    for _ in range(3):
        assert nginx.get("/i/").body == b"index"
        assert nginx.get("/i/index.html").body == b"index"


# Subrequests

def test_included_parts_are_not_cached_apart(cached, origin):
    origin.on("/page", Reply(
        headers={"Cache-Control": "max-age=60", "Content-Type": "text/html"},
        body=b'<!--# include virtual="/part" -->'))
    origin.on("/part", [Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"%d" % i) for i in range(9)])
    nginx = cached("ssi on;")
    assert nginx.get("/page").body == b"0"
    page = nginx.get("/page")
    assert (verdict(page), page.body) == (("HIT", None), b"1")
    assert origin.count("/page") == 1
    part = nginx.get("/part")
    assert (verdict(part), part.body) == (("MISS", None), b"2")


def test_a_mirror_is_asked_and_not_stored(cached, origin):
    nginx = cached("mirror /copy;", server="""
        location = /copy {
            internal; edge_cache z; proxy_pass http://origin/copied;
        }""")
    nginx.get("/a")
    origin.wait_for("/copied")
    assert nginx.get("/a").json()["uri"] == "/a"
    assert nginx.get("/copied").json()["uri"] == "/copied"


def test_two_locations_with_other_rules_do_not_share(cached, origin):
    """What decides who may have a body is part of the key."""
    nginx = cached(locations={
        "/a": "edge_cache z; edge_cache_key k; edge_cache_cookies ignore;",
        "/b": "edge_cache z; edge_cache_key k;"})
    nginx.get("/a")
    assert verdict(nginx.get("/b")) == ("MISS", None)
