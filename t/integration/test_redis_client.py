"""The connection to Redis: what it survives, and what it tells.

Every request asks Redis for one limit; X-Source says whether it decided
("redis"), or the instance did because it could not ("local")."""

import os
import re
import signal
import time

import pytest

from lib.fake_redis import HANG, RESET, Late, Raw
from lib.ports import HOST, free_port
from lib.resp import RespError
from lib.wait import wait_until

# A busy machine is no fault of Redis.
_SAYS = """edge_limit_fallback local after=40ms;
    add_header X-Source "$edge_limit_source";"""


@pytest.fixture
def asking(edge):
    """Starts nginx with a Redis block of these lines; up unless said."""
    def start(lines, up=True, http="", **pieces):
        nginx = edge(
            http=f"edge_redis main {{ {lines} }}"
                 "edge_limit_zone $arg_k zone=z:1m rate=1r/m burst=1000"
                 f" redis=main; {http}",
            location=f'edge_limit zone=z; {_SAYS}'
                     'add_header X-Left "$edge_limit_remaining";', **pieces)
        if up:
            wait_for(nginx, "redis")
        return nginx

    return start


@pytest.fixture
def faulty(asking, fake_redis, redis):
    """nginx behind a fake Redis that passes on to a real one."""
    fake_redis.upstream = redis.port
    return asking(f"server {fake_redis.address};")


def source(nginx, key="k"):
    response = nginx.get(f"/?k={key}")
    assert response.status == 200
    return response["X-Source"]


def wait_for(nginx, what, seconds=5):
    wait_until(lambda: source(nginx, "warm") == what, seconds,
               f"decisions by {what}")


def left(nginx, key):
    response = nginx.get(f"/?k={key}")
    return response["X-Source"], int(response["X-Left"])


# Commands

def reads(redis):
    return int(re.search(rb"total_reads_processed:(\d+)",
                         redis.command("INFO", "stats"))[1])


def test_commands_of_two_turns_of_the_event_loop_leave_in_one_write(
        edge, redis):
    nginx = edge(redis=redis, events="epoll_events 1;",
                 http="".join(f"edge_limit_zone $arg_k zone={name}:1m rate=1r/m"
                              " burst=1000 redis=main;" for name in "ab"),
                 locations={f"/{name}": f"edge_limit zone={name}; {_SAYS}"
                            for name in "ab"})
    wait_until(lambda: nginx.get("/a?k=k")["X-Source"] == "redis",
               what="decisions by Redis")
    worker, rounds = nginx.workers()[0], 20
    with nginx.connect() as one, nginx.connect() as other:
        clients = {"/a?k=k": one, "/b?k=k": other}
        before = reads(redis)
        for _ in range(rounds):
            os.kill(worker, signal.SIGSTOP)
            for target, client in clients.items():
                client.send_request("GET", target)
            os.kill(worker, signal.SIGCONT)
            for client in clients.values():
                assert client.read_response()["X-Source"] == "redis"
        # Now and then nginx asks for INFO between them.
        assert reads(redis) - before <= rounds + 5


# Replies

def test_a_late_reply_is_nobody_elses(faulty, fake_redis):
    for _ in range(10):
        left(faulty, "a")
    handshakes = fake_redis.count("PING")
    fake_redis.on("EVALSHA", Late(0.1, [b"?"]), times=1)
    assert source(faulty, "a") == "local"
    time.sleep(0.1)
    for i in range(1, 5):
        assert left(faulty, "b") == ("redis", 1000 - i)
        # With what was decided here, which is handed over.
        assert left(faulty, "a") == ("redis", 989 - i)
    assert fake_redis.count("PING") == handshakes


def test_a_reply_that_never_comes_costs_the_connection(faulty, fake_redis):
    handshakes = fake_redis.count("PING")
    fake_redis.on("EVALSHA", HANG, times=1)
    assert source(faulty) == "local"
    fake_redis.wait_for("PING", handshakes + 1)
    wait_for(faulty, "redis")


@pytest.mark.parametrize("reply", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*2147483647\r\n",
    b"$99999999999\r\n", b"$-5\r\n", b"*1\r\n" * 5000, b">1\r\n+x\r\n",
    b"+OK\r\n+one too many\r\n", b"+" + b"x" * 100000,
], ids=["http", "elements", "length", "negative", "nested", "resp3", "extra",
        "line"])
def test_what_is_no_reply_costs_the_connection(faulty, fake_redis, reply):
    handshakes = fake_redis.count("PING")
    fake_redis.on("EVALSHA", Raw(reply), times=1)
    assert source(faulty) == "local"
    fake_redis.wait_for("PING", handshakes + 1)
    wait_for(faulty, "redis")


@pytest.mark.parametrize("size", range(1, 20, 3))
def test_a_reply_that_is_cut_is_none(faulty, fake_redis, size):
    fake_redis.cut_after = size
    assert source(faulty) == "local"
    wait_for(faulty, "redis")


def test_a_reply_byte_by_byte_has_one_deadline(faulty, fake_redis):
    fake_redis.trickle = 0.02
    begin = time.monotonic()
    assert source(faulty) == "local"
    assert time.monotonic() - begin < 1
    fake_redis.trickle = 0


def test_a_reset_is_answered_by_the_instance(faulty, fake_redis):
    fake_redis.on("EVALSHA", RESET, times=1)
    assert source(faulty) == "local"
    wait_for(faulty, "redis")


def test_an_unknown_script_is_sent_in_full_until_it_is_known(faulty,
                                                             fake_redis):
    # Once, or twice where the first reply was late.
    sent = fake_redis.count("EVAL")
    assert 1 <= sent <= 2
    for _ in range(5):
        assert source(faulty) == "redis"
    assert fake_redis.count("EVAL") == sent


# Servers

def test_a_unix_socket_is_a_server(asking, redis_server):
    asking(f"server {redis_server(unix=True).address};")


def test_the_next_server_is_tried(asking, redis):
    asking(f"server {HOST}:{free_port()}; server {redis.address};")


def test_a_hung_redis_holds_up_few_requests(asking, redis):
    nginx = asking(f"server {redis.address};")
    redis.pause()
    slow = 0
    for _ in range(100):
        begin = time.monotonic()
        assert source(nginx) == "local"
        slow += time.monotonic() - begin > 0.04
    redis.resume()
    assert slow <= 5
    wait_for(nginx, "redis")


def test_a_worker_leaves_while_redis_hangs(asking, redis):
    nginx = asking(f"server {redis.address};")
    redis.pause()
    with nginx.connect() as connection:
        connection.send_request("GET", "/?k=a")
        assert connection.read_response("GET").status == 200
    assert nginx.quit() == 0


def test_down_and_up_are_told_once(asking, redis):
    nginx = asking(f"server {redis.address};")
    redis.kill()
    wait_until(lambda: "redis is down: " in nginx.error_log(),
               what="a line about it")
    time.sleep(2)
    redis.start()
    wait_for(nginx, "redis")
    log = nginx.error_log()
    assert log.count("redis is down") == 1
    assert log.count("connect() ") <= 1
    assert log.count("redis is up again") == 1


def test_a_server_that_closes_idle_connections_is_not_down(asking,
                                                           redis_server):
    redis = redis_server(timeout="1")
    nginx = asking(f"server {redis.address};")
    time.sleep(3)
    wait_for(nginx, "redis")
    assert "is down" not in nginx.error_log()


def test_a_long_configuration_does_not_let_the_first_connection_time_out(
        asking, redis):
    """Workers began with the time from before it was read."""
    words = "".join(f"{i} 1;" for i in range(300_000))
    nginx = asking(f"server {redis.address};",
                   http=f"map $arg_word $known {{ {words} }}")
    assert "is down" not in nginx.error_log()


def test_a_server_that_loads_is_tried_again(asking, fake_redis, redis):
    fake_redis.upstream = redis.port
    fake_redis.on("PING", RespError("LOADING Redis is loading the dataset"))
    nginx = asking(f"server {fake_redis.address};", up=False)
    fake_redis.wait_for("PING", 3)
    assert source(nginx) == "local"
    fake_redis.forget("PING")
    wait_for(nginx, "redis")


# Passwords

def test_the_second_password_is_tried(asking, redis_server, tmp_path):
    redis = redis_server(requirepass="old-secret")
    passwords = tmp_path / "passwords"
    passwords.write_text("new-secret\nold-secret\n")
    asking(f"server {redis.address}; password_file {passwords};")


def test_a_reload_reads_the_password_again(asking, redis_server, tmp_path):
    redis = redis_server(requirepass="first-secret")
    passwords = tmp_path / "passwords"
    passwords.write_text("first-secret\n")
    nginx = asking(f"server {redis.address}; password_file {passwords};")
    redis.command("CONFIG", "SET", "requirepass", "next-secret")
    redis.password = "next-secret"
    redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_for(nginx, "local")
    passwords.write_text("next-secret\n")
    nginx.reload()
    wait_for(nginx, "redis")


def test_every_connection_has_a_name(fleet, redis):
    fleet.start(1, workers=2)
    clients = redis.command("CLIENT", "LIST").decode().splitlines()
    names = [dict(field.partition("=")[::2] for field in line.split())["name"]
             for line in clients]
    assert 3 <= names.count("edge-cache") <= 2 * 2 + 2
    assert set(names) <= {"edge-cache", ""}  # the test's own has none


def test_a_wrong_password_is_neither_hammered_nor_told(asking, fake_redis):
    fake_redis.on("AUTH", RespError("WRONGPASS invalid username-password "
                                    "pair: 'wrong-secret'"))
    nginx = asking(f"server {fake_redis.address}; password wrong-secret;"
                   "connect_timeout 2s;", up=False, log_level="debug")
    time.sleep(3)
    log = nginx.error_log()
    assert 1 <= fake_redis.count("AUTH") <= 4
    assert log.count("redis is down: AUTH answered by WRONGPASS") == 1
    assert "-secret" not in log


def test_a_user_with_the_documented_commands_suffices(asking, redis_server):
    redis = redis_server(user="edge on >secret ~ec:* &ec:* -@all +get +ping "
                              "+select +subscribe +evalsha +eval +set +time")
    nginx = asking(f"server {redis.address}; user edge; password secret; "
                   "db 1;")
    assert source(nginx) == "redis"
