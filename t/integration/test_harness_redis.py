"""The harness's Redis servers, real and fake."""

import time

import pytest

from lib.fake_redis import CLOSE, HANG, RESET, Late, Raw
from lib.resp import RespClient, RespError, Status, encode_command


def test_real_redis_answers(redis):
    redis.command("SET", "k", b"\r\n\0")
    assert redis.command("GET", "k") == b"\r\n\0"
    assert redis.command("GET", "none") is None
    with pytest.raises(RespError, match="^WRONGTYPE"):
        redis.command("LPUSH", "k", "x")


def test_redis_on_a_unix_socket_with_a_password(redis_server):
    server = redis_server(unix=True, requirepass="secret", maxmemory="10mb")
    assert server.address.startswith("unix:/")
    assert server.command("CONFIG", "GET", "maxmemory")[1] == b"10485760"
    with RespClient(server.address[5:]) as client:
        with pytest.raises(RespError, match="^NOAUTH"):
            client.command("GET", "k")


def test_redis_forgets_over_a_restart(redis):
    redis.command("SET", "k", "v")
    redis.restart()
    assert redis.command("GET", "k") is None


def test_paused_redis_hangs_and_goes_on(redis):
    with redis.client(timeout=0.2) as client:
        redis.pause()
        with pytest.raises(TimeoutError):
            client.command("PING")
    redis.resume()
    assert redis.command("PING") == Status("PONG")


@pytest.fixture
def proxied(fake_redis, redis):
    """A client of the fake Redis before a real one that knows k."""
    fake_redis.upstream = redis.port
    redis.command("SET", "k", "value")
    with RespClient(fake_redis.port, timeout=5) as client:
        yield client


def test_fake_redis_greets_and_knows_nothing_else(fake_redis):
    with RespClient(fake_redis.port) as client:
        assert client.command("PING") == "PONG"
        with pytest.raises(RespError, match="unknown command 'GET'"):
            client.command("GET", "k")
    assert fake_redis.commands == [[b"PING"], [b"GET", b"k"]]


def test_scripted_reply_holds_for_so_many_commands(proxied, fake_redis):
    fake_redis.on("get", RespError("LOADING wait"), times=1)
    with pytest.raises(RespError, match="^LOADING"):
        proxied.command("GET", "k")
    assert proxied.command("GET", "k") == b"value"
    fake_redis.on("GET", lambda args: [args[1], 1, None])
    assert proxied.command("GET", "k") == [b"k", 1, None]
    fake_redis.forget("GET")
    assert proxied.command("GET", "k") == b"value"
    assert fake_redis.count("GET") == 4


def test_pipelined_replies_keep_their_order(proxied, fake_redis):
    fake_redis.on("ECHO", "fake")
    proxied._socket.sendall(encode_command(["GET", "k"])
                            + encode_command(["ECHO", "x"])
                            + encode_command(["GET", "k"]))
    assert [proxied.read() for _ in range(3)] == [b"value", b"fake", b"value"]


@pytest.mark.parametrize("behaviour", [CLOSE, RESET, Raw(b"")])
def test_connection_is_cut_instead_of_a_reply(proxied, fake_redis, behaviour):
    fake_redis.on("GET", behaviour)
    with pytest.raises(ConnectionError):
        proxied.command("GET", "k")


def test_hang_holds_all_that_follows(proxied, fake_redis):
    fake_redis.on("GET", HANG)
    proxied._socket.settimeout(0.2)
    proxied.send("GET", "k")
    proxied.send("PING")
    with pytest.raises(TimeoutError):
        proxied._socket.recv(1)
    with RespClient(fake_redis.port) as other:
        assert other.command("PING") == "PONG"


def test_late_reply_comes(proxied, fake_redis):
    fake_redis.on("GET", Late(0.2, "late"))
    before = time.monotonic()
    assert proxied.command("GET", "k") == b"late"
    assert time.monotonic() - before >= 0.2


def test_delay_applies_to_every_reply(proxied, fake_redis):
    fake_redis.delay = 0.1
    before = time.monotonic()
    proxied.command("PING")
    proxied.command("GET", "k")
    assert time.monotonic() - before >= 0.2


def test_frozen_wire_goes_on_after_thaw(proxied, fake_redis):
    fake_redis.freeze()
    proxied.send("GET", "k")
    fake_redis.wait_for("GET")
    proxied._socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        proxied._socket.recv(1)
    fake_redis.thaw()
    proxied._socket.settimeout(5)
    assert proxied.read() == b"value"


def test_trickle_sends_single_bytes(proxied, fake_redis):
    fake_redis.trickle = 0.01
    before = time.monotonic()
    assert proxied.command("GET", "k") == b"value"
    assert time.monotonic() - before >= 0.1


def test_cut_comes_after_the_bytes_told(proxied, fake_redis):
    fake_redis.cut_after = 3 + len(b"+PONG\r\n")
    assert proxied.command("PING") == "PONG"
    proxied.send("GET", "k")
    assert proxied._file.read() == b"$5\r"
    with RespClient(fake_redis.port) as other:
        assert other.command("GET", "k") == b"value"


def test_corruption_hits_the_byte_told(proxied, fake_redis):
    fake_redis.corrupt_at = len(b"+PONG\r\n") + 4
    assert proxied.command("PING") == "PONG"
    assert proxied.command("GET", "k") == bytes([ord("v") ^ 0xff]) + b"alue"
    assert proxied.command("GET", "k") == b"value"


def test_pushed_messages_come_through(proxied, redis):
    assert proxied.command("SUBSCRIBE", "c") == [b"subscribe", b"c", 1]
    assert redis.command("PUBLISH", "c", "hello") == 1
    assert proxied.read() == [b"message", b"c", b"hello"]


def test_refused_and_reset_connections(proxied, fake_redis):
    proxied.command("PING")
    fake_redis.reset_all()
    with pytest.raises(ConnectionError):
        proxied.command("PING")
    fake_redis.stop()
    with pytest.raises(ConnectionRefusedError):
        RespClient(fake_redis.port)
    fake_redis.start()
    with RespClient(fake_redis.port) as client:
        assert client.command("PING") == "PONG"
