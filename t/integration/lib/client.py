"""An HTTP/1.1 client that sends exactly what it is told."""

import json
import ssl
from urllib.parse import urlsplit

from lib.tcp import connect, reset

TIMEOUT = 10


class Response:
    def __init__(self, status, reason, headers, body):
        self.status = status
        self.reason = reason
        self.headers = headers  # [(name, value)], as they came
        self.body = body

    def __getitem__(self, name):
        """The field's value, several lines joined by a comma, or None."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:80]!r}>"


class Incomplete(Exception):
    """The connection ended inside a response; `partial` is its body so far."""

    def __init__(self, partial=b""):
        super().__init__(f"connection ended after {len(partial)} bytes of body")
        self.partial = partial


class Connection:
    """A keep-alive connection to a loopback port or a unix socket's path."""

    def __init__(self, address, timeout=TIMEOUT):
        self.socket = connect(address, timeout)
        self._file = self.socket.makefile("rb")

    def request(self, method, target, headers=(), body=None):
        self.send_request(method, target, headers, body)
        return self.read_response(method)

    def send_request(self, method, target, headers=(), body=None):
        self.send(encode_request(method, target, headers, body))

    def send(self, data):
        self.socket.sendall(data)

    def read_response(self, method="GET"):
        """The next response; 1xx ones are skipped."""
        status, reason, headers = self.read_head()
        while 100 <= status < 200 and status != 101:
            status, reason, headers = self.read_head()
        response = Response(status, reason, headers, b"")
        if method != "HEAD" and status not in (101, 204, 304):
            response.body = self._read_body(response)
        return response

    def read_head(self):
        line = self._line().split(" ", 2)
        headers = []
        while True:
            field = self._line()
            if not field:
                break
            name, _, value = field.partition(":")
            headers.append((name, value.strip()))
        return int(line[1]), line[2] if len(line) > 2 else "", headers

    def read(self, size):
        """Exactly `size` raw bytes."""
        data = self._file.read(size)
        if len(data) < size:
            raise Incomplete(data)
        return data

    def closed_by_peer(self):
        """Waits for the end of the stream; False if more bytes come."""
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self._file.close()
        self.socket.close()

    def abort(self):
        """Closes with a RST, as a client that vanishes."""
        self._file.close()
        reset(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _line(self):
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise Incomplete()
        return line.rstrip(b"\r\n").decode("latin-1")

    def _read_body(self, response):
        if (response["Transfer-Encoding"] or "").lower() == "chunked":
            return self._read_chunks()
        length = response["Content-Length"]
        return self._file.read() if length is None else self.read(int(length))

    def _read_chunks(self):
        body = b""
        try:
            while True:
                size = int(self._line().split(";")[0], 16)
                if size == 0:
                    break
                body += self.read(size)
                self._line()
            while self._line():  # trailers
                pass
        except Incomplete as e:
            raise Incomplete(body + e.partial) from None
        return body


class Tls(Connection):
    """The same over TLS, whatever certificate there is."""

    def __init__(self, port, timeout=TIMEOUT):
        context = ssl._create_unverified_context()
        self.socket = context.wrap_socket(connect(port, timeout))
        self._file = self.socket.makefile("rb")


def answers(clients):
    """The response to each; their connections are closed then."""
    responses = [client.read_response() for client in clients]
    for client in clients:
        client.close()
    return responses


def encode_request(method, target, headers=(), body=None):
    """Adds Host unless given, and Content-Length when there is a body.

    Headers are a dict, whose values may be lists, or pairs; a value None
    suppresses the line (Host, say)."""
    if isinstance(body, str):
        body = body.encode()
    fields = list(_pairs(headers))
    names = {name.lower() for name, _ in fields}
    if "host" not in names:
        fields.insert(0, ("Host", "localhost"))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        fields.append(("Content-Length", len(body)))
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields
              if value is not None]
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + (body or b"")


def request(address, method, target, headers=(), body=None, timeout=TIMEOUT):
    """One request on a connection of its own."""
    with Connection(address, timeout) as connection:
        return connection.request(method, target, headers, body)


def get(url, headers=(), method="GET", body=None, timeout=TIMEOUT):
    """The same for a whole URL on loopback."""
    parts = urlsplit(url)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    return request(parts.port, method, target, headers, body, timeout)


def _pairs(headers):
    items = headers.items() if isinstance(headers, dict) else headers
    for name, value in items:
        for one in value if isinstance(value, (list, tuple)) else [value]:
            yield name, one
