"""What is compared: one server block each, all of them with the same paths."""

from dataclasses import dataclass

from lib.ports import HOST, free_port

SIZES = {"1k": 1000, "100k": 100_000, "1m": 1_000_000}
HOT = {"1k": 100, "100k": 100, "1m": 20}
# More than the zone in memory holds.
SHARED = {"1k": 20_000, "100k": 1000, "1m": 40}
UNIQUE = 10 ** 8  # more keys than any run asks for: every request misses

_PROXY = """proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";"""

# What the origin is to say in Cache-Control.
_PRIVATE = "proxy_set_header X-Freshness private;"

# Files have fields of their own, which the comparison does without.
_PLAIN_FILE = 'etag off; max_ranges 0; add_header Last-Modified "";'


@dataclass
class System:
    """`keys`: how many paths it is asked for, by the body's size."""
    name: str
    title: str
    locations: str
    keys: dict
    module: bool = False  # needs the nginx that has the module
    tier: str = None      # where its hits have to come from
    origin: bool = False  # every request reaches the origin, else none does
    redis: bool = False
    port: int = 0
    padding: int = 0      # response fields it lacks to have as many as others

    def server(self):
        fields = " ".join(f'add_header X-Padding-{i} "value of a field";'
                          for i in range(self.padding))
        return f"""
    server {{
        listen {HOST}:{self.port} backlog=1024;
        {self.locations.replace("FIELDS", fields)}
    }}"""


def all_systems():
    unique = dict.fromkeys(["1k", "100k"], UNIQUE)
    systems = [
        # A word of a configuration ends at 4 KB: there is no larger one.
        System("return", "return 200", _all_paths(
            f'default_type text/plain; return 200 "{"x" * SIZES["1k"]}";'),
            {"1k": HOT["1k"]}),
        System("static", "static file, sendfile", _all_paths(
            _PLAIN_FILE), HOT),
        System("proxy_cache", "proxy_cache hit", _proxied(
            "proxy_cache plain;"), HOT),
        System("memory", "edge_cache memory hit", _proxied(
            "edge_cache memory;"), HOT, module=True, tier="memory"),
        _redis_hit("redis", "edge_cache Redis hit"),
        _redis_hit("redis_socket", "the same, unix socket"),
        _redis_hit("redis_tls", "the same, TLS"),
        System("proxy", "proxy_pass", _proxied(), unique, origin=True),
        System("miss", "edge_cache miss, memory only", _proxied(
            "edge_cache unique;"), unique, module=True, origin=True),
        System("redis_miss", "edge_cache miss with Redis", _proxied(
            "edge_cache unique_shared;"), unique,
            module=True, origin=True, redis=True),
        System("private", "edge_cache, one private URL", _proxied(
            f"edge_cache unique; {_PRIVATE}"), {"1k": 1},
            module=True, origin=True),
        System("redis_private", "the same with Redis", _proxied(
            f"edge_cache unique_shared; {_PRIVATE}"), {"1k": 1},
            module=True, origin=True, redis=True),
    ]
    for system in systems:
        system.port = free_port()
    return systems


def _redis_hit(name, title):
    return System(name, title, _proxied(f"edge_cache {name};"), SHARED,
                  module=True, tier="redis", redis=True)


def origin_conf(port, root):
    return _conf(root, f"""
    map $http_x_freshness $freshness {{ default $http_x_freshness; "" max-age=3600; }}
    server {{
        listen {HOST}:{port} backlog=1024;
        {_one_file_per_size("add_header Cache-Control $freshness;")}
        location = /requests {{ stub_status; }}
    }}""")


def plain_conf(systems, root, origin):
    return _conf(root, f"""
    upstream origin {{ server {origin}; keepalive 64; }}
    proxy_cache_path cache keys_zone=plain:8m max_size=256m inactive=1h;
    {_servers(systems)}""")


def module_conf(systems, root, origin, api_port, redis=()):
    """`redis`: one whose objects stay, by three ways, and one for those that
    nobody asks for again.  The zones of the first are too small for the keys
    they are asked for, so that answers come from Redis."""
    return _conf(root, f"""
    upstream origin {{ server {origin}; keepalive 64; }}
    edge_cache_zone memory:64m;
    edge_cache_zone unique:16m;
    {_shared_zones(*redis) if redis else ""}
    {_servers(systems)}
    server {{
        listen {HOST}:{api_port};
        location /edge/ {{ edge_api; }}
    }}""")


def _shared_zones(kept, passing):
    ways = "".join(f"""
    edge_redis {name} {{ server {server}; timeout 1s; connect_timeout 1s; }}
    edge_cache_zone {name}:1m selectors=64 redis={name};"""
                   for name, server in kept.items())
    return f"""{ways}
    edge_redis passing {{ server {passing}; timeout 1s; }}
    edge_cache_zone unique_shared:16m redis=passing;"""


def _all_paths(directives):
    return f"location / {{ {directives} FIELDS }}"


def _proxied(directives=""):
    return _all_paths(f"{directives} {_PROXY}")


def _one_file_per_size(fields):
    return "".join(f"""
        location /{size}/ {{
            try_files /{size}/{0:09d} =404;
            {_PLAIN_FILE}
            {fields}
        }}""" for size in SIZES)


def _servers(systems):
    return "".join(system.server() for system in systems)


def _conf(root, text):
    return f"""
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    root {root};
    {text}
}}
"""
