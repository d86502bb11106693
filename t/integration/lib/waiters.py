"""Many clients that ask for the same and wait for one answer.  The instance
answers at /status what STATUS says."""

from lib.cached import metric
from lib.client import Connection
from lib.wait import wait_until

STATUS = "location = /status { stub_status; }"


def ask(nginx, count, target="/", headers=(), port=None):
    """So many connections with a request each, and no answer read."""
    clients = [Connection(port or nginx.port, timeout=30)
               for _ in range(count)]
    for client in clients:
        client.send_request("GET", target, headers)
    return clients


def waiting(nginx, count):
    """Until so many have begun to wait: those who came but the filler."""
    def active():
        text = nginx.get("/status").text
        return int(text.split("Waiting: ")[0].rsplit(":", 1)[1])

    wait_until(lambda: active() > count, 20, f"{count} requests that wait")


def waits(nginx, result):
    return metric(nginx, "edge_cache_waits_total", result=result)
