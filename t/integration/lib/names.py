"""A name server: answers A questions from a dict, over UDP."""

import socket
import struct
import threading

from lib.ports import HOST, free_port


class NameServer:
    """`names` maps host names to lists of IPv4 addresses; a name that is not
    there does not exist.  silent=True: no answer at all."""

    def __init__(self, names=None, ttl=1):
        self.names = dict(names or {})
        self.silent = False
        self.asked = []
        self._ttl = ttl
        self._port = free_port()
        self.address = f"{HOST}:{self._port}"
        self._socket = None

    def start(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, self._port))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                query, client = self._socket.recvfrom(4096)
                if not self.silent:
                    self._socket.sendto(self._answer(query), client)
            except OSError:
                return

    def _answer(self, query):
        name, end = _read_name(query, 12)
        kind, = struct.unpack("!H", query[end:end + 2])
        self.asked.append(name)
        known = self.names.get(name)
        addresses = known if known and kind == 1 else []
        head = query[:2] + struct.pack(
            "!HHHHH", 0x8180 if known is not None else 0x8183, 1,
            len(addresses), 0, 0)
        answers = b"".join(
            struct.pack("!HHHIH", 0xc00c, 1, 1, self._ttl, 4)
            + socket.inet_aton(address) for address in addresses)
        return head + query[12:end + 4] + answers


def _read_name(query, at):
    """(name, position behind it)"""
    labels = []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), at + 1
