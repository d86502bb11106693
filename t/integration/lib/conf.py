"""nginx.conf texts: a proxy in front of an origin, and what a test adds."""

from lib.ports import HOST

_PROXY = """proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;"""


def proxy_conf(port, origin, *, main="", events="", http="", server="",
               location="", locations=None, servers=(), redis=None,
               access_log="off"):
    """`location` goes into `location /`, `locations` maps further locations to
    their directives; all of them are proxied to the origin.  `server` and
    `servers` take anything else, whole location and server blocks too."""
    blocks = "\n".join(_location(name, text) for name, text in
                       {"/": location, **(locations or {})}.items())
    return f"""
{main}
events {{
    worker_connections 512;
    {events}
}}
http {{
    access_log {access_log};
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream origin {{
        server {origin};
        keepalive 16;
    }}
    {_redis(redis)}
    {http}
    server {{
        listen {HOST}:{port};
        {server}
        {blocks}
    }}
    {" ".join(servers)}
}}
"""


def _location(name, text):
    return f"""        location {name} {{
            {_PROXY}
            {text}
        }}"""


def _redis(redis):
    return f"edge_redis main {{ server {redis.address}; }}" if redis else ""
