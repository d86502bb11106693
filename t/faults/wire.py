"""A wire between nginx and a server that can be damaged: bytes in, bytes out,
encrypted or not."""

import queue
import socket
import threading
import time

from lib.tcp import Server, connect, reset


class Wire(Server):
    """To a loopback port or a unix socket's path.  Faults apply to what comes
    back, to every connection:
      delay        seconds that each byte is on its way
      trickle      seconds between bytes, sent one by one
      reset_after  so many bytes of a connection, then a RST
      deaf(bytes)  from now on, whoever has sent these bytes hears nothing
      freeze()     nothing passes in either direction until thaw()"""

    def __init__(self, upstream):
        super().__init__()
        self._upstream = upstream
        self._flowing = threading.Event()
        self.repair()

    def repair(self):
        self.delay = 0
        self.trickle = 0
        self.reset_after = None
        self._deaf = None
        self._flowing.set()

    def freeze(self):
        self._flowing.clear()

    def thaw(self):
        self._flowing.set()

    def deaf(self, marker):
        self._deaf = marker

    def serve(self, sock):
        upstream = connect(self._upstream)
        upstream.settimeout(None)
        chunks = queue.SimpleQueue()
        said = bytearray()
        for work in ((self._listen, sock, upstream, said),
                     (self._collect, upstream, chunks)):
            threading.Thread(target=_quietly, args=work, daemon=True).start()
        try:
            self._deliver(sock, chunks, said)
        finally:
            _close(upstream)

    def _listen(self, sock, upstream, said):
        try:
            while data := sock.recv(65536):
                said += data[:4096 - len(said)]
                self.wait(self._flowing, 600)
                upstream.sendall(data)
        finally:
            _close(upstream)

    def _collect(self, upstream, chunks):
        try:
            while data := upstream.recv(65536):
                chunks.put((time.monotonic() + self.delay, data))
        finally:
            chunks.put(None)

    def _deliver(self, sock, chunks, said):
        sent = 0
        while chunk := chunks.get():
            due, data = chunk
            self.closing.wait(max(0, due - time.monotonic()))
            self.wait(self._flowing, 600)
            while self._deaf and self._deaf in said:
                self.closing.wait(0.05)
            if self.reset_after is not None:
                data = data[:max(0, self.reset_after - sent)]
            self._send(sock, data)
            sent += len(data)
            if self.reset_after is not None and sent >= self.reset_after:
                reset(sock)
                return

    def _send(self, sock, data):
        if not self.trickle:
            self.send(sock, data)
            return
        for byte in data:
            self.send(sock, bytes([byte]))
            self.closing.wait(self.trickle)


def _close(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)  # wakes the other thread
    except OSError:
        pass  # not connected any more
    sock.close()


def _quietly(function, *args):
    try:
        function(*args)
    except OSError:
        pass  # the other direction ended first
