"""An HTTP/2 client of a few frames: what curl cannot do, such as ending one
stream and going on with the connection."""

import struct

from lib.client import TIMEOUT
from lib.tcp import connect, reset

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING = 0, 1, 3, 4, 6
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_CANCEL = 8


class Http2:
    """A connection without TLS to a loopback port."""

    def __init__(self, port, timeout=TIMEOUT):
        self.socket = connect(port, timeout)
        self._file = self.socket.makefile("rb")
        self._next = 1
        self._bodies = {}
        self._ended = set()
        self._reset = set()
        self.socket.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, b""))

    def send_request(self, target, method="GET", headers=()):
        """The number of its stream."""
        stream, self._next = self._next, self._next + 2
        fields = [(":method", method), (":scheme", "http"),
                  (":path", target), (":authority", "localhost"), *headers]
        block = b"".join(b"\0" + _text(name) + _text(value)
                         for name, value in fields)
        self.socket.sendall(_frame(_HEADERS, _END_STREAM | _END_HEADERS,
                                   stream, block))
        return stream

    def cancel(self, stream):
        self.socket.sendall(_frame(_RST_STREAM, 0, stream,
                                   struct.pack(">I", _CANCEL)))

    def read_body(self, stream):
        """Waits for the end of the answer; of up to 64 KiB."""
        while stream not in self._ended:
            self._read_frame()
        return self._bodies.pop(stream, b"")

    def read_some(self, stream, size):
        """Waits for so much of the answer's body."""
        while len(self._bodies.get(stream, b"")) < size:
            self._read_frame()

    def was_reset(self, stream):
        return stream in self._reset

    def close(self):
        self._file.close()
        self.socket.close()

    def abort(self):
        self._file.close()
        reset(self.socket)

    def _read_frame(self):
        head = self._file.read(9)
        if len(head) < 9:
            raise ConnectionError("the connection has ended")
        size = int.from_bytes(head[:3], "big")
        kind, flags = head[3], head[4]
        stream = int.from_bytes(head[5:], "big")
        payload = self._file.read(size)
        if kind == _DATA:
            self._bodies[stream] = self._bodies.get(stream, b"") + payload
        elif kind == _SETTINGS and not flags & _ACK:
            self.socket.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            self.socket.sendall(_frame(_PING, _ACK, 0, payload))
        if (kind in (_DATA, _HEADERS) and flags & _END_STREAM
                or kind == _RST_STREAM):
            self._ended.add(stream)
        if kind == _RST_STREAM:
            self._reset.add(stream)


def _frame(kind, flags, stream, payload):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def _text(text):
    """Not in Huffman's code; lengths below 127."""
    data = text.encode()
    return bytes([len(data)]) + data
