"""edge_cache_compress: texts are packed once, when they are stored."""

import gzip
import json
import os

import pytest

from lib.cached import metric, verdict
from lib.fleet import object_keys, wait_stored
from lib.origin import Reply
from lib.wait import wait_until

MODIFIED = "Mon, 02 Nov 2020 10:00:00 GMT"
FRESH = {"Cache-Control": "max-age=60", "ETag": '"one"',
         "Last-Modified": MODIFIED, "Content-Type": "application/json"}
BODY = json.dumps([{"id": i, "name": f"product {i}"}
                   for i in range(2000)]).encode()
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
HIT = ("HIT", None)


@pytest.fixture
def stored(cached, origin):
    """An instance that has it; its origin is not asked again."""
    def start(location="", body=BODY, fields=FRESH, framing="length",
              **pieces):
        origin.on("/", Reply(headers=fields, body=body, framing=framing))
        nginx = cached(f"edge_cache_compress gzip; {location}", **pieces)
        assert nginx.get("/").body == body
        return nginx

    return start


def compressed(nginx):
    return metric(nginx, "edge_cache_fills_compressed_total")


def check_identity(response, body=BODY):
    assert response["Content-Encoding"] is None
    assert response.body == body
    assert int(response["Content-Length"]) == len(body)
    assert response["ETag"] == '"one"'
    assert response["Vary"] == "Accept-Encoding"


def check_packed(response, body=BODY):
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.body) == body
    assert int(response["Content-Length"]) == len(response.body)
    assert response["ETag"] == 'W/"one"'
    assert response["Vary"] == "Accept-Encoding"
    assert response["Accept-Ranges"] is None


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_each_client_gets_the_form_it_takes(stored, origin, framing,
                                            buffering):
    nginx = stored(f"proxy_buffering {buffering};", framing=framing)
    for _ in range(2):
        packed = nginx.get("/", GZIP)
        check_packed(packed)
        assert verdict(packed) == HIT
        check_identity(nginx.get("/"))
    assert len(packed.body) < len(BODY) / 5
    assert origin.count("/") == 1
    assert compressed(nginx) == 1
    assert metric(nginx, "edge_cache_hits_unpacked_total") == 2
    before, after = (metric(nginx, "edge_cache_compressed_bytes_total",
                            form=form) for form in ("identity", "gzip"))
    assert (before, after) == (len(BODY), len(packed.body))


def test_the_first_client_gets_it_as_it_came(cached, origin):
    """But learns that there will be another form."""
    origin.on("/", Reply(headers=FRESH, body=BODY))
    nginx = cached("edge_cache_compress gzip;")
    check_identity(nginx.get("/", GZIP))


@pytest.mark.parametrize("accepted, is_packed", [
    ("gzip", True), ("x-gzip", True), ("GZIP;q=0.001", True), ("*", True),
    ("br, *;q=0.1", True), ("identity, gzip", True),
    ("gzip;q=0", False), ("*, gzip;q=0", False), ("br", False),
    ("identity", False), ("", False), ("gzip;q=x", False), ("gzip br", False),
    (["gzip", "br"], False)])
def test_what_clients_accept(stored, accepted, is_packed):
    nginx = stored()
    check = check_packed if is_packed else check_identity
    check(nginx.get("/", {"Accept-Encoding": accepted}))


@pytest.mark.parametrize("fields", [
    {"Content-Type": "image/png"}, {"Content-Type": "application/pdf"},
    {"Content-Type": None},
    {"Cache-Control": "max-age=60, no-transform"},
    {"Content-Encoding": "br"},
    {"Content-Digest": "sha-256=:AAAA:"}, {"Repr-Digest": "sha-256=:AAAA:"},
    {"Digest": "sha-256=AAAA"}, {"Content-MD5": "AAAA"}])
def test_what_stays_as_it_is(stored, fields):
    fields = {name: value for name, value in {**FRESH, **fields}.items()
              if value is not None}
    nginx = stored(fields=fields)
    response = nginx.get("/", GZIP)
    assert (response.body, verdict(response)) == (BODY, HIT)
    assert response["Vary"] is None
    assert compressed(nginx) == 0


@pytest.mark.parametrize("content_type", [
    "text/html; charset=utf-8", "TEXT/CSS", "application/problem+json",
    "image/svg+xml", "application/javascript"])
def test_what_is_text(stored, content_type):
    nginx = stored(fields={**FRESH, "Content-Type": content_type})
    check_packed(nginx.get("/", GZIP))


@pytest.mark.parametrize("body", [b"short " * 100, os.urandom(5000).hex()
                                  .encode()[:1023], b""],
                         ids=["short", "shorter", "empty"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_short_bodies_stay_as_they_are(stored, body, framing):
    nginx = stored(body=body, framing=framing)
    assert nginx.get("/", GZIP).body == body
    assert compressed(nginx) == 0


def test_what_does_not_get_smaller_stays_as_it_is(stored):
    body = os.urandom(100_000)
    nginx = stored(body=body)
    response = nginx.get("/", GZIP)
    assert (response.body, verdict(response)) == (body, HIT)
    assert compressed(nginx) == 0


def test_without_memory_for_it_it_is_stored_as_it_is(stored):
    nginx = stored(http="edge_cache_fill_memory 128k;")
    response = nginx.get("/", GZIP)
    assert (response.body, verdict(response)) == (BODY, HIT)


def test_parts_are_of_the_identity(stored):
    nginx = stored()
    response = nginx.get("/", {**GZIP, "Range": "bytes=10-19",
                               "If-Range": '"one"'})
    assert (response.status, response.body) == (206, BODY[10:20])
    assert response["ETag"] == '"one"'
    response = nginx.get("/", {**GZIP, "Range": "bytes=0-1,100-109"})
    assert response.status == 206
    assert BODY[100:110] in response.body
    response = nginx.get("/", {**GZIP, "Range": "bytes=0-1",
                               "If-Range": 'W/"one"'})
    assert (response.status, response.body) == (200, BODY)


@pytest.mark.parametrize("tag", ['"one"', 'W/"one"'])
@pytest.mark.parametrize("headers", [{}, GZIP], ids=["identity", "gzip"])
def test_conditions_hold_for_both_forms(stored, tag, headers):
    response = stored().get("/", {**headers, "If-None-Match": tag})
    assert (response.status, response.body) == (304, b"")
    assert response["Vary"] == "Accept-Encoding"
    assert response["Content-Encoding"] is None


def test_head_tells_the_size_of_the_form(stored):
    nginx = stored()
    packed = nginx.get("/", GZIP)
    head = nginx.get("/", GZIP, method="HEAD")
    assert head["Content-Length"] == packed["Content-Length"]
    assert head["Content-Encoding"] == "gzip"
    head = nginx.get("/", method="HEAD")
    assert int(head["Content-Length"]) == len(BODY)


@pytest.mark.parametrize("vary, sent", [
    ("X-A", "X-A, Accept-Encoding"),
    ("X-A, accept-encoding", "X-A, accept-encoding")])
def test_the_origin_s_own_vary_is_kept(stored, vary, sent):
    nginx = stored(fields={**FRESH, "Vary": vary})
    assert nginx.get("/")["Vary"] == sent


def test_nginx_s_own_gzip_does_not_do_it_again(stored):
    nginx = stored("gzip on; gzip_types *; gzip_vary on;")
    response = nginx.get("/", GZIP)
    assert gzip.decompress(response.body) == BODY
    assert response.all("Content-Encoding") == ["gzip"]


FILTERED = """sub_filter product thing; sub_filter_once off;
              sub_filter_types *;"""


def test_what_a_filter_changes_stays_as_it_is(stored):
    """It would look for its words in what is packed."""
    nginx = stored()
    assert compressed(nginx) == 1
    nginx = stored_filtered(nginx)
    for headers in ({}, GZIP):
        body = nginx.get("/new", headers).body
        assert body == BODY.replace(b"product", b"thing")


def stored_filtered(nginx):
    nginx.reload(nginx.conf.replace("edge_cache_compress gzip;",
                                    "edge_cache_compress gzip;" + FILTERED))
    nginx.get("/new")
    return nginx


@pytest.fixture(autouse=True)
def another(origin):
    origin.on("/new", Reply(headers=FRESH, body=BODY))


def test_nor_is_it_packed_in_the_background(cached, origin):
    """No header passes the filters then."""
    stale = {**FRESH, "Cache-Control": "max-age=1, stale-while-revalidate=60",
             "Age": "2"}
    origin.on("/", Reply(headers={**stale, "ETag": None}, body=BODY))
    nginx = cached("edge_cache_compress gzip;" + FILTERED)
    for count in range(3):
        body = nginx.get("/", GZIP).body
        assert body == BODY.replace(b"product", b"thing")
        wait_until(lambda: metric(nginx, "edge_cache_refreshes_total",
                                  result="stored") >= count)
    assert compressed(nginx) == 0


def test_in_the_background_it_stays_packed(cached, origin):
    stale = {**FRESH, "Cache-Control": "max-age=1, stale-while-revalidate=60",
             "Age": "2"}
    changed = BODY.replace(b"product", b"thing")
    origin.on("/", [Reply(headers=stale, body=BODY),
                    Reply(headers=FRESH, body=changed)])
    nginx = cached("edge_cache_compress gzip;")
    nginx.get("/")
    check_packed(nginx.get("/", GZIP))
    wait_until(lambda: metric(nginx, "edge_cache_refreshes_total",
                              result="stored") == 1)
    check_packed(nginx.get("/", GZIP), changed)
    check_identity(nginx.get("/"), changed)


def test_the_origin_confirms_it(cached, origin):
    expired = {**FRESH, "Cache-Control": "max-age=1", "Age": "2"}
    origin.on("/", [Reply(headers=expired, body=BODY),
                    Reply(304, headers=expired), Reply(304, headers=FRESH)])
    nginx = cached("edge_cache_compress gzip;")
    nginx.get("/")
    check_packed(nginx.get("/", GZIP))
    check_identity(nginx.get("/"))
    for headers, check in ({}, check_identity), (GZIP, check_packed):
        response = nginx.get("/", headers)
        check(response)
        assert verdict(response) == HIT


def test_in_place_of_an_error(cached, origin):
    expired = {**FRESH, "Cache-Control": "max-age=1, stale-if-error=60",
               "Age": "2"}
    origin.on("/", [Reply(headers=expired, body=BODY), Reply(503)])
    nginx = cached("edge_cache_compress gzip;")
    nginx.get("/")
    check_identity(nginx.get("/"))
    check_packed(nginx.get("/", GZIP))


def test_a_location_that_does_not_pack_sends_it_as_it_was(stored):
    nginx = stored()
    nginx.reload(nginx.conf.replace("edge_cache_compress gzip;", ""))
    response = nginx.get("/", GZIP)
    check_identity(response)
    assert verdict(response) == HIT


def test_other_servers_get_it_packed(fleet, origin, redis):
    origin.on("/", Reply(headers=FRESH, body=BODY))
    a, b = fleet.start(2, location="edge_cache_compress gzip;")
    a.get("/")
    wait_stored(a, 1)
    key, = object_keys(redis)
    assert redis.command("STRLEN", key) < len(BODY) / 5
    check_packed(b.get("/", GZIP))
    check_identity(b.get("/"))
    assert origin.count("/") == 1


@pytest.mark.parametrize("spoil", [
    lambda value: value[:-40] + bytes(40),
    lambda value: value[:-4] + b"\x01\x00\x00\x00"],
    ids=["body", "size"])
def test_what_cannot_be_unpacked_is_fetched(fleet, origin, redis, spoil):
    origin.on("/", Reply(headers=FRESH, body=BODY))
    a, b = fleet.start(2, location="edge_cache_compress gzip;")
    a.get("/")
    wait_stored(a, 1)
    key, = object_keys(redis)
    redis.command("SET", key, spoil(redis.command("GET", key)), "KEEPTTL")
    response = b.get("/")
    assert response.body == BODY
    assert verdict(response)[0] == "MISS"
    check_identity(b.get("/"))


@pytest.mark.parametrize("line, said", [
    ("edge_cache_compress br;", 'write "gzip", or "off" alone'),
    ("edge_cache_compress off level=1;", 'write "gzip", or "off" alone'),
    ("edge_cache_compress gzip level=0;", "a number from 1 to 9"),
    ("edge_cache_compress gzip level=10;", "a number from 1 to 9"),
    ("edge_cache_compress gzip min_length=x;", "a size such as 1k"),
    ("edge_cache_compress gzip text/html;", 'write "level="'),
    ("edge_cache_compress gzip; edge_cache_compress off;", "is duplicate")])
def test_what_cannot_be_meant(cached, line, said):
    nginx = cached()
    code, text = nginx.check_config(nginx.conf.replace(
        "edge_cache z;", f"edge_cache z; {line}"))
    assert code != 0
    assert said in text
