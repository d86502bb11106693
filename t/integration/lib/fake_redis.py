"""A Redis that misbehaves as told, alone or in front of a real one."""

import threading
import time
from dataclasses import dataclass

from lib.resp import (RespError, Status, decode, encode, encode_command,
                      read_raw)
from lib.tcp import Server, connect, reset
from lib.wait import wait_until

HANG = object()   # no reply, to this command and all behind it
CLOSE = object()  # a FIN instead of a reply
RESET = object()  # a RST instead of a reply

_GREETING = {"PING": Status("PONG"), "AUTH": Status("OK"),
             "SELECT": Status("OK"), "CLIENT": Status("OK")}
_PUSHING = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"}


@dataclass
class Raw:
    """Bytes in place of a reply, well formed or not."""
    data: bytes


@dataclass
class Late:
    """The reply after so many seconds."""
    seconds: float
    reply: object


class FakeRedis(Server):
    """Replies of on() come first, then those of `upstream` (a RedisServer's
    port or socket path), else a few greetings and "unknown command".

    Faults of the wire apply to everything that is sent to clients:
      delay       seconds before each reply
      trickle     seconds between its bytes, sent one by one
      cut_after   so many bytes from now the connection is cut, once
      corrupt_at  the byte so many bytes from now has its bits flipped, once
      freeze()    sends nothing until thaw()
    stop() refuses connections until start(), reset_all() cuts them."""

    def __init__(self, upstream=None):
        super().__init__()
        self.upstream = upstream
        self.delay = 0
        self.trickle = 0
        self.cut_after = None
        self.corrupt_at = None
        self.commands = []  # [[name, argument ...]] as bytes, in order
        self._replies = {}
        self._flowing = threading.Event()
        self._flowing.set()

    def on(self, command, reply, times=None):
        """The reply is what resp.encode() takes, or HANG, CLOSE, RESET, Raw,
        Late, or a function of the arguments that returns one of these; it
        holds for so many commands, or for all."""
        self._replies[command.upper()] = [reply, times]

    def forget(self, command):
        self._replies.pop(command.upper(), None)

    def freeze(self):
        self._flowing.clear()

    def thaw(self):
        self._flowing.set()

    def count(self, command):
        return sum(c[0].upper() == command.upper().encode()
                   for c in list(self.commands))

    def wait_for(self, command, count=1, timeout=10):
        wait_until(lambda: self.count(command) >= count, timeout,
                   f"{count} {command} at the fake Redis")

    def serve(self, sock):
        upstream = connect(self.upstream) if self.upstream else None
        try:
            self._converse(sock, upstream)
        finally:
            if upstream:
                upstream.close()

    def _converse(self, sock, upstream):
        replies = upstream.makefile("rb") if upstream else None
        with sock.makefile("rb") as file:
            while True:
                raw = read_raw(file)
                if not raw:
                    return
                args = decode(raw)
                self.commands.append(args)
                name = args[0].decode().upper()
                reply = self._scripted(name, args)
                if reply is None and upstream:
                    upstream.sendall(encode_command(args))
                    if name in _PUSHING:
                        self._push(sock, file, upstream, replies)
                        return
                    reply = Raw(read_raw(replies))
                if not self._reply(sock, name, reply):
                    return

    def _scripted(self, name, args):
        """The reply on() has for this command, or None."""
        with self._lock:
            entry = self._replies.get(name)
            if entry is None:
                return None
            reply, times = entry
            if times is not None:
                entry[1] = times - 1
                if entry[1] == 0:
                    del self._replies[name]
        reply = reply(args) if callable(reply) else reply
        return Raw(encode(None)) if reply is None else reply

    def _reply(self, sock, name, reply):
        """False when the connection is over."""
        if isinstance(reply, Late):
            self.closing.wait(reply.seconds)
            reply = reply.reply
        if reply is HANG:
            self.closing.wait()
            return False
        if reply is RESET:
            reset(sock)
            return False
        if reply is CLOSE:
            return False
        if reply is None:
            reply = _GREETING.get(name, RespError(
                f"ERR unknown command '{name}'"))
        data = reply.data if isinstance(reply, Raw) else encode(reply)
        return data != b"" and self._send(sock, data)

    def _push(self, sock, file, upstream, replies):
        """From here on Redis speaks unasked."""
        def forward():
            while True:
                raw = read_raw(file)
                if not raw:
                    return
                self.commands.append(decode(raw))
                upstream.sendall(raw)

        threading.Thread(target=_quietly, args=[forward], daemon=True).start()
        upstream.settimeout(None)
        while True:
            raw = read_raw(replies)
            if not raw or not self._send(sock, raw):
                return

    def _send(self, sock, data):
        """False when the fault cut the connection."""
        self.closing.wait(self.delay)
        self.wait(self._flowing, 600)
        data, cut = self._damage(data)
        if self.trickle:
            for byte in data:
                self.send(sock, bytes([byte]))
                time.sleep(self.trickle)
        else:
            self.send(sock, data)
        return not cut

    def _damage(self, data):
        with self._lock:
            at, after = self.corrupt_at, self.cut_after
            if at is not None:
                inside = at < len(data)
                self.corrupt_at = None if inside else at - len(data)
                if inside:
                    data = (data[:at] + bytes([data[at] ^ 0xff])
                            + data[at + 1:])
            if after is None:
                return data, False
            cut = after <= len(data)
            self.cut_after = None if cut else after - len(data)
            return data[:after], cut


def _quietly(function):
    try:
        function()
    except OSError:
        pass  # the other direction ended first
