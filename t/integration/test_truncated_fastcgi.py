"""FastCGI answers without a length: whole only if the application says so."""

import struct

import pytest

from lib.cached import logged, metric, verdict
from lib.tcp import Server
from lib.wait import wait_until

BEGIN_REQUEST, END_REQUEST, STDIN, STDOUT = 1, 3, 5, 6
KEEP_CONN = 1
HEAD = (b"Content-Type: text/html\r\n"
        b"Cache-Control: max-age=60\r\n\r\n")


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def output(content):
    return record(STDOUT, content)


# An end of the stream, then the request's own with status 0.
END = output(b"") + record(END_REQUEST, bytes(8))


class Application(Server):
    """Answers every request with `answer`; closes the connection if it may
    not keep it, and after an answer without an end.  `requests` is how often
    it was asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer
        self.requests = 0

    def serve(self, sock):
        with sock.makefile("rb") as file:
            keeps = True
            while keeps:
                keeps = _read_request(file)
                if keeps is None:
                    return
                self.requests += 1
                self.send(sock, self.answer)
                keeps = keeps and self.answer.endswith(END)


def _read_request(file):
    """To the empty record that ends the body.  Whether the connection is to be
    kept; None at the stream's end."""
    keeps = None
    while True:
        header = file.read(8)
        if len(header) < 8:
            return None
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", header)
        content = file.read(length + padding)[:length]
        if kind == BEGIN_REQUEST:
            keeps = bool(content[2] & KEEP_CONN)
        elif kind == STDIN and length == 0:
            return keeps


@pytest.fixture
def served(cached):
    """nginx before an application that answers so."""
    servers = []

    def start(answer, lines):
        app = Application(answer).start()
        servers.append(app)
        return app, cached(server=f"""location /php {{
            edge_cache z; fastcgi_pass {app.address}; {lines}
            fastcgi_param REQUEST_METHOD $request_method; }}""")

    yield start
    for server in servers:
        server.stop()


buffering = pytest.mark.parametrize("buffering", ["on", "off"])
keep_conn = pytest.mark.parametrize("keep_conn", ["on", "off"])


def settings(buffering, keep_conn):
    return f"fastcgi_buffering {buffering}; fastcgi_keep_conn {keep_conn};"


@buffering
@keep_conn
def test_a_connection_that_ends_before_the_request_is_not_stored(
        served, buffering, keep_conn):
    app, nginx = served(output(HEAD + b"half of the pa"),
                        settings(buffering, keep_conn))
    for count in (1, 2):
        assert b"half of the pa" in read_to_the_end(nginx)
        wait_until(lambda: len(logged(nginx)) == count, 10, "the log line")
        assert logged(nginx)[-1] == ("MISS", "truncated")
        assert app.requests == count
    assert metric(nginx, "edge_cache_zone_objects") == 0


def read_to_the_end(nginx):
    """An answer that may break off, as bytes."""
    answer = b""
    with nginx.connect() as connection:
        connection.send_request("GET", "/php", {"Connection": "close"})
        while data := connection.socket.recv(4096):
            answer += data
    return answer


@buffering
@keep_conn
@pytest.mark.parametrize("size", [0, 10, 60_000])
def test_an_ended_request_is_stored(served, buffering, keep_conn, size):
    body = b"p" * size
    stdout = output(HEAD) + (output(body) if body else b"")
    app, nginx = served(stdout + END, settings(buffering, keep_conn))
    for expected in ("MISS", "HIT"):
        response = nginx.get("/php")
        assert (verdict(response), response.body) == ((expected, None), body)
    assert app.requests == 1
