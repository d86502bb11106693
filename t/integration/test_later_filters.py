"""Filters behind the capture may write into what they get: not into what is
stored."""

from lib.origin import Reply

LETTERS = range(0xe0, 0xff)


def rotated(letter):
    return 0xe0 + (letter - 0xe0 + 1) % len(LETTERS)


def test_a_charset_recoded_in_place_is_recoded_once(cached, origin):
    table = " ".join(f"{c:02x} {rotated(c):02x};" for c in LETTERS)
    body = bytes(LETTERS) * 2000
    origin.on("/a", Reply(
        headers={"Cache-Control": "max-age=60",
                 "Content-Type": "text/plain; charset=koi8-r"}, body=body))
    nginx = cached(
        location="charset windows-1251; source_charset koi8-r; "
                 "override_charset on;",
        http=f"charset_map koi8-r windows-1251 {{ {table} }}")
    expected = bytes(rotated(c) for c in body)
    for status in ("MISS", "HIT"):
        response = nginx.get("/a")
        assert response["X-Cache"] == status
        assert response.body == expected
