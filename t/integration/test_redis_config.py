"""edge_redis: what it refuses, and what it says to write instead."""

import pytest

from lib.certificates import Authority
from lib.conf import proxy_conf
from lib.nginx import Nginx


@pytest.fixture
def said(tmp_path, origin):
    """What `nginx -t` says about a block of these lines; None: fine."""
    nginx = Nginx(tmp_path / "check", "")

    def check(lines):
        code, text = nginx.check_config(proxy_conf(
            nginx.port, origin.address, http=f"edge_redis main {{ {lines} }}"))
        return text if code else None

    return check


SERVER = "server 127.0.0.1:6379;"


@pytest.mark.parametrize("lines, write", [
    ("", 'server HOST:PORT;'),
    ("server;", "exactly one value"),
    ("server 127.0.0.1:x;", "127.0.0.1:x"),
    (SERVER + "colour red;", "tls_name"),
    (SERVER + "mode other;", 'write "standalone", "sentinel" or "cluster"'),
    (SERVER + "mode sentinel;", '"master NAME;"'),
    (SERVER + "master main;", '"mode sentinel;"'),
    (SERVER + "sentinel_password x;", '"mode sentinel;"'),
    (SERVER + "mode cluster; db 1;", 'write no "db"'),
    (SERVER + 'mode sentinel; master "a b";', "name that the Sentinels know"),
    (SERVER + "db x;", "number of a database"),
    (SERVER + "timeout 0;", "1ms to 60s"),
    (SERVER + 'prefix "a{b";', "braces"),
    (SERVER + "password a; password b;", "write one password"),
    (SERVER + "password_file /nowhere;", "name of a file"),
    (SERVER + "secret_file /nowhere;", "32 characters"),
    (SERVER + "secret_file /etc/hostname;", "32 characters"),
    (SERVER + "tls maybe;", '"on" or "off"'),
    (SERVER + "tls_name cache.example;", 'write "tls on;"'),
    (SERVER + "tls off; tls_ca /x;", 'write "tls on;"'),
    (SERVER + "tls on; tls_ca /nowhere;", "/nowhere"),
    (SERVER + "tls on; tls_cert /x;", 'both "tls_cert" and "tls_key"'),
    (SERVER + "tls on; tls_key /x;", 'both "tls_cert" and "tls_key"'),
    ("server unix:/tmp/redis.sock; tls on;", "tls_name NAME;"),
])
def test_what_is_refused(said, lines, write):
    text = said(lines)
    assert text and write in text


def test_what_is_right(said, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue("edge")
    for lines in (SERVER, SERVER + "mode sentinel; master main;"
                                   "sentinel_user u; sentinel_password p;",
                  SERVER + "mode standalone; db 2; user u;",
                  SERVER + "tls on;", SERVER + "tls off;",
                  SERVER + f"tls on; tls_ca {authority.certificate};"
                           f"tls_cert {certificate}; tls_key {key};",
                  "server unix:/tmp/redis.sock; tls on; tls_name a.example;",
                  "server [::1]:6379; tls on;"):
        assert said(lines) is None, lines
