"""A cache in front of the origin, what it says of itself, and its API."""

import json
import re

from lib.client import request
from lib.wait import wait_until

TOKEN = "a-token-for-the-tests"
ZONE = "z"
TENANT = "edge_cache_tenant $http_x_tenant;"

# What became of a request: in every answer, and in the access log once all
# of it is known.
_SAYS = """
    access_log access.log cache;
    add_header X-Cache $edge_cache_status always;
    add_header X-Reason $edge_cache_reason always;
"""
_LOG = """
    log_format cache '$request_method $request_uri $status '
                     '$edge_cache_status "$edge_cache_reason"';
"""


def cache_conf(token_file, location="", http="", server="", zone=f"{ZONE}:4m",
               **pieces):
    """What conf.proxy_conf() takes, with edge_cache and edge_api in it."""
    return {
        "location": f"edge_cache {ZONE}; {location}",
        "http": f"edge_cache_zone {zone}; {_LOG} {http}",
        "server": f"""{_SAYS} {server}
            location /edge/ {{
                edge_api write=on token_file={token_file};
            }}""", **pieces}


def slow_listen(port):
    """A port whose clients keep nginx waiting as soon as they do not read."""
    return f"listen 127.0.0.1:{port} sndbuf=32k;"


def verdict(response):
    """("HIT", None), ("BYPASS", "method") and so on."""
    return response["X-Cache"], response["X-Reason"]


def is_hit(nginx, target="/p", **options):
    return verdict(nginx.get(target, **options))[0] == "HIT"


def write(nginx, target="/p", method="POST", **options):
    """A request that says it changes something."""
    return nginx.get(target, method=method, body="x", **options)


def logged(nginx):
    """[(status, reason)] of all requests so far but the API's, from the
    access log."""
    lines = [re.fullmatch(r'\S+ (\S+) \d+ (\S+) "(.*)"', line)
             for line in nginx.access_log()]
    return [(match[2], None if match[3] == "-" else match[3])
            for match in lines if not match[1].startswith("/edge/")]


def api(nginx, method, route, body=None, headers=(), token=TOKEN):
    fields = list(headers.items() if isinstance(headers, dict) else headers)
    if token is not None:
        fields.append(("Authorization", f"Bearer {token}"))
    if isinstance(body, dict):
        body = json.dumps(body)
    return request(nginx.port, method, f"/edge/{route}", fields, body)


def purge(nginx, **body):
    """A purge that must succeed."""
    response = api(nginx, "POST", "purge", body)
    assert response.status == 200, response
    return response.json()


def metric(nginx, name, **labels):
    """A sample of the zone; the sum of those that have the labels."""
    total, found = 0, False
    for line in api(nginx, "GET", "metrics").text.splitlines():
        match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if not match:
            continue
        has = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[1] or ""))
        if labels.items() <= has.items():
            total, found = total + float(match[2]), True
    assert found, f"no metric {name} {labels}"
    return total


def refreshes(nginx, result):
    return metric(nginx, "edge_cache_refreshes_total", result=result)


def nothing_left(nginx):
    wait_until(lambda: metric(nginx, "edge_cache_fills_running") == 0, 5,
               "the end of all fills")
    wait_until(lambda: metric(nginx, "edge_cache_zone_pinned_objects") == 0,
               5, "the release of all pins")
