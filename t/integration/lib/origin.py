"""A scripted origin: what it answers, when, and how badly."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from email.utils import formatdate

from lib.tcp import Server, reset
from lib.wait import wait_until


@dataclass
class Request:
    method: str
    target: str
    headers: list  # [(name, value)], as they came
    body: bytes

    @property
    def path(self):
        return self.target.partition("?")[0]

    def __getitem__(self, name):
        values = self.all(name)
        return ", ".join(values) if values else None

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]


@dataclass
class Reply:
    """`headers` is a dict, whose values may be lists; None suppresses a line
    the origin would add (Date, Content-Length).  `wait` holds the reply back
    until the event is set, `body_wait` what follows the first half of its
    body, or its first `first` bytes; delays are seconds."""
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    framing: str = "length"  # or "chunked", or "close"
    wait: threading.Event = None
    delay: float = 0
    body_wait: threading.Event = None
    body_delay: float = 0
    first: int = None
    cut: int = None  # close after so many bytes of the body
    reset: bool = False  # a cut is a RST

    def head(self):
        fields = {"Date": formatdate(usegmt=True), **self.headers}
        names = {name.lower() for name in self.headers}
        if self.framing == "chunked":
            fields["Transfer-Encoding"] = "chunked"
        elif self.framing == "close":
            fields["Connection"] = "close"
        elif "content-length" not in names and self.has_body():
            fields["Content-Length"] = len(self.body)
        lines = [f"HTTP/1.1 {self.status} Scripted"]
        for name, value in fields.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            lines += [f"{name}: {v}" for v in values if v is not None]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")

    def has_body(self):
        return self.status not in (204, 304)

    def halves(self):
        """The body in two, framed; `cut` shortens what is sent."""
        body = self.body if self.cut is None else self.body[:self.cut]
        middle = len(body) // 2 if self.first is None else self.first
        first, second = body[:middle], body[middle:]
        if self.framing != "chunked":
            return first, second
        end = b"0\r\n\r\n" if self.cut is None else b""
        return chunk(first), chunk(second) + end


@dataclass
class Raw:
    """Bytes to send as they are; the connection is closed then."""
    data: bytes


class Origin(Server):
    """Answers with a JSON echo of the request unless on() says otherwise.

    `headers` are added to echoes; `version` is part of them, and bump() makes
    the next answer differ from all before."""

    def __init__(self):
        super().__init__()
        self.headers = {}
        self.version = 1
        self.requests = []
        self._answers = {}

    def on(self, target, answer):
        """For a path, or for a path with its query.  The answer is a Reply,
        a Raw, a function of the Request that returns one, or a list of these
        for the first request, the second ..., the last one for the rest."""
        self._answers[target] = (list(answer) if isinstance(answer, list)
                                 else [answer])

    def bump(self):
        self.version += 1

    def echo(self, request, headers=None):
        body = json.dumps({
            "method": request.method, "uri": request.target,
            "headers": request.headers, "version": self.version,
            "body_sha256": hashlib.sha256(request.body).hexdigest()})
        return Reply(headers={"Content-Type": "application/json",
                              **(self.headers if headers is None else headers)},
                     body=body.encode())

    def seen(self, target=None):
        """The requests for a path, or a path with its query, in order."""
        return [r for r in list(self.requests)
                if target in (None, r.target, r.path)]

    def count(self, target=None):
        return len(self.seen(target))

    def wait_for(self, target=None, count=1, timeout=10):
        """Until so many requests have arrived; returns the last of them."""
        wait_until(lambda: self.count(target) >= count, timeout,
                   f"{count} requests for {target} at the origin")
        return self.seen(target)[count - 1]

    def serve(self, sock):
        with sock.makefile("rb") as file:
            while True:
                request = _read_request(file)
                if request is None or not self._answer(sock, request):
                    return

    def _answer(self, sock, request):
        """False when the connection is over."""
        reply = self._choose(request)
        if isinstance(reply, Raw):
            self.send(sock, reply.data)
            return False
        self._pause(reply.wait, reply.delay)
        self._send(sock, request, reply)
        if reply.cut is not None and reply.reset:
            reset(sock)
        return (reply.cut is None and reply.framing != "close"
                and request["Connection"] != "close")

    def _choose(self, request):
        with self._lock:
            self.requests.append(request)
            answers = self._answers.get(request.target) or self._answers.get(
                request.path, [self.echo])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request) if callable(answer) else answer

    def _send(self, sock, request, reply):
        if request.method == "HEAD" or not reply.has_body():
            self.send(sock, reply.head())
            return
        first, second = reply.halves()
        self.send(sock, reply.head() + first)
        self._pause(reply.body_wait, reply.body_delay)
        self.send(sock, second)

    def _pause(self, event, seconds):
        if event:
            self.wait(event)
        self.closing.wait(seconds)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def _read_request(file):
    line = file.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = []
    while True:
        text = file.readline().decode("latin-1").rstrip("\r\n")
        if not text:
            break
        name, _, value = text.partition(":")
        headers.append((name, value.strip()))
    request = Request(line[0], line[1], headers, b"")
    if request["Transfer-Encoding"]:
        request.body = _read_chunks(file)
    elif request["Content-Length"]:
        request.body = file.read(int(request["Content-Length"]))
    return request


def _read_chunks(file):
    body = b""
    while True:
        size = int(file.readline().split(b";")[0], 16)
        data = file.read(size + 2)[:size]
        if size == 0:
            return body
        body += data
