"""What stands in Redis is believed only if it is what was asked for."""

import pytest

from lib.cached import metric
from lib.fleet import (object_keys, origin_of_hit, refused, wait_stored)
from lib.nginx import NGINX_BIN
from lib.origin import Reply

BODY = b"the right body"


@pytest.fixture
def read(fleet, origin):
    """(filler, reader): the reader keeps nothing of what it fetches."""
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Surrogate-Key": "a b"}, body=BODY))
    filler, = fleet.start(join=False)
    reader, = fleet.start(join=False, location="edge_cache_no_store 1;")
    fleet.wait_joined()
    return filler, reader


@pytest.fixture
def stored(read, redis):
    """The one key, and its value as it should be."""
    read[0].get("/")
    wait_stored(read[0], 1)
    key, = object_keys(redis)
    return key, redis.command("GET", key)


def overwrite(redis, key, value):
    redis.command("DEL", key)
    redis.command("SET", key, value, "PX", 60_000)


def miss_for(nginx, reason, target="/"):
    """A miss that is the origin's answer, counted by its reason."""
    before = refused(nginx, reason)
    response = nginx.get(target)
    assert response["X-Cache"] == "MISS"
    assert refused(nginx, reason) == before + 1
    return response


def mend(nginx, redis, stored):
    """With the right value back it is a hit."""
    overwrite(redis, *stored)
    response = nginx.get("/")
    assert (*origin_of_hit(response), response.body) == ("HIT", "redis", BODY)


@pytest.mark.parametrize("value", [
    b"", b"x", b"hello", b"\0" * 16, b"\0" * 4096, b"\xff" * 4096,
    b"HTTP/1.1 200 OK\r\nSet-Cookie: evil=1\r\n\r\n<html>",
    b'{"status":200}' * 100,
], ids=["empty", "byte", "word", "16-zeros", "zeros", "ones", "http", "json"])
def test_garbage_is_a_miss(read, redis, stored, value):
    overwrite(redis, stored[0], value)
    assert miss_for(read[1], "entry_corrupt").body == BODY
    mend(read[1], redis, stored)


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 33, 100, -100, -17, -1])
def test_a_cut_value_is_a_miss(read, redis, stored, cut):
    overwrite(redis, stored[0], stored[1][:cut])
    assert miss_for(read[1], "entry_corrupt").body == BODY
    mend(read[1], redis, stored)


@pytest.mark.parametrize("more", [b"\0", b"x" * 17], ids=["byte", "trailer"])
def test_a_longer_value_is_a_miss(read, redis, stored, more):
    overwrite(redis, stored[0], stored[1] + more)
    assert miss_for(read[1], "entry_corrupt").body == BODY


def test_a_flipped_bit_anywhere_is_a_miss(read, redis, stored):
    key, value = stored
    reader = read[1]
    with redis.client() as client, reader.connect() as connection:
        for at in range(len(value)):
            flipped = bytearray(value)
            flipped[at] ^= 1 << at % 8
            client.command("SET", key, bytes(flipped), "PX", 60_000)
            response = connection.request("GET", "/")
            assert (response["X-Cache"], response.body) == ("MISS", BODY), at
    assert refused(reader, "entry_corrupt") == len(value)
    mend(reader, redis, stored)


def test_an_entry_of_another_resource_is_refused(read, redis, stored, origin):
    origin.on("/other", Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"other"))
    read[0].get("/other")
    wait_stored(read[0], 2)
    other, = set(object_keys(redis)) - {stored[0]}
    overwrite(redis, other, stored[1])
    assert miss_for(read[1], "entry_mismatch", "/other").body == b"other"


def test_an_entry_of_another_tenant_is_refused(fleet, redis):
    lines = "edge_cache_tenant $arg_t; edge_cache_key /page;"
    filler, reader = fleet.start(2, location=lines)
    keys = {}
    for tenant in "one", "two":
        filler.get(f"/page?t={tenant}")
        known = set(keys.values())
        wait_stored(filler, len(keys) + 1)
        keys[tenant], = set(object_keys(redis)) - known
    overwrite(redis, keys["two"], redis.command("GET", keys["one"]))
    response = reader.get("/page?t=two")
    assert response["X-Cache"] == "MISS"
    assert response.json()["uri"] == "/page?t=two"
    assert refused(reader, "entry_mismatch") == 1


def test_an_entry_of_another_variant_is_refused(fleet, redis, origin):
    origin.headers["Vary"] = "X-A"
    filler, reader = fleet.start(2)
    keys = []
    for value in "1", "2":
        filler.get("/", {"X-A": value})
        wait_stored(filler, len(keys) + 2)
        keys += [key for key in object_keys(redis)
                 if key.count(b":") == 4 and key not in keys]
    overwrite(redis, keys[1], redis.command("GET", keys[0]))
    response = reader.get("/", {"X-A": "2"})
    assert response["X-Cache"] == "MISS"
    assert ["X-A", "2"] in response.json()["headers"]
    assert refused(reader, "entry_mismatch") == 1


@pytest.mark.parametrize("command", [
    ["RPUSH", "x"], ["HSET", "f", "v"], ["SADD", "m"], ["ZADD", "1", "m"],
    ["XADD", "*", "f", "v"]], ids=lambda c: c[0])
def test_another_type_is_a_miss(read, redis, stored, command):
    key = stored[0]
    redis.command("DEL", key)
    redis.command(command[0], key, *command[1:])
    assert miss_for(read[1], "redis_error").body == BODY
    mend(read[1], redis, stored)


def test_a_value_of_another_type_is_overwritten(fleet, redis, origin):
    a, b = fleet.start(2)
    a.get("/")
    wait_stored(a, 1)
    key, = object_keys(redis)
    redis.command("DEL", key)
    redis.command("RPUSH", key, "x")
    assert b.get("/")["X-Cache"] == "MISS"
    wait_stored(b, 1)
    assert redis.command("TYPE", key) == "string"
    assert redis.command("PTTL", key) > 0


def test_what_is_corrupt_is_overwritten(fleet, redis):
    a, b, c = fleet.start(3)
    a.get("/")
    wait_stored(a, 1)
    key, = object_keys(redis)
    overwrite(redis, key, redis.command("GET", key)[:-1])
    assert b.get("/")["X-Cache"] == "MISS"
    wait_stored(b, 1)
    assert origin_of_hit(c.get("/")) == ("HIT", "redis")


def test_a_huge_value_is_a_miss(read, redis, stored):
    reader = read[1]
    redis.command("SETRANGE", stored[0], 64 * 1024 * 1024, "x")
    for _ in range(3):
        response = reader.get("/")
        assert (response["X-Cache"], response.body) == ("MISS", BODY)
    reasons = ("redis_error", "redis_down", "redis_timeout", "too_large",
               "entry_corrupt")
    assert sum(refused(reader, reason) for reason in reasons) == 3
    if NGINX_BIN == "nginx":  # sanitizers keep what was freed
        assert resident(reader) < 64 * 1024 * 1024


def resident(nginx):
    with open(f"/proc/{nginx.workers()[0]}/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_nothing_of_what_was_refused_is_in_memory(read, redis, stored):
    reader = read[1]
    overwrite(redis, stored[0], stored[1][:-1])
    miss_for(reader, "entry_corrupt")
    assert metric(reader, "edge_cache_zone_objects") == 0
    assert metric(reader, "edge_cache_zone_pinned_objects") == 0


# Signatures

OLD = "the secret that was there before"
NEW = "the secret that is there from now"


@pytest.fixture
def signing(fleet, tmp_path, origin):
    """Starts an instance that signs with these secrets."""
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60"}, body=BODY))

    def start(*secrets, **pieces):
        path = tmp_path / f"secrets{len(fleet.members)}"
        path.write_text("".join(f"{secret}\n" for secret in secrets))
        lines = "timeout 300ms; connect_timeout 500ms;"
        if secrets:
            lines += f"secret_file {path};"
        nginx, = fleet.start(join=False, redis_lines=lines,
                             log_level="debug", **pieces)
        return nginx

    return start


def fill(nginx):
    assert nginx.get("/")["X-Cache"] == "MISS"
    wait_stored(nginx, 1)


def test_a_signed_entry_is_a_hit_for_who_has_the_secret(signing, fleet):
    writer, reader = signing(NEW), signing(NEW)
    fleet.wait_joined()
    fill(writer)
    assert origin_of_hit(reader.get("/")) == ("HIT", "redis")
    for nginx in writer, reader:
        assert NEW not in nginx.error_log()


@pytest.mark.parametrize("writers", [[], [OLD]], ids=["none", "another"])
def test_what_was_not_signed_with_the_secret_is_a_miss(signing, fleet,
                                                       writers):
    writer, reader = signing(*writers), signing(NEW)
    fleet.wait_joined()
    fill(writer)
    assert miss_for(reader, "entry_forged").body == BODY


def test_a_secret_is_changed_without_losing_what_is_stored(signing, fleet):
    old, both = signing(OLD), signing(NEW, OLD)
    fleet.wait_joined()
    fill(old)
    assert origin_of_hit(both.get("/")) == ("HIT", "redis")


def test_a_signed_entry_under_another_key_is_a_miss(signing, fleet, redis,
                                                    origin):
    writer = signing(NEW)
    reader = signing(NEW, location="edge_cache_no_store 1;")
    fleet.wait_joined()
    fill(writer)
    key, = object_keys(redis)
    value = redis.command("GET", key)
    origin.on("/other", Reply(headers={"Cache-Control": "max-age=60"},
                              body=b"other"))
    writer.get("/other")
    wait_stored(writer, 2)
    other, = set(object_keys(redis)) - {key}
    overwrite(redis, other, value)
    assert miss_for(reader, "entry_mismatch", "/other").body == b"other"
