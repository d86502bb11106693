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
