"""RESP2, the protocol between Redis and its clients."""

import io

from lib.tcp import connect


class RespError(Exception):
    """An error reply; the text starts with its code."""


class Status(str):
    """A simple string such as OK."""


def encode(value):
    """A reply: None, int, str or bytes (bulk), list, Status, RespError."""
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, RespError):
        return b"-%s\r\n" % str(value).encode()
    if isinstance(value, Status):
        return b"+%s\r\n" % value.encode()
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, (list, tuple)):
        return b"*%d\r\n" % len(value) + b"".join(map(encode, value))
    data = value if isinstance(value, bytes) else str(value).encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def encode_command(args):
    return encode([a if isinstance(a, bytes) else str(a) for a in args])


def read_raw(file):
    """The bytes of one value, whole; b"" at the end of the stream."""
    raw = []
    values = 1
    while values:
        line = file.readline()
        if not line.endswith(b"\r\n"):
            return b""
        raw.append(line)
        values -= 1
        if line[:1] == b"*":
            values += max(int(line[1:]), 0)
        elif line[:1] == b"$" and int(line[1:]) >= 0:
            raw.append(file.read(int(line[1:]) + 2))
    return b"".join(raw)


def decode(raw):
    return _decode(io.BytesIO(raw))


class RespClient:
    """One connection to a loopback port or a unix socket's path."""

    def __init__(self, address, timeout=10):
        self._socket = connect(address, timeout)
        self._file = self._socket.makefile("rb")

    def command(self, *args):
        """The reply; an error reply is raised."""
        self.send(*args)
        value = self.read()
        if isinstance(value, RespError):
            raise value
        return value

    def send(self, *args):
        self._socket.sendall(encode_command(args))

    def read(self):
        raw = read_raw(self._file)
        if not raw:
            raise ConnectionError("Redis closed the connection")
        return decode(raw)

    def close(self):
        self._file.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _decode(file):
    line = file.readline()[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return Status(rest.decode())
    if kind == b"-":
        return RespError(rest.decode())
    if kind == b":":
        return int(rest)
    size = int(rest)
    if size < 0:
        return None
    if kind == b"*":
        return [_decode(file) for _ in range(size)]
    return file.read(size + 2)[:size]
