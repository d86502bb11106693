"""proxy_next_upstream: of several origins the last one's answer counts."""

import pytest

from lib.cached import verdict
from lib.origin import Origin, Raw, Reply

FRESH = {"Cache-Control": "max-age=60"}


@pytest.fixture
def second():
    server = Origin().start()
    yield server
    server.stop()


@pytest.fixture
def both(cached, origin, second):
    """Asks `origin` first, and `second` when that fails."""
    def start(location=""):
        return cached(location="return 404;", server=f"""
            location /p {{
                edge_cache z;
                proxy_pass http://both;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_next_upstream error http_503;
                {location}
            }}""", http=f"""
            upstream both {{
                server {origin.address} max_fails=0;
                server {second.address} backup;
            }}""")

    return start


@pytest.mark.parametrize("failure", [
    Raw(b""), Reply(503, {**FRESH, "X-From": "first", "Vary": "X-A"},
                    b"away")])
def test_only_the_last_origin_s_answer_is_stored(both, origin, second,
                                                 failure):
    origin.on("/p", failure)
    second.on("/p", Reply(headers={**FRESH, "X-From": "second"}, body=b"ok"))
    nginx = both()
    for expected in "MISS", "HIT":
        response = nginx.get("/p")
        assert (verdict(response), response.status) == ((expected, None), 200)
        assert (response["X-From"], response.body) == ("second", b"ok")
    assert (origin.count("/p"), second.count("/p")) == (1, 1)


def test_the_other_origin_may_confirm_what_is_stored(both, origin, second):
    origin.on("/p", [Reply(headers={"Cache-Control": "no-cache",
                                    "ETag": '"1"'}, body=b"x"), Reply(503)])
    second.on("/p", Reply(304, {**FRESH, "ETag": '"1"'}))
    nginx = both()
    nginx.get("/p")
    response = nginx.get("/p")
    assert (response["X-Cache"], response.body) == ("REVALIDATED", b"x")
    assert second.seen("/p")[0]["If-None-Match"] == '"1"'
    assert verdict(nginx.get("/p")) == ("HIT", None)
