"""Ranges (RFC 9110 14): cut from whole stored answers."""

import random
import re

import pytest

from lib.cached import verdict
from lib.origin import Reply

MODIFIED = "Mon, 02 Nov 2020 10:00:00 GMT"
SMALL = bytes(range(200))
LARGE = bytes(i * 7 % 251 for i in range(500_000))


@pytest.fixture
def stored(cached, origin):
    def start(body=SMALL, location="", **fields):
        origin.on("/", Reply(headers={
            "Cache-Control": "max-age=60", "ETag": '"one"',
            "Last-Modified": MODIFIED, **fields}, body=body))
        nginx = cached(location)
        assert nginx.get("/").body == body
        return nginx

    return start


def partial(nginx, ranges, **headers):
    fields = {"Range": f"bytes={ranges}",
              **{name.replace("_", "-"): v for name, v in headers.items()}}
    response = nginx.get("/", fields)
    # nginx adds its headers once more to a 416.
    assert response.all("X-Cache")[0] == "HIT"
    return response


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("ranges, first, last", [
    ("0-0", 0, 1), ("5-9", 5, 10), ("190-", 190, None), ("-7", -7, None),
    ("0-", 0, None), ("100-99999999", 100, None),
    ("-99999999999999999", 0, None)])
def test_one_range(stored, body, ranges, first, last):
    response = partial(stored(body), ranges)
    assert response.status == 206
    assert response.body == body[first:last]
    start = first % len(body)
    assert response["Content-Range"] == (
        f"bytes {start}-{start + len(response.body) - 1}/{len(body)}")


@pytest.mark.parametrize("first, last", [
    (0, 499_999), (1, 2), (250_000, 250_001), (131_071, 131_073),
    (262_143, 262_145), (65_535, 400_000), (499_999, 499_999)])
def test_ranges_across_the_pieces_of_a_large_object(stored, first, last):
    response = partial(stored(LARGE), f"{first}-{last}")
    assert response.body == LARGE[first:last + 1]


def parts_of(response):
    boundary = re.search("boundary=(.*)", response["Content-Type"])[1]
    pieces = response.body.split(b"\r\n--" + boundary.encode())
    assert pieces[-1] == b"--\r\n"
    return [piece.split(b"\r\n\r\n", 1)[1] for piece in pieces[1:-1]]


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_several_ranges(stored, body):
    response = partial(stored(body), "0-3,10-12,-5")
    assert response.status == 206
    assert parts_of(response) == [body[:4], body[10:13], body[-5:]]


def test_several_ranges_of_a_large_object(stored):
    response = partial(stored(LARGE), "100000-300000,0-9,499990-")
    assert parts_of(response) == [LARGE[100000:300001], LARGE[:10],
                                  LARGE[499990:]]


def test_more_bytes_than_there_are_get_the_whole(stored):
    response = partial(stored(), ",".join(["0-"] * 50))
    assert (response.status, response.body) == (200, SMALL)


@pytest.mark.parametrize("ranges", ["200-", "300-400"])
def test_ranges_beyond_the_end_are_a_416(stored, ranges):
    response = partial(stored(), ranges)
    assert response.status == 416
    assert response["Content-Range"] == "bytes */200"


def test_a_416_is_not_described_as_the_object(stored):
    nginx = stored(**{"Content-Encoding": "gzip", "X-Own": "1"})
    response = partial(nginx, "200-")
    assert response.status == 416
    for name in ("Content-Encoding", "Cache-Control", "Age", "ETag",
                 "Last-Modified", "X-Own"):
        assert response[name] is None, name
    assert b"416" in response.body
    assert partial(nginx, "0-3")["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("ranges", [
    "5-3", "x", "-", "1-2;", "0-18446744073709551616",
    "-9223372036854775808,0-"])
def test_broken_ranges_leak_nothing(stored, ranges):
    response = partial(stored(), ranges)
    assert response.status in (200, 206, 416)
    if response.status == 200:
        assert response.body == SMALL
    elif response.status == 206:
        assert len(response.body) <= len(SMALL) + 500


def test_an_unknown_unit_gets_the_whole(stored):
    response = stored().get("/", {"Range": "lines=1-2"})
    assert (response.status, response.body) == (200, SMALL)


@pytest.mark.parametrize("validator, status", [
    ('"one"', 206), (MODIFIED, 206), ('"two"', 200), ('W/"one"', 200),
    ("Mon, 02 Nov 2020 10:00:01 GMT", 200),
    ("Mon, 02 Nov 2020 09:00:00 GMT", 200), ("x", 200)])
def test_if_range_compares_strongly(stored, validator, status):
    response = partial(stored(), "0-3", If_Range=validator)
    assert response.status == status
    assert response.body == (SMALL[:4] if status == 206 else SMALL)


def test_a_weak_tag_is_no_match_for_if_range(stored):
    nginx = stored(ETag='W/"one"')
    assert partial(nginx, "0-3", If_Range='W/"one"').status == 200


def test_a_date_is_weak_when_it_is_young(stored):
    """Within a second of Date the object may have changed twice."""
    nginx = stored(Date=MODIFIED, **{"Cache-Control": "max-age=999999999"})
    assert partial(nginx, "0-3", If_Range=MODIFIED).status == 200


def test_a_range_of_head_is_ignored(stored):
    response = stored().get("/", {"Range": "bytes=0-3"}, method="HEAD")
    assert verdict(response) == ("HIT", None)
    assert (response.status, response["Content-Length"]) == (200, "200")


def test_a_304_goes_before_a_range(stored):
    response = partial(stored(), "0-3", If_None_Match='"one"')
    assert response.status == 304


def test_only_a_200_has_ranges(cached, origin):
    origin.on("/", Reply(404, {"Cache-Control": "max-age=60"}, SMALL))
    nginx = cached()
    nginx.get("/")
    response = partial(nginx, "0-3")
    assert (response.status, response.body) == (404, SMALL)


@pytest.mark.parametrize("location", [
    "", "proxy_force_ranges on;", "proxy_set_header Range $http_range;",
    "proxy_buffering off;"])
def test_a_range_on_a_cold_key_fetches_and_stores_the_whole(
        cached, origin, location):
    def answer(request):
        if request["Range"]:
            return Reply(206, {"Cache-Control": "max-age=60",
                               "Content-Range": "bytes 0-3/200"}, SMALL[:4])
        return Reply(headers={"Cache-Control": "max-age=60",
                              "Accept-Ranges": "bytes"}, body=SMALL)

    origin.on("/", answer)
    nginx = cached(location)
    miss = nginx.get("/", {"Range": "bytes=0-3"})
    assert (verdict(miss), miss.status) == (("MISS", None), 200)
    assert miss.body == SMALL
    assert origin.seen("/")[0]["Range"] is None
    assert partial(nginx, "0-3").body == SMALL[:4]
    assert nginx.get("/").body == SMALL


def test_ranges_of_hits_obey_max_ranges(stored):
    response = partial(stored(location="max_ranges 1;"), "0-3,5-6")
    assert (response.status, response.body) == (200, SMALL)


def test_a_part_has_the_fields_of_the_whole(stored):
    fields = {"Cache-Control": "max-age=60", "Content-Location": "/here",
              "Expires": "Mon, 02 Nov 2020 10:00:00 GMT", "ETag": '"one"',
              "Vary": "X-A", "Last-Modified": MODIFIED, "X-Own": "1"}
    nginx = stored(**fields)
    whole = nginx.get("/")
    part = partial(nginx, "0-3")
    assert (part.status, part["Content-Length"]) == (206, "4")
    assert {name: part[name] for name in fields} == fields
    assert part["Date"] == whole["Date"] and part["Age"] is not None


def pieces_asked_for(value, size):
    """[(first, last)] of those that there are (RFC 9110 14.1.2)."""
    pieces = []
    for text in value.split(","):
        first, last = text.split("-")
        if not first:
            pieces.append((max(size - int(last), 0), size - 1))
        else:
            pieces.append((int(first), min(int(last or size), size - 1)))
    return [(first, last) for first, last in pieces if first <= last]


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_any_ranges_are_cut_as_asked_for(stored, body):
    chosen = random.Random(len(body))
    size = len(body)
    numbers = ["0", "1", str(size - 1), str(size), "9" * 15]

    def one_range():
        first, last = [chosen.choice(numbers + [str(chosen.randrange(size))]
                                     * 9) for _ in "ab"]
        return chosen.choice([f"{first}-{last}"] * 3 +
                             [f"{first}-", f"-{last}"])

    with stored(body).connect() as client:
        for _ in range(200):
            value = ",".join(one_range() for _ in
                             range(chosen.choice([1, 1, 2, 5])))
            response = client.request("GET", "/", {"Range": f"bytes={value}"})
            pieces = pieces_asked_for(value, size)
            if response.status == 416:
                assert not pieces, value
            elif response.status == 200:
                # More than there is (RFC 9110 14.2).
                assert sum(last + 1 - first for first, last in pieces) >= size
                assert response.body == body, value
            else:
                parts = ([response.body] if len(pieces) == 1
                         else parts_of(response))
                assert parts == [body[first:last + 1]
                                 for first, last in pieces], value
