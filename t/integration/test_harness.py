"""The harness itself, against an nginx without the module: a test that can
not fail proves nothing."""

import os
import subprocess
import sys
import threading

import pytest

from lib.client import Incomplete, encode_request, get
from lib.nginx import LogError, NginxFailed
from lib.origin import Raw, Reply
from lib.ports import free_port
from lib.wait import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture
def plain(edge):
    return lambda **pieces: edge(module=False, **pieces)


# Origin and client

def test_echo_tells_what_the_origin_saw(plain, origin):
    echo = plain().get("/a?b=c", {"X-One": "1"}).json()
    assert echo["method"] == "GET"
    assert echo["uri"] == "/a?b=c"
    assert ["X-One", "1"] in echo["headers"]
    assert echo["version"] == 1
    origin.bump()
    assert origin.count("/a") == 1
    assert origin.count("/a?b=c") == 1
    assert origin.count("/b") == 0


def test_bump_changes_the_echo(plain, origin):
    nginx = plain()
    first = nginx.get("/")
    origin.bump()
    assert nginx.get("/").json()["version"] == first.json()["version"] + 1


def test_repeated_headers_stay_apart(plain, origin):
    origin.on("/", Reply(headers={"X-Tag": ["a", "b"]}, body=b"x"))
    response = plain().get("/", [("X-In", "1"), ("X-In", "2")])
    assert response.all("X-Tag") == ["a", "b"]
    assert response["X-Tag"] == "a, b"
    assert origin.seen("/")[0].all("X-In") == ["1", "2"]


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_framings_carry_the_body(plain, origin, framing):
    origin.on("/", Reply(body=b"x" * 1001, framing=framing))
    assert plain().get("/").body == b"x" * 1001


def test_request_body_reaches_the_origin(plain, origin):
    plain().get("/", method="POST", body=b"abc")
    assert origin.seen("/")[0].body == b"abc"


def test_head_has_no_body(plain, origin):
    origin.on("/", Reply(body=b"12345"))
    nginx = plain()
    with nginx.connect() as connection:
        response = connection.request("HEAD", "/")
        assert (response["Content-Length"], response.body) == ("5", b"")
        assert connection.request("GET", "/").body == b"12345"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_cut_body_is_seen_as_incomplete(plain, origin, framing):
    origin.on("/", Reply(body=b"x" * 1000, framing=framing, cut=300))
    with pytest.raises(Incomplete) as error:
        plain().get("/")
    assert len(error.value.partial) == 300


def test_reset_before_the_end_is_seen_as_incomplete(plain, origin):
    origin.on("/", Reply(body=b"x" * 1000, cut=300, reset=True))
    with pytest.raises((Incomplete, ConnectionError)):
        plain().get("/")


def test_raw_reply_is_sent_as_it_is(plain, origin):
    origin.on("/", Raw(b"HTTP/1.1 200 OK\r\nX-Odd:   y\r\n\r\nbody"))
    nginx = plain()
    response = nginx.get("/")
    assert (response["X-Odd"], response.body) == ("y", b"body")
    origin.on("/", Raw(b"HTTP/1.1 2x0 OK\r\n\r\n"))
    with nginx.connect() as connection:
        connection.send_request("GET", "/")
        assert connection.read(12) == b"HTTP/1.1 2x0"


def test_answers_of_a_list_come_in_turn(plain, origin):
    origin.on("/", [Reply(status=500), lambda r: Reply(body=b"2nd")])
    nginx = plain()
    assert [nginx.get("/").status for _ in range(3)] == [500, 200, 200]


def test_event_holds_the_reply_back(plain, origin):
    gate = threading.Event()
    origin.on("/", Reply(body=b"late", wait=gate))
    with plain().connect() as connection:
        connection.send_request("GET", "/")
        origin.wait_for("/")
        connection.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.socket.recv(1)
        connection.socket.settimeout(10)
        gate.set()


def test_body_event_holds_the_second_half_back(plain, origin):
    gate = threading.Event()
    origin.on("/", Reply(body=b"onetwo", body_wait=gate))
    with plain(location="proxy_buffering off;").connect() as connection:
        connection.send_request("GET", "/")
        connection.read_head()
        assert connection.read(3) == b"one"
        gate.set()
        assert connection.read(3) == b"two"


def test_stopped_origin_refuses_and_comes_back(plain, origin):
    nginx = plain()
    origin.stop()
    assert nginx.get("/").status == 502
    origin.start()
    wait_until(lambda: nginx.get("/").status == 200, 15)


def test_odd_requests_are_sent_as_written(plain):
    with plain().connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert connection.read_response().status == 400


def test_request_encoding():
    assert encode_request("GET", "/") == (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert encode_request("PUT", "/", {"Host": None, "A": ["1", "2"]}, "xy") \
        == b"PUT / HTTP/1.1\r\nA: 1\r\nA: 2\r\nContent-Length: 2\r\n\r\nxy"


def test_aborted_client_is_noticed(plain, origin):
    origin.on("/", Reply(wait=threading.Event()))
    nginx = plain()
    connection = nginx.connect()
    connection.send_request("GET", "/")
    origin.wait_for("/")
    connection.abort()
    nginx.wait_for_log("client prematurely closed connection")


def test_get_takes_a_url(plain):
    nginx = plain()
    assert get(f"http://{nginx.address}/x?y").json()["uri"] == "/x?y"


# nginx

def test_locations_and_servers_are_added(plain):
    other = free_port()
    nginx = plain(
        http="map $uri $mapped { default m; }",
        server="location = /own { return 204; }",
        location="add_header X-Root $mapped;",
        locations={"/api/": "add_header X-Api yes;"},
        servers=[f"server {{ listen 127.0.0.1:{other}; return 201; }}"])
    assert nginx.get("/")["X-Root"] == "m"
    assert nginx.get("/api/x")["X-Api"] == "yes"
    assert nginx.get("/own").status == 204
    assert get(f"http://127.0.0.1:{other}/").status == 201


def test_whole_configuration(plain):
    port = free_port()
    nginx = plain(port=port, conf=f"""events {{}} http {{ access_log off;
        server {{ listen 127.0.0.1:{port}; return 200 own; }} }}""")
    assert nginx.get("/").body == b"own"


def test_start_waits_for_all_workers(plain):
    assert len(plain(workers=3).workers()) == 3


def test_instances_stand_side_by_side(edges):
    first, second = edges(2, module=False)
    assert first.port != second.port
    assert first.get("/").status == second.get("/").status == 200


def test_reload_replaces_the_workers(plain):
    nginx = plain(workers=2)
    before = set(nginx.workers())
    nginx.reload(nginx.conf.replace("worker_connections 512",
                                    "worker_connections 256"))
    assert len(nginx.workers()) == 2
    assert before.isdisjoint(nginx.workers())
    assert nginx.get("/").status == 200


def test_old_worker_stays_with_its_request(plain, origin):
    gate = threading.Event()
    origin.on("/", Reply(body=b"done", wait=gate))
    nginx = plain()
    with nginx.connect() as connection:
        connection.send_request("GET", "/")
        origin.wait_for("/")
        nginx.reload()
        assert len(nginx.all_workers()) == 2
        gate.set()
        assert connection.read_response().body == b"done"
    wait_until(lambda: len(nginx.all_workers()) == 1)


def test_quit_ends_nginx(plain):
    nginx = plain()
    assert nginx.quit() == 0
    assert not nginx.running()


def test_quit_that_takes_too_long_fails(plain, origin):
    origin.on("/", Reply(wait=threading.Event()))
    nginx = plain(graceful=False)
    with nginx.connect() as connection:
        connection.send_request("GET", "/")
        origin.wait_for("/")
        with pytest.raises(NginxFailed, match="no graceful exit"):
            nginx.quit(timeout=0.3)


def test_killed_worker_is_replaced_and_expected(plain):
    nginx = plain()
    pid = nginx.kill_worker()
    wait_until(lambda: nginx.workers() not in ([], [pid]))
    assert nginx.get("/").status == 200


def test_wrong_configuration_is_an_error_of_the_start(plain):
    with pytest.raises(NginxFailed, match='unknown directive "nonsense"'):
        plain(http="nonsense;", expect=[r"\[emerg\].*nonsense"])


def test_check_config_reports_without_starting(plain):
    nginx = plain()
    assert nginx.check_config(nginx.conf) == (0, "")
    code, said = nginx.check_config("events {} http { nonsense; }")
    assert code == 1
    assert 'unknown directive "nonsense"' in said


def test_access_log_when_asked(plain):
    nginx = plain(access_log="access.log")
    nginx.get("/logged")
    assert wait_until(nginx.access_log)[0].count("GET /logged ") == 1


@pytest.mark.parametrize("line", [
    "2026/01/01 00:00:00 [alert] 1#1: x", "2026/01/01 00:00:00 [emerg] x",
    "==1==ERROR: AddressSanitizer: x", "a.cpp:1:2: runtime error: x",
    "[notice] worker process 1 exited on signal 9"])
def test_bad_log_line_is_found(plain, line):
    nginx = plain()
    nginx.check_log()
    with open(os.path.join(nginx.prefix, "error.log"), "a") as file:
        file.write(line + "\n")
    with pytest.raises(LogError):
        nginx.check_log()
    nginx.expect_log(".")
    nginx.check_log()


def test_sanitizer_report_is_found(plain):
    nginx = plain(expect=["heap-use-after-free"])
    with open(os.path.join(nginx.prefix, "sanitizer.123"), "w") as file:
        file.write("heap-use-after-free")
    nginx.check_log()
    with open(os.path.join(nginx.prefix, "sanitizer.124"), "w") as file:
        file.write("stack-overflow")
    with pytest.raises(LogError, match="stack-overflow"):
        nginx.check_log()
    nginx.expect_log("stack-overflow")


def test_alert_fails_a_passing_test(tmp_path):
    (tmp_path / "test_inner.py").write_text("""
import os, signal
from lib.wait import wait_until
def test_alert(edge):
    nginx = edge(module=False)
    os.kill(nginx.workers()[0], signal.SIGKILL)
    wait_until(lambda: "exited on signal" in nginx.error_log())
""")
    code, said = _pytest(tmp_path)
    assert code == 1
    assert "1 passed" in said
    assert "1 error" in said
    assert "exited on signal 9" in said


def test_test_that_hangs_fails(tmp_path):
    (tmp_path / "test_inner.py").write_text("""
import threading, pytest
@pytest.mark.limit(0.2)
def test_hang():
    threading.Event().wait(30)
""")
    code, said = _pytest(tmp_path)
    assert code == 1
    assert "the test took more than 0.2 s" in said


def _pytest(directory):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-c",
         os.path.join(HERE, "pytest.ini"), "-p", "no:cacheprovider",
         f"--basetemp={directory}/inner", f"--rootdir={directory}",
         str(directory / "test_inner.py")],
        env=dict(os.environ, PYTHONPATH=HERE), cwd=directory,
        capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr
