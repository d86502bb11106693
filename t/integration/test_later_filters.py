"""Filters behind the cache that write into the bytes they are given."""

import pytest

from lib.cached import verdict
from lib.origin import Reply

# A map that shows how often it was applied: each letter becomes the next.
FIRST, LETTERS = 0xe0, 30
NEXT = {FIRST + i: FIRST + (i + 1) % LETTERS for i in range(LETTERS)}
HTTP = "charset_map koi8-r windows-1251 { %s }" % " ".join(
    f"{old:02x} {new:02x};" for old, new in NEXT.items())
RECODING = """charset windows-1251; source_charset koi8-r;
              override_charset on;"""


@pytest.mark.parametrize("size", [30, 3_000, 300_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("lines", ["", "proxy_buffering off;"],
                         ids=["buffered", "unbuffered"])
def test_a_charset_is_recoded_once_for_miss_and_hits(cached, origin, size,
                                                     framing, lines):
    body = bytes(NEXT) * (size // LETTERS)
    origin.on("/", Reply(
        headers={"Cache-Control": "max-age=60",
                 "Content-Type": "text/plain; charset=koi8-r"},
        body=body, framing=framing, body_delay=0.1))
    nginx = cached(f"{RECODING} {lines}", http=HTTP)
    for expected in ("MISS", "HIT", "HIT"):
        response = nginx.get("/")
        assert verdict(response) == (expected, None)
        assert response["Content-Type"] == "text/plain; charset=windows-1251"
        assert response.body == body.translate(
            bytes(NEXT.get(i, i) for i in range(256)))
