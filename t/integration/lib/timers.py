"""How many timers a worker has: the nodes of nginx's tree, in its memory."""

import re
import struct
import subprocess
from functools import lru_cache

_MOST = 100_000
_TRIES = 20


def timers(nginx):
    """Of each worker."""
    return [_count(pid) for pid in nginx.workers()]


def _count(pid):
    for _ in range(_TRIES):
        try:
            return _walk(pid)
        except OSError:
            # The worker has changed the tree meanwhile.
            continue
    raise RuntimeError(f"the timers of {pid} change all the time")


def _walk(pid):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        # ngx_rbtree_t begins with root and sentinel; a node is its key, its
        # left and its right child.
        root, sentinel = _words(memory, _tree(pid), 2)
        stack, count = [root], 0
        while stack:
            node = stack.pop()
            if node == sentinel:
                continue
            count += 1
            if count > _MOST:
                raise RuntimeError("this is no tree of timers")
            stack.extend(_words(memory, node, 3)[1:])
    return count


def _words(memory, address, count):
    memory.seek(address)
    return struct.unpack(f"{count}Q", memory.read(8 * count))


def _tree(pid):
    binary = f"/proc/{pid}/exe"
    with open(binary, "rb") as file:
        is_relocatable = struct.unpack_from("<H", file.read(18), 16)[0] == 3
    with open(f"/proc/{pid}/maps") as maps:
        base = int(maps.readline().split("-")[0], 16) if is_relocatable else 0
    return base + _offset(binary)


@lru_cache
def _offset(binary):
    symbols = subprocess.run(["nm", "-D", binary], check=True,
                             capture_output=True, text=True).stdout
    return int(re.search(r"^([0-9a-f]+) . ngx_event_timer_rbtree$", symbols,
                         re.MULTILINE)[1], 16)
