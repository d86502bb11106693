"""What a hit looks like, next to the miss it came from."""

import gzip
import subprocess
import time
from email.utils import parsedate_to_datetime

import pytest

from lib.cached import verdict
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until


def test_a_second_request_is_a_hit(cached, origin):
    nginx = cached()
    miss, hit = nginx.get("/a"), nginx.get("/a")
    assert (verdict(miss), verdict(hit)) == (("MISS", None), ("HIT", None))
    assert hit.body == miss.body
    assert origin.count("/a") == 1


def test_workers_share_the_cache(cached, origin):
    nginx = cached(workers=2)
    nginx.get("/a")
    assert all(verdict(nginx.get("/a"))[0] == "HIT" for _ in range(20))


@pytest.mark.parametrize("status", [200, 203, 404, 410, 301, 308, 299, 503])
def test_any_final_status_with_a_lifetime_is_stored(cached, origin, status):
    origin.on("/", Reply(status, {"Cache-Control": "max-age=60",
                                  "Location": "http://elsewhere/"}, b"x"))
    nginx = cached()
    miss, hit = nginx.get("/"), nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    assert (hit.status, hit.body) == (miss.status, miss.body) == (status, b"x")
    assert hit["Location"] == miss["Location"]


@pytest.mark.parametrize("status", [206, 416, 425, 428, 429, 431, 511])
def test_some_statuses_are_never_stored(cached, origin, status):
    origin.on("/", Reply(status, {"Cache-Control": "max-age=60"}, b"x"))
    nginx = cached()
    assert verdict(nginx.get("/")) == (
        "MISS", "partial_content" if status == 206 else "status")
    assert verdict(nginx.get("/"))[0] == "MISS"


# HEAD

def test_head_is_answered_from_a_get(cached, origin):
    nginx = cached()
    get = nginx.get("/")
    head = nginx.get("/", method="HEAD")
    assert verdict(head) == ("HIT", None)
    assert (head["Content-Length"], head.body) == (str(len(get.body)), b"")


def test_a_head_that_misses_fills_nothing(cached, origin):
    nginx = cached()
    assert verdict(nginx.get("/", method="HEAD")) == ("MISS", "head_request")
    assert [r.method for r in origin.seen("/")] == ["HEAD"]
    assert verdict(nginx.get("/"))[0] == "MISS"
    assert nginx.get("/").json()["method"] == "GET"


# Fields

def test_a_hit_has_the_fields_of_the_miss_and_age(cached, origin):
    fields = {"Cache-Control": "max-age=60", "ETag": '"1"',
              "Content-Type": "text/plain; charset=utf-8",
              "Last-Modified": "Mon, 02 Nov 2020 10:00:00 GMT",
              "Expires": "Mon, 02 Nov 2020 11:00:00 GMT",
              "Content-Language": "de", "Link": ["</a>; rel=x", "</b>; rel=y"],
              "X-Own": "1", "Server": "origin/1"}
    origin.on("/", Reply(headers=fields, body=b"x"))
    nginx = cached()
    miss, hit = nginx.get("/"), nginx.get("/")

    def plain(response):
        return sorted((name, value) for name, value in response.headers
                      if name not in ("Age", "Accept-Ranges", "X-Cache"))

    assert verdict(hit) == ("HIT", None)
    assert plain(hit) == plain(miss)
    assert hit.all("Age") == ["0"]


def test_no_field_comes_twice(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60", "Age": "3",
                                  "Accept-Ranges": "bytes"}, body=b"x"))
    nginx = cached()
    nginx.get("/")
    names = [name.lower() for name, _ in nginx.get("/").headers]
    assert sorted(names) == sorted(set(names))


def test_date_is_the_origins(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=99999999",
                                  "Date": "Mon, 02 Nov 2026 10:00:00 GMT"}))
    nginx = cached("proxy_pass_header Date;")
    nginx.get("/")
    assert nginx.get("/").all("Date") == ["Mon, 02 Nov 2026 10:00:00 GMT"]


def test_date_is_the_time_of_arrival_without_the_origins(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Date": None}))
    nginx = cached()
    before = time.time()
    nginx.get("/")
    stored = nginx.get("/")["Date"]
    assert int(before) <= parsedate_to_datetime(stored).timestamp()
    wait_until(lambda: int(nginx.get("/")["Age"]) >= 1)
    assert nginx.get("/").all("Date") == [stored]


def test_age_starts_from_the_origins_and_grows(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=1000",
                                  "Age": "100"}))
    nginx = cached()
    nginx.get("/")
    first = int(nginx.get("/")["Age"])
    time.sleep(1.1)
    assert 100 <= first <= 105
    assert first + 1 <= int(nginx.get("/")["Age"]) <= 110


def test_hop_by_hop_fields_are_not_stored(cached, origin):
    origin.on("/", Reply(headers={
        "Cache-Control": "max-age=60", "Connection": "X-Hop",
        "X-Hop": "1", "Keep-Alive": "timeout=5", "Proxy-Connection": "x",
        "Proxy-Authenticate": "Basic", "X-Accel-Limit-Rate": "0",
        "X-RateLimit-Limit": "5", "RateLimit": '"a";r=1'}, body=b"x"))
    nginx = cached("proxy_pass_header X-Accel-Limit-Rate;")
    nginx.get("/")
    hit = nginx.get("/")
    assert verdict(hit) == ("HIT", None)
    for name in ("X-Hop", "Proxy-Connection", "Proxy-Authenticate",
                 "X-Accel-Limit-Rate", "X-RateLimit-Limit", "RateLimit"):
        assert hit[name] is None, name


def test_hidden_fields_stay_hidden(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "X-Secret": "1"}))
    nginx = cached("proxy_hide_header X-Secret;")
    nginx.get("/")
    assert nginx.get("/")["X-Secret"] is None


# Later filters

def test_add_header_applies_to_hits(cached):
    nginx = cached("add_header X-Id $request_id;")
    assert nginx.get("/")["X-Id"] != nginx.get("/")["X-Id"]


def test_expires_applies_to_hits_and_not_to_what_is_stored(cached, origin):
    origin.on("/", Reply(headers={"X-Accel-Expires": "60"}))
    nginx = cached("expires 5s;")
    assert nginx.get("/")["Cache-Control"] == "max-age=5"
    assert nginx.get("/").all("Cache-Control") == ["max-age=5"]


GZIP = "gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;"


def test_hits_are_compressed_for_those_who_accept_it(cached, origin):
    text = b"abc" * 1000
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "ETag": '"1"'}, body=text))
    nginx = cached(GZIP)
    for response in [nginx.get("/", {"Accept-Encoding": "gzip"})
                     for _ in range(3)]:
        assert response["Content-Encoding"] == "gzip"
        assert response["ETag"] == 'W/"1"'
        assert gzip.decompress(response.body) == text
    plain = nginx.get("/")
    assert (verdict(plain), plain.body) == (("HIT", None), text)
    assert (plain["Content-Encoding"], plain["ETag"]) == (None, '"1"')


def test_what_came_compressed_is_not_compressed_again(cached, origin):
    data = gzip.compress(b"abc" * 1000)
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Content-Encoding": "gzip",
                                  "Vary": "Accept-Encoding"}, body=data))
    nginx = cached(GZIP)
    nginx.get("/", {"Accept-Encoding": "gzip"})
    hit = nginx.get("/", {"Accept-Encoding": "gzip"})
    assert verdict(hit) == ("HIT", None)
    assert (hit.all("Content-Encoding"), hit.body) == (["gzip"], data)


def test_gunzip_serves_clients_without_gzip_from_the_hit(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Content-Encoding": "gzip"},
                         body=gzip.compress(b"abc")))
    nginx = cached("gunzip on;")
    nginx.get("/", {"Accept-Encoding": "gzip"})
    hit = nginx.get("/")
    assert (verdict(hit), hit.body) == (("HIT", None), b"abc")
    assert hit["Content-Encoding"] is None


def test_sub_filter_runs_on_every_hit(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Content-Type": "text/html"}, body=b"<me>"))
    nginx = cached("sub_filter <me> $arg_me; edge_cache_key /;")
    assert nginx.get("/?me=a").body == b"a"
    hit = nginx.get("/?me=b")
    assert (verdict(hit), hit.body) == (("HIT", None), b"b")


@pytest.mark.parametrize("type_", ["text/html", "text/html; charset=utf-8",
                                   'text/html; charset="utf-8"; a=b'])
def test_content_type_is_that_of_the_miss(cached, origin, type_):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Content-Type": type_}))
    nginx = cached("charset koi8-r;")
    miss = nginx.get("/")
    assert nginx.get("/").all("Content-Type") == miss.all("Content-Type")


def test_an_answer_without_a_type_gets_none(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=b"x"))
    nginx = cached()
    assert nginx.get("/")["Content-Type"] is None
    assert nginx.get("/")["Content-Type"] is None


# Protocols

def test_http_1_0_clients_get_hits_with_a_length(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=b"12345",
                         framing="chunked"))
    nginx = cached()
    nginx.get("/")
    with nginx.connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        response = connection.read_response()
        assert verdict(response) == ("HIT", None)
        assert (response["Content-Length"], response.body) == ("5", b"12345")
        assert connection.closed_by_peer()


def test_keep_alive_survives_hits_and_misses(cached, origin):
    nginx = cached()
    with nginx.connect() as connection:
        for target in ["/a", "/a", "/b", "/a", "/b"] * 4:
            assert connection.request("GET", target).json()["uri"] == target


def test_pipelined_requests_are_answered_in_order(cached, origin):
    nginx = cached()
    nginx.get("/hit")
    with nginx.connect() as connection:
        for target in ("/hit", "/miss", "/hit"):
            connection.send_request("GET", target)
        assert [connection.read_response().json()["uri"]
                for _ in range(3)] == ["/hit", "/miss", "/hit"]


def test_http_2_misses_and_hits(cached):
    port = free_port()
    nginx = cached(server=f"listen 127.0.0.1:{port} http2;")

    def h2(*arguments):
        run = subprocess.run(
            ["curl", "-s", "-i", "--http2-prior-knowledge", "-H",
             "Host: localhost", *arguments, f"http://127.0.0.1:{port}/a"],
            capture_output=True, timeout=10, check=True)
        return run.stdout.decode()

    miss, hit = h2(), h2()
    assert miss.startswith("HTTP/2 200") and "x-cache: MISS" in miss
    assert hit.startswith("HTTP/2 200") and "x-cache: HIT" in hit
    assert miss.split("\r\n\r\n")[1] == hit.split("\r\n\r\n")[1]
    assert verdict(nginx.get("/a")) == ("HIT", None)
    assert "content-length" in h2("-I")
