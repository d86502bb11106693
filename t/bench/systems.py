"""What is compared: one server block each, all of them with the same paths."""

import os
from dataclasses import dataclass

from lib.ports import HOST, free_port

_HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"1k": 1000, "100k": 100_000, "1m": 1_000_000, "json": 64_000}
HOT = {"1k": 100, "100k": 100, "1m": 20}
# A text, for clients that take it compressed.
JSON = {"json": 100}
# More than the zone in memory holds.
SHARED = {"1k": 20_000, "100k": 1000, "1m": 40}
# Clients that ask for one path at once, where requests are to wait.
TOGETHER = 32
UNIQUE = 10 ** 8  # more keys than any run asks for: every request misses

_PROXY = """proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";"""

# What the origin is to say.
_PRIVATE = "proxy_set_header X-Freshness private;"
_AS_TOLD = """add_header Cache-Control $freshness;
            add_header Age $http_x_age;
            add_header ETag $http_x_etag;
            if ($http_if_none_match) { return 503; }"""

# Stale on arrival, and the origin fails to confirm it.
_STALE = """proxy_set_header X-Freshness "max-age=10, stale-if-error=86400";
            proxy_set_header X-Age 11;
            proxy_set_header X-Etag '"1"';"""

# Files have fields of their own, which the comparison does without.
_PLAIN_FILE = 'etag off; max_ranges 0; add_header Last-Modified "";'

_GZIP = "gzip on; gzip_types *; gzip_vary on; gzip_proxied any;"
_ACCEPT = "Accept-Encoding: gzip"

# Where Debian puts nginx's modules.
_MODULES = "/usr/lib/nginx/modules"


@dataclass
class System:
    """`keys`: how many paths it is asked for, by the body's size."""
    name: str
    title: str
    locations: str
    keys: dict
    server: str = "plain"  # nginx with "module" or "srcache"; or "varnish"
    tier: str = None      # where its hits have to come from
    origin: bool = False  # every path reaches the origin, else none does
    retry: int = 0        # seconds, then the origin is asked in vain again
    together: int = 1     # requests for each path
    redis: bool = False
    fields: str = ""      # lines of the request
    port: int = 0
    padding: int = 0      # response fields it lacks to have as many as others

    def block(self):
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
        System("gzip", "proxy_cache hit, gzip on", _proxied(
            f"proxy_cache plain; {_GZIP}"), JSON, fields=_ACCEPT),
        _ours("memory_gzip", "edge_cache hit, gzip on",
              f"edge_cache memory; {_GZIP}", JSON, tier="memory",
              fields=_ACCEPT),
        _ours("compress", "edge_cache_compress",
              "edge_cache compressed; edge_cache_compress gzip;", JSON,
              tier="memory", fields=_ACCEPT),
        System("varnish", "Varnish hit", "", HOT, server="varnish"),
        _ours("memory", "edge_cache memory hit", "edge_cache memory;", HOT,
              tier="memory"),
        _ours("stale", "edge_cache stale hit", f"edge_cache stale; {_STALE}",
              {"1k": HOT["1k"]}, tier="memory", retry=2),
        _guarded("auth", "memory hit, auth_request", origin=True),
        _guarded("cached_auth", "the same, check cached",
                 "edge_cache memory; edge_cache_key $http_x_api_key;"),
        System("srcache", "srcache hit, Redis by Lua", _SRCACHE,
               {size: SHARED[size] for size in ("1k", "100k")},
               server="srcache", redis=True),
        _redis_hit("redis", "edge_cache Redis hit"),
        _redis_hit("redis_socket", "the same, unix socket"),
        _redis_hit("redis_tls", "the same, TLS"),
        _redis_hit("redis_cluster", "the same, Cluster of three"),
        System("proxy", "proxy_pass", _proxied(), unique, origin=True),
        _ours("miss", "edge_cache miss, memory only", "edge_cache unique;",
              unique, origin=True),
        _ours("redis_miss", "edge_cache miss with Redis",
              "edge_cache unique_shared;", unique, origin=True, redis=True),
        _ours("private", "edge_cache, one private URL",
              f"edge_cache unique; {_PRIVATE}", {"1k": 1}, origin=True),
        _ours("redis_private", "the same with Redis",
              f"edge_cache unique_shared; {_PRIVATE}", {"1k": 1}, origin=True,
              redis=True),
        System("proxy_lock", "proxy_cache_lock, 32 clients", _proxied(
            "proxy_cache plain; proxy_cache_lock on; proxy_cache_key $uri;"),
            {"1k": UNIQUE}, origin=True, together=TOGETHER),
        _ours("collapse", "edge_cache, 32 clients", "edge_cache unique;",
              {"1k": UNIQUE}, origin=True, together=TOGETHER),
        _ours("redis_collapse", "the same with Redis",
              "edge_cache unique_shared;", {"1k": UNIQUE}, origin=True,
              together=TOGETHER, redis=True),
    ]
    for system in systems:
        system.port = free_port()
    return systems


def _ours(name, title, directives, keys, **what):
    return System(name, title, _proxied(directives), keys, server="module",
                  **what)


def _guarded(name, title, check="", **what):
    """Every hit is behind a check, which the origin is asked for unless
    `check` says where it is kept."""
    return System(name, title, _proxied("""
            auth_request /auth;
            auth_request_set $user $upstream_http_x_user;
            edge_cache memory;""") + f"""
        location = /auth {{ internal; {check} {_PROXY} }}""",
        {"1k": HOT["1k"]}, server="module", tier="memory",
        fields="X-Api-Key: 0123456789abcdef", **what)


def _redis_hit(name, title):
    return _ours(name, title, f"edge_cache {name};", SHARED, tier="redis",
                 redis=True)


def origin_conf(port, root):
    return _conf(root, f"""
    map $http_x_freshness $freshness {{ default $http_x_freshness; "" max-age=3600; }}
    server {{
        listen {HOST}:{port} backlog=1024;
        {_one_file_per_size(_AS_TOLD)}
        location = /requests {{ stub_status; }}
        location = /auth {{
            add_header Cache-Control max-age=3600;
            add_header X-User $http_x_api_key;
            return 204;
        }}
    }}""")


def plain_conf(systems, root, origin):
    return _conf(root, f"""
    upstream origin {{ server {origin}; keepalive 64; }}
    proxy_cache_path cache keys_zone=plain:8m max_size=256m inactive=1h;
    {_blocks(systems)}""")


def srcache_conf(systems, root, origin, redis_port):
    modules = "".join(f"load_module {_MODULES}/{name}_module.so;\n"
                      for name in ("ndk_http", "ngx_http_lua",
                                   "ngx_http_srcache_filter"))
    return modules + _conf(root, f"""
    upstream origin {{ server {origin}; keepalive 64; }}
    map "" $redis_port {{ default {redis_port}; }}
    {_blocks(systems)}""")


def vcl(system, origin):
    """What it keeps for how long, its origin says."""
    host, port = origin.split(":")
    fields = "".join(f'    set resp.http.X-Padding-{i} = "value of a field";\n'
                     for i in range(system.padding))
    return f"""vcl 4.1;
backend default {{ .host = "{host}"; .port = "{port}"; }}
sub vcl_deliver {{
{fields}}}
"""


def module_conf(systems, root, origin, api_port, redis=()):
    """`redis`: those whose objects stay, by way, and one for those that nobody
    asks for again.  The zones of the first are too small for the keys they are
    asked for, so that answers come from Redis."""
    return _conf(root, f"""
    upstream origin {{ server {origin}; keepalive 64; }}
    edge_cache_zone memory:64m;
    edge_cache_zone stale:64m;
    edge_cache_zone compressed:8m;
    edge_cache_zone unique:16m;
    {_shared_zones(*redis) if redis else ""}
    {_blocks(systems)}
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


# Debian has no module of nginx that fetches from Redis for srcache.
_SRCACHE = _proxied("""
            set $key $uri;
            srcache_fetch GET /redis $key;
            srcache_store PUT /redis $key;""") + f"""
        location = /redis {{
            internal;
            client_body_buffer_size 1m;
            content_by_lua_file {_HERE}/redis.lua;
        }}"""


def _blocks(systems):
    return "".join(system.block() for system in systems)


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
