"""What nginx refuses in its access phase gets no hit either."""

import base64

import pytest

from lib.cached import verdict
from lib.origin import Reply


def basic(user, password):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text("ann:{PLAIN}secret\n")
    return path


@pytest.fixture(autouse=True)
def public(origin):
    origin.on("/", Reply(headers={"Cache-Control": "public, max-age=60"},
                         body=b"x"))


def test_auth_basic_goes_before_a_hit(cached, origin, users):
    nginx = cached(f"auth_basic on; auth_basic_user_file {users};")
    assert verdict(nginx.get("/", basic("ann", "secret"))) == ("MISS", None)
    assert nginx.get("/").status == 401
    assert nginx.get("/", basic("ann", "wrong")).status == 401
    assert verdict(nginx.get("/", basic("ann", "secret"))) == ("HIT", None)
    assert origin.count("/") == 1


@pytest.mark.parametrize("condition", [{"If-None-Match": "*"},
                                       {"Range": "bytes=0-"}])
def test_no_condition_overtakes_auth(cached, users, condition):
    nginx = cached(f"auth_basic on; auth_basic_user_file {users};")
    nginx.get("/", basic("ann", "secret"))
    assert nginx.get("/", condition).status == 401
    assert nginx.get("/", condition, method="HEAD").status == 401


def test_auth_request_is_asked_for_every_hit(cached, origin):
    origin.on("/auth", lambda request: Reply(
        200 if request["X-Pass"] == "1" else 403,
        {"Cache-Control": "public, max-age=60"}))
    nginx = cached("auth_request /auth;", locations={"= /auth": """
        internal; proxy_pass_request_body off;"""})
    assert verdict(nginx.get("/", {"X-Pass": "1"})) == ("MISS", None)
    assert verdict(nginx.get("/", {"X-Pass": "1"})) == ("HIT", None)
    assert nginx.get("/").status == 403
    assert origin.count("/auth") == 3


def test_deny_goes_before_a_hit(cached, origin):
    nginx = cached("""
        set_real_ip_from 127.0.0.1; real_ip_header X-Ip;
        allow 192.0.2.1; deny all;""")
    allowed = {"X-Ip": "192.0.2.1"}
    assert verdict(nginx.get("/", allowed)) == ("MISS", None)
    assert verdict(nginx.get("/", allowed)) == ("HIT", None)
    assert nginx.get("/", {"X-Ip": "192.0.2.2"}).status == 403


def test_satisfy_any_lets_either_see_a_hit(cached, users):
    nginx = cached(f"""satisfy any; deny all;
        auth_basic on; auth_basic_user_file {users};""")
    nginx.get("/", basic("ann", "secret"))
    assert verdict(nginx.get("/", basic("ann", "secret"))) == ("HIT", None)
    assert nginx.get("/").status == 401


def test_return_and_rewrite_go_before_a_hit(cached, origin):
    nginx = cached("if ($arg_stop) { return 410; } edge_cache_key $uri;")
    nginx.get("/")
    assert verdict(nginx.get("/")) == ("HIT", None)
    assert nginx.get("/?stop=1").status == 410


def fallback(name, rules):
    return f"""
        location {name} {{
            proxy_pass http://origin;
            proxy_set_header X-Fallback 1;
            edge_cache z;
            {rules}
        }}"""


@pytest.mark.parametrize("recursive", ["off", "on"])
@pytest.mark.parametrize("page", ["= @fallback", "@fallback",
                                  "=200 @fallback", "= /fallback",
                                  "/fallback"])
@pytest.mark.parametrize("rules", ["", "edge_cache_key $request_uri;",
                                   "edge_cache_key k; if ($host) { }"])
def test_an_error_page_for_the_refused_never_meets_the_object(
        cached, origin, page, recursive, rules):
    """Both have the same URI: one is for those who may see it."""
    def answer(request):
        return Reply(headers={"Cache-Control": "public, max-age=60"},
                     body=b"log in" if request["X-Fallback"] else b"private")

    origin.on("/page", answer)
    origin.on("/fallback", answer)
    nginx = cached(f"""
        set_real_ip_from 127.0.0.1; real_ip_header X-Ip;
        allow 192.0.2.1; deny all; error_page 403 {page};
        recursive_error_pages {recursive}; {rules}""",
        server=fallback(page.split()[-1], rules))
    allowed = {"X-Ip": "192.0.2.1"}
    for _ in range(2):
        assert nginx.get("/page").body == b"log in"
        assert nginx.get("/page", allowed).body == b"private"
        assert nginx.get("/page").body == b"log in"
