"""Instances that share one Redis, and what they say of each other."""

import os
import signal

from lib.cached import ZONE, api, cache_conf, metric
from lib.wait import wait_until

# Short, so that no test waits for it; Redis may be slow on a busy machine
# unless the test is about that.
LEASE = "200ms"
PATIENT = "timeout 300ms; connect_timeout 500ms;"

# The zone's keys in Redis.
LOG = f"ec:{ZONE}:{{log}}"
MEMBERS = f"{LOG}:members"

# Which tier had it.
_TIER = "add_header X-Tier $edge_cache_tier always;"


def member_conf(token_file, address, name, *, redis_lines=PATIENT,
                size="4m", zone_options="", http="", server="", **pieces):
    """cache_conf() of one instance before the Redis at `address`."""
    if "lease=" not in zone_options:
        zone_options += f" lease={LEASE}"
    return cache_conf(
        token_file, server=f"{_TIER} keepalive_requests 1000000; {server}",
        zone=f"{ZONE}:{size} redis=main {zone_options}",
        http=f"""edge_redis main {{ server {address}; {redis_lines} }}
                 edge_cache_instance {name}; {http}""", **pieces)


class Fleet:
    """Starts instances with `edge`, the fixture, before one Redis."""

    def __init__(self, edge, token_file, address):
        self._edge = edge
        self._token_file = token_file
        self.address = address
        self.members = []

    def start(self, count=1, join=True, workers=1, expect=(), graceful=True,
              log_level="info", port=None, name=None, address=None, **pieces):
        """The new ones; join=True: when all know each other.  Any of Nginx's
        settings, and `address` of another way to the Redis."""
        new = []
        for _ in range(count):
            conf = member_conf(self._token_file, address or self.address,
                               name or f"edge{len(self.members)}", **pieces)
            nginx = self._edge(workers=workers, expect=expect, port=port,
                               graceful=graceful, log_level=log_level, **conf)
            self.members.append(nginx)
            new.append(nginx)
        if join:
            self.wait_joined()
        return new

    def quit(self):
        """All at once; what is left of it is up to the fixture `edge`."""
        for nginx in self.members:
            if nginx.running() and nginx.graceful:
                os.kill(nginx.pid, signal.SIGQUIT)

    def wait_joined(self, timeout=15):
        for nginx in self.members:
            wait_until(lambda: log_metric(nginx, "instances")
                       == len(self.members), timeout, "all instances known")
            wait_current(nginx, timeout)


def log_metric(nginx, name):
    return metric(nginx, f"edge_cache_log_{name}", zone=ZONE)


def is_append(args):
    """Whether an EVALSHA puts a purge into the log."""
    return args[2] == b"2" and args[7] in (b"h", b"s")


def try_purge(nginx, **body):
    return api(nginx, "POST", "purge", body)


def wait_acknowledged(nginx, timeout=15):
    """Until a purge, of nothing there is, reaches every instance."""
    wait_until(lambda: try_purge(nginx, tags=["nothing"]).status == 200,
               timeout, "a purge that is acknowledged")


def wait_current(nginx, timeout=15):
    """Until the log has been read to its end."""
    wait_until(lambda: log_metric(nginx, "current") == 1, timeout,
               "the log to be current")


def wait_behind(nginx):
    """Until its lease is over."""
    wait_until(lambda: log_metric(nginx, "current") == 0,
               what="the lease to be over")


def redis_up(nginx):
    return metric(nginx, "edge_cache_redis_up", zone=ZONE) == 1


def stores(nginx, result="stored"):
    return metric(nginx, "edge_cache_redis_stores_total", zone=ZONE,
                  result=result)


def wait_stored(nginx, count, timeout=10):
    """Writes to Redis leave behind the answer."""
    wait_until(lambda: stores(nginx) >= count, timeout,
               f"{count} objects in Redis")


def refused(nginx, reason):
    return metric(nginx, "edge_cache_refused_total", zone=ZONE,
                  reason=reason)


def object_keys(redis, prefix="ec"):
    """The Redis keys of what is cached."""
    return sorted(key for key in redis.command("KEYS", f"{prefix}:1:*")
                  if b":lock" not in key)


def origin_of_hit(response):
    """("HIT", "redis"), ("MISS", None) and so on."""
    return response["X-Cache"], response["X-Tier"]


def version(nginx, target="/p"):
    """Of the origin, when it sent what is shown."""
    return nginx.get(target).json()["version"]
