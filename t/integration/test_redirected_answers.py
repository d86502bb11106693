"""What another location answers, after nginx has redirected a request inside
itself, is never stored under the request's own key."""

import pytest

from lib.origin import Reply

USER = "you are $http_user\n"
FRESH = {"Cache-Control": "max-age=60"}


def both(nginx, target):
    return [nginx.get(target, {"User": user}).text for user in ("alice", "bob")]


def test_an_x_accel_redirect_to_a_return_is_not_stored(cached, origin):
    origin.on("/d", Reply(headers={**FRESH, "X-Accel-Redirect": "/who"}))
    nginx = cached(server=f'location /who {{ internal; return 200 "{USER}"; }}')
    assert both(nginx, "/d") == ["you are alice\n", "you are bob\n"]


def test_a_named_location_that_returns_is_not_stored(cached):
    nginx = cached(location="try_files /absent @who;",
                   server=f'location @who {{ return 200 "{USER}"; }}')
    assert both(nginx, "/d") == ["you are alice\n", "you are bob\n"]


@pytest.mark.parametrize("error_page,location", [
    ("error_page 404 /who;", "location /who"),
    ("error_page 404 = /who;", "location /who"),
    ("error_page 404 = @who;", "location @who"),
])
def test_an_error_page_that_returns_is_not_stored(cached, origin, error_page,
                                                  location):
    origin.on("/d", Reply(status=404, headers=FRESH, body=b"none"))
    nginx = cached(
        location=f"proxy_intercept_errors on; {error_page}",
        server=f'{location} {{ add_header Cache-Control max-age=60; '
               f'return 404 "{USER}"; }}')
    assert both(nginx, "/d") == ["you are alice\n", "you are bob\n"]


@pytest.mark.parametrize("page", ["/e", "@f"])
def test_headers_hidden_from_the_origin_come_back_for_another(cached, origin,
                                                              page):
    asked = {"Range": "bytes=0-3", "If-None-Match": '"x"'}
    origin.on("/d", Reply(404, FRESH, b"none"))
    origin.on("/other", lambda request: Reply(
        body=f"{request['Range']} {request['If-None-Match']}".encode()))
    nginx = cached(f"proxy_intercept_errors on; error_page 404 = {page};",
                   server=f"""location {page} {{
        rewrite ^ /other break; proxy_pass http://origin; }}""")
    for _ in range(2):
        assert nginx.get("/d", asked).text == 'bytes=0-3 "x"'
    for request in origin.seen("/d"):
        assert (request["Range"], request["If-None-Match"]) == (None, None)
