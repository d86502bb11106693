"""Fixtures: a scripted origin, Redis real and fake, nginx in front."""

import signal
import subprocess
import threading

import pytest

from lib.arriving import AT_ONCE
from lib.auth_service import LOCATION, Service
from lib.cached import TOKEN, cache_conf
from lib.conf import proxy_conf
from lib.examples import example_conf
from lib.fake_redis import FakeRedis
from lib.fleet import Fleet
from lib.limit_script import Limiter
from lib.nginx import Nginx
from lib.origin import Origin
from lib.ports import free_port
from lib.redis_server import RedisServer
from lib.waiters import STATUS

_SECONDS = 60


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """A test that hangs fails; @pytest.mark.limit(seconds) gives more."""
    marker = item.get_closest_marker("limit")
    seconds = marker.args[0] if marker else _SECONDS

    def expired(*_):
        raise TimeoutError(f"the test took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def origin():
    server = Origin().start()
    yield server
    server.stop()


@pytest.fixture
def gate():
    """What holds an answer back (see Reply) until it is set; in the end it
    is."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A directory with `cert` and `key` for localhost."""
    directory = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", directory / "key",
                    "-out", directory / "cert"],
                   check=True, capture_output=True)
    return directory


@pytest.fixture
def redis_server(tmp_path):
    """A function that starts one: see RedisServer for what it takes."""
    servers = []

    def start(**settings):
        server = RedisServer(tmp_path / f"redis{len(servers)}", **settings)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def redis(redis_server):
    return redis_server()


@pytest.fixture
def ask(redis):
    """The limit script in it."""
    limiter = Limiter(redis)
    yield limiter
    limiter.client.close()


@pytest.fixture
def fake_redis():
    """A fake one on its own; set `upstream` to put it before a real one."""
    server = FakeRedis().start()
    yield server
    server.stop()


@pytest.fixture
def edge(tmp_path, origin):
    """A function that starts nginx before the origin: `edge(location="...")`.

    Takes what conf.proxy_conf() takes, or a whole `conf`, and what Nginx
    takes.  May be called several times."""
    started = []

    def start(conf=None, workers=1, module=True, log_level="info", expect=(),
              graceful=True, port=None, **pieces):
        port = port or free_port()
        if conf is None:
            conf = proxy_conf(port, origin.address, **pieces)
        nginx = Nginx(tmp_path / f"edge{len(started)}", conf, port, workers,
                      module, log_level, expect, graceful)
        started.append(nginx)
        return nginx.start()

    yield start
    _close_all(started)


@pytest.fixture
def edges(edge):
    """A function that starts `count` alike: `a, b = edges(2, http="...")`."""
    return lambda count, **pieces: [edge(**pieces) for _ in range(count)]


@pytest.fixture
def cached(edge, origin, tmp_path):
    """The same with a cache: see lib/cached.py.  Until told otherwise the
    origin's answers are fresh for a minute."""
    origin.headers = {"Cache-Control": "max-age=60"}
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")

    def start(location="", workers=1, expect=(), graceful=True, **pieces):
        return edge(workers=workers, expect=expect, graceful=graceful,
                    **cache_conf(token_file, location, **pieces))

    return start


@pytest.fixture
def fleet(edge, origin, redis, tmp_path):
    """Starts instances that share a Redis: `a, b = fleet.start(2)`.  The
    origin's answers are fresh for a minute."""
    origin.headers.setdefault("Cache-Control", "max-age=60")
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    instances = Fleet(edge, token_file, redis.address)
    yield instances
    instances.quit()


@pytest.fixture
def one_behind(fleet, redis, fake_redis):
    """Two instances that share a Redis, the first one through a fake one."""
    fake_redis.upstream = redis.port
    first, = fleet.start(join=False, address=fake_redis.address)
    second, = fleet.start(join=False)
    fleet.wait_joined()
    return first, second


@pytest.fixture
def example(edge, origin, tmp_path):
    """A function that starts an example: `example(name, {text: other})`; see
    lib/examples.py."""
    def start(name, replaced=(), listen="listen 8080", **options):
        port = free_port()
        conf = example_conf(name, port, listen, {
            "127.0.0.1:9000": origin.address, **dict(replaced)})
        conf = conf.replace("/var/log/nginx/", f"{tmp_path}/")
        return edge(conf=conf, port=port, **options)

    return start


@pytest.fixture
def tagged(origin):
    """The origin; every answer of it has the tag t."""
    origin.headers = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}
    return origin


@pytest.fixture
def service(origin):
    """Who is let in: see lib/auth_service.py."""
    return Service(origin)


@pytest.fixture
def guarded(cached, service):
    """A function that starts nginx with a cache, where every request is
    checked by the service; `auth` goes into the check's location."""
    def start(auth="", location="", **options):
        return cached(
            f"""auth_request /auth;
                auth_request_set $user $upstream_http_x_user;
                add_header X-User $user always; {location}""",
            locations={"= /auth": LOCATION + auth}, **options)

    return start


@pytest.fixture
def counted(cached):
    """One that says how many wait: see lib/waiters.py."""
    def start(location="", **pieces):
        pieces.setdefault("server", STATUS)
        return cached(location, **pieces)

    return start


@pytest.fixture
def edge_with(counted):
    """The same; it passes on at once what the origin sends."""
    def start(location=AT_ONCE, **pieces):
        return counted(location, **pieces)

    return start


@pytest.fixture
def rest():
    """What holds back the second half of an answer until it is set."""
    event = threading.Event()
    yield event
    event.set()


def _close_all(servers):
    """Every server is ended; the first error is the one reported."""
    errors = []
    for server in servers:
        try:
            server.close()
        except Exception as e:
            errors.append(e)
    if errors:
        raise errors[0]
