"""Servers that have names: resolved again for each connection."""

import pytest

from lib.conf import proxy_conf
from lib.fleet import redis_up
from lib.names import NameServer
from lib.nginx import Nginx
from lib.ports import HOST, free_port
from lib.wait import wait_until

NAME = "cache.example"
NOBODY = "127.0.0.9"  # loopback too, but nobody listens there


@pytest.fixture
def names():
    server = NameServer({NAME: [HOST]}).start()
    yield server
    server.stop()


@pytest.fixture
def named(fleet, redis, names):
    """An instance whose Redis has a name."""
    def start(lines="", **pieces):
        nginx, = fleet.start(
            1, join=False, address=f"{NAME}:{redis.port}{lines}",
            http=f"resolver {names.address} valid=1s ipv6=off;", **pieces)
        return nginx

    return start


def wait_up(nginx, up=True):
    wait_until(lambda: redis_up(nginx) == up, what=f"up: {up}")


def test_a_name_is_asked_for(named, names):
    nginx = named()
    wait_up(nginx)
    assert NAME in names.asked


def test_a_name_that_moves_is_followed(named, names):
    names.names[NAME] = [NOBODY]
    nginx = named()
    wait_until(lambda: "redis is down: connect failed" in nginx.error_log(),
               what="a line about it")
    names.names[NAME] = [HOST]
    wait_up(nginx)


def test_all_addresses_of_a_name_are_tried(named, names):
    names.names[NAME] = [NOBODY, HOST]
    wait_up(named())


def test_a_name_that_is_not_there_yet(named, names):
    del names.names[NAME]
    nginx = named()
    wait_until(lambda: "redis is down: host not found" in nginx.error_log(),
               what="a line about it")
    assert nginx.get("/").status == 200
    names.names[NAME] = [HOST]
    wait_up(nginx)


def test_a_silent_name_server_holds_up_nobody(named, names):
    names.silent = True
    nginx = named()
    wait_until(lambda: "redis is down: " in nginx.error_log(),
               what="a line about it")
    assert nginx.get("/").status == 200
    names.silent = False
    wait_up(nginx)


def test_the_next_server_is_tried_when_a_name_is_not_there(named, names,
                                                           redis):
    del names.names[NAME]
    wait_up(named(f"; server {redis.address}"))


def test_without_a_resolver_names_are_resolved_at_the_start(fleet, redis):
    nginx, = fleet.start(1, address=f"localhost:{redis.port}")
    wait_up(nginx)


def test_without_a_resolver_an_unknown_name_stops_nginx(tmp_path, origin):
    nginx = Nginx(tmp_path / "check", "", free_port())
    code, said = nginx.check_config(proxy_conf(
        nginx.port, origin.address,
        http="edge_redis main { server no-such-host.invalid:6379; }"))
    assert code and 'a "resolver" into the http block' in said
