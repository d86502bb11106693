"""What every client and server of the tests does with sockets."""

import socket
import struct
import threading

from lib.ports import HOST, free_port


def connect(address, timeout=10):
    """To a loopback port, or to a unix socket's path."""
    if isinstance(address, int):
        sock = socket.create_connection((HOST, address), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(timeout)
    sock.connect(address)
    return sock


def reset(sock):
    """Closes with a RST instead of a FIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    except OSError:
        pass  # the other side was faster
    _close(sock, socket.SHUT_RD)


class Server:
    """Runs serve(socket) in a thread per connection."""

    def __init__(self):
        self.port = free_port()
        self.accepted = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._listener = None
        self._open = set()

    @property
    def address(self):
        return f"{HOST}:{self.port}"

    def serve(self, sock):
        raise NotImplementedError

    def start(self):
        self.closing.clear()
        self._listener = socket.create_server((HOST, self.port), backlog=512)
        threading.Thread(target=self._accept, args=[self._listener],
                         daemon=True).start()
        return self

    def stop(self):
        """Refuses new connections and closes those there are."""
        self.closing.set()
        if self._listener:
            _close(self._listener)
            self._listener = None
        self._drop(_close)

    def reset_all(self):
        self._drop(reset)

    def send(self, sock, data):
        """For serve(): what a dropped connection read last gets no answer."""
        with self._lock:
            if sock not in self._open:
                raise ConnectionResetError
        sock.sendall(data)

    def wait(self, event, timeout=30):
        """Waits for the event, but not long beyond stop().  Hundreds do so
        at once: they wake seldom."""
        for _ in range(int(timeout / 0.25)):
            if event.wait(0.25) or self.closing.is_set():
                return

    def _drop(self, close):
        with self._lock:
            sockets, self._open = self._open, set()
        for sock in sockets:
            close(sock)

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.accepted += 1
                self._open.add(sock)
            threading.Thread(target=self._run, args=[sock],
                             daemon=True).start()

    def _run(self, sock):
        try:
            self.serve(sock)
        except OSError:
            pass  # the peer left, or stop() closed the socket
        finally:
            with self._lock:
                self._open.discard(sock)
            _close(sock)


def _close(sock, how=socket.SHUT_RDWR):
    try:
        sock.shutdown(how)  # wakes a thread that reads, close() does not
    except OSError:
        pass  # not connected any more
    sock.close()
