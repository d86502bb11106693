"""What is to be stored compressed is read as it came while it arrives."""

import gzip
import os
import zlib

import pytest

from lib.arriving import (AT_ONCE, BODY, FRESH, HALF, LARGE, arriving,
                          assert_broken, chunked, read_first_half, read_half,
                          read_rest, read_second_half)
from lib.cached import metric, nothing_left, purge, verdict
from lib.client import answers
from lib.fleet import object_keys, wait_stored
from lib.origin import Reply
from lib.waiters import STATUS, ask, waiting

TEXT = {**FRESH, "Content-Type": "text/plain", "ETag": '"one"'}
GZIP = {"Accept-Encoding": "gzip"}
PACK = f"{AT_ONCE} edge_cache_compress gzip;"


def length(**pieces):
    return Reply(**{"headers": TEXT, "body": BODY, **pieces})


def in_chunks(**pieces):
    return chunked(**{"headers": TEXT, **pieces})


FRAMINGS = pytest.mark.parametrize("reply, read_start, read_end", [
    (length, read_half, read_rest),
    (in_chunks, read_first_half, read_second_half)],
    ids=["length", "chunked"])


def packed(nginx):
    return metric(nginx, "edge_cache_fills_compressed_total")


def check_stored_packed(nginx, body=BODY):
    nothing_left(nginx)
    response = nginx.get("/", GZIP)
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.body) == body
    assert verdict(response) == ("HIT", None)
    assert nginx.get("/").body == body
    assert packed(nginx) == 1


@FRAMINGS
@pytest.mark.parametrize("headers", [{}, GZIP], ids=["identity", "gzip"])
def test_the_first_bytes_come_while_the_origin_pauses(
        edge_with, origin, rest, reply, read_start, read_end, headers):
    origin.on("/", reply(body_wait=rest))
    nginx = edge_with(PACK, workers=2)
    clients = ask(nginx, 10, headers=headers)
    heads = read_start(clients)
    later = ask(nginx, 5, headers=headers)
    heads += read_start(later)
    assert metric(nginx, "edge_cache_fills_total", result="stored") == 0
    rest.set()
    read_end(clients + later)
    for head in heads:
        assert head["Vary"] == "Accept-Encoding"
        assert head["ETag"] == '"one"'
        assert "Content-Encoding" not in head
    arriving(nginx, 14)
    check_stored_packed(nginx)
    assert origin.count("/") == 1
    nothing_left(nginx)


def test_what_arrived_takes_no_room_when_it_is_packed(edge_with, origin, rest):
    body = BODY * 10
    origin.on("/", length(body=body, body_wait=rest))
    nginx = edge_with(PACK)
    before = metric(nginx, "edge_cache_zone_used_bytes")
    clients = ask(nginx, 3)
    arriving(nginx, 2)
    assert metric(nginx, "edge_cache_zone_used_bytes") - before > len(body)
    rest.set()
    assert {r.body for r in answers(clients)} == {body}
    nothing_left(nginx)
    check_stored_packed(nginx, body)
    assert (metric(nginx, "edge_cache_zone_used_bytes") - before
            < len(body) / 10)


@pytest.mark.parametrize("reply", [length, in_chunks])
def test_the_origin_s_own_vary_is_kept(edge_with, origin, gate, rest, reply):
    origin.on("/", reply(headers={**TEXT, "Vary": "accept-encoding"},
                         wait=gate, body_wait=rest))
    nginx = edge_with(PACK)
    clients = ask(nginx, 3)
    origin.wait_for("/")
    waiting(nginx, 2)
    gate.set()
    arriving(nginx, 2)
    rest.set()
    for response in answers(clients):
        assert response["Vary"] == "accept-encoding"
        assert response.body == BODY
    nothing_left(nginx)


@pytest.mark.parametrize("reply", [length, in_chunks])
def test_what_does_not_get_smaller_is_stored_as_it_came(edge_with, origin,
                                                        rest, reply):
    body = os.urandom(len(BODY))
    origin.on("/", reply(body=body, body_wait=rest))
    nginx = edge_with(PACK)
    clients = ask(nginx, 4)
    arriving(nginx, 3)
    rest.set()
    for response in answers(clients):
        assert response["Vary"] == "Accept-Encoding"
        assert response.body == body
    nothing_left(nginx)
    response = nginx.get("/", GZIP)
    assert (response.body, verdict(response)) == (body, ("HIT", None))
    assert packed(nginx) == 0
    nothing_left(nginx)


@pytest.mark.parametrize("reply", [length, in_chunks])
def test_what_filters_change_is_changed_for_each(edge_with, origin, rest,
                                                 reply):
    body = b"a product of many. " * 2000
    origin.on("/", reply(body=body, body_wait=rest))
    nginx = edge_with(f"""{PACK} sub_filter product thing;
                          sub_filter_once off; sub_filter_types *;""")
    clients = ask(nginx, 4, headers=GZIP)
    arriving(nginx, 3)
    rest.set()
    changed = body.replace(b"product", b"thing")
    assert {r.body for r in answers(clients)} == {changed}
    assert nginx.get("/", GZIP).body == changed
    assert packed(nginx) == 0
    nothing_left(nginx)


def test_nginx_s_own_gzip_packs_what_is_read(edge_with, origin, rest):
    origin.on("/", length(body_wait=rest))
    nginx = edge_with(f"{PACK} gzip on; gzip_types text/plain;")
    clients = ask(nginx, 4, headers=GZIP)
    arriving(nginx, 3)
    rest.set()
    for response in answers(clients):
        assert response.all("Content-Encoding") == ["gzip"]
        assert zlib.decompress(response.body, 31) == BODY
    check_stored_packed(nginx)
    nothing_left(nginx)


def test_an_answer_that_breaks_off_is_no_whole_one(edge_with, origin, rest):
    origin.on("/", [in_chunks(cut=HALF + 100, first=HALF, body_wait=rest),
                    length()])
    nginx = edge_with(PACK, workers=2)
    clients = ask(nginx, 5)
    read_first_half(clients)
    rest.set()
    assert_broken(clients)
    assert packed(nginx) == 0
    assert verdict(nginx.get("/"))[0] == "MISS"
    check_stored_packed(nginx)
    nothing_left(nginx)


def test_what_becomes_too_large_is_sent_to_its_end_and_not_stored(
        edge_with, origin, rest):
    origin.on("/", in_chunks(body=LARGE, first=20_000, body_wait=rest))
    nginx = edge_with(f"{PACK} edge_cache_max_size 100k;", zone="z:16m")
    clients = ask(nginx, 4)
    arriving(nginx, 3)
    rest.set()
    assert all(r.body == LARGE for r in answers(clients))
    assert packed(nginx) == 0
    assert metric(nginx, "edge_cache_fills_total", result="stored") == 0
    nothing_left(nginx)


def test_a_purge_in_the_middle(edge_with, origin, rest):
    headers = {**TEXT, "Surrogate-Key": "t"}
    origin.on("/", [length(headers=headers, body_wait=rest),
                    length(headers=headers, body=b"new " * 1000)])
    nginx = edge_with(PACK, workers=2)
    clients = ask(nginx, 5)
    read_half(clients)
    purge(nginx, tags=["t"])
    rest.set()
    read_rest(clients)
    assert nginx.get("/").body == b"new " * 1000
    assert origin.count("/") == 2
    nothing_left(nginx)


def test_other_servers_get_it_packed(fleet, origin, rest, redis):
    origin.on("/", length(body_wait=rest))
    a, b = fleet.start(2, location=PACK, server=STATUS)
    clients = ask(a, 5)
    read_half(clients)
    rest.set()
    read_rest(clients)
    wait_stored(a, 1)
    key, = object_keys(redis)
    assert redis.command("STRLEN", key) < len(BODY) / 5
    response = b.get("/", GZIP)
    assert gzip.decompress(response.body) == BODY
    assert b.get("/").body == BODY
    assert origin.count("/") == 1
