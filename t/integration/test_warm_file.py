"""edge_cache_warm_file: what is warmed up when nginx starts."""

import time

import pytest

from lib.cached import api, verdict
from lib.fleet import wait_stored
from lib.gauge import Gauge
from lib.origin import Reply
from lib.ports import free_port
from lib.wait import wait_until
from lib.warming import FRESH, HIT, kill_workers, paths


@pytest.fixture
def with_file(cached, tmp_path):
    """An instance that warms by a file; None: it is as it was."""
    file = tmp_path / "urls"

    def start(lines, options="", port=None, **pieces):
        port = port or free_port()
        file.write_text("\n".join(
            line.format(f"http://localhost:{port}") for line in lines))
        return cached(http=f"edge_cache_warm_file {file} {options};",
                      port=port, **pieces)

    start.file = file
    return start


def file_jobs(nginx, count=1):
    """Those that have ended, of so many."""
    def ended():
        jobs = api(nginx, "GET", "warm").json()["jobs"]
        return jobs if (len(jobs) >= count and
                        all(j["state"] != "running" for j in jobs)) else None

    return wait_until(ended, 20, "the end of the warm-up")


def test_a_file_is_warmed_by_one_worker_once(with_file, origin):
    lines = ["# what is hot", ""] + ["{}" + path for path in paths(50)]
    nginx = with_file(lines, workers=4)
    said, = file_jobs(nginx)
    assert (said["urls"], said["stored"]) == (50, 50)
    assert verdict(nginx.get("/p/9")) == HIT
    time.sleep(1.5)  # workers look once a second
    assert len(file_jobs(nginx)) == 1
    assert origin.count() == 50
    nginx.wait_for_log(r'edge warm \w+ by ".*/urls": 50 of 50 URLs')


def test_a_line_that_is_no_url_stops_nothing(with_file, origin):
    nginx = with_file(["/p", "{}/a b", "\x1b[31m", "{}/" + "a" * 5000,
                       "http://other:1/", "{}/good\r", "  {}/indented  "])
    said, = file_jobs(nginx)
    assert said["reasons"] == {"uri_invalid": 4, "not_cached": 1}
    assert said["stored"] == 2
    assert {r.target for r in origin.seen()} == {"/good", "/indented"}
    assert "\x1b" not in nginx.error_log()


def test_no_more_of_a_file_at_a_time(with_file, origin):
    origin.on("/", gauge := Gauge(FRESH, 0.02))
    nginx = with_file([f"{{}}/?{i}" for i in range(20)], "concurrency=3",
                      workers=3)
    said, = file_jobs(nginx)
    assert said["stored"] == 20
    assert gauge.most == 3


def test_a_reload_warms_what_is_new(with_file, origin):
    nginx = with_file(["{}/a"])
    file_jobs(nginx)
    nginx.reload()
    time.sleep(1.2)
    assert len(file_jobs(nginx)) == 1
    with_file.file.write_text(f"http://localhost:{nginx.port}/a\n"
                              f"http://localhost:{nginx.port}/b\n")
    nginx.reload()
    said = file_jobs(nginx, 2)[0]
    assert (said["found"], said["stored"]) == (1, 1)
    assert origin.count() == 2


def test_a_reload_goes_on_with_what_it_stops(with_file, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = with_file([f"{{}}/?{i}" for i in range(20)], "concurrency=2")
    origin.wait_for("/", 2)
    nginx.reload()
    gate.set()
    new, old = file_jobs(nginx, 2)
    assert (old["state"], old["stored"]) == ("stopped", 2)
    assert (new["state"], new["found"], new["stored"]) == ("done", 2, 18)
    assert origin.count() == 20


def test_so_does_another_worker_when_one_dies(with_file, origin, gate):
    origin.on("/", Reply(headers=FRESH, wait=gate))
    nginx = with_file([f"{{}}/?{i}" for i in range(6)], "concurrency=2",
                      workers=2)
    origin.wait_for("/", 2)
    kill_workers(nginx)
    gate.set()
    new, old = file_jobs(nginx, 2)
    assert (old["state"], new["state"]) == ("stopped", "done")
    assert new["stored"] + new["found"] == 6


@pytest.mark.limit(90)
def test_a_file_waits_until_the_zone_knows_its_log(fleet, origin, tmp_path):
    """What is fetched before that would not be kept."""
    port = free_port()
    (tmp_path / "urls").write_text("".join(
        f"http://localhost:{port}{path}\n" for path in paths(20)))
    nginx, = fleet.start(1, port=port, join=False,
                         http=f"edge_cache_warm_file {tmp_path}/urls;")
    said, = file_jobs(nginx)
    assert said["stored"] == 20
    wait_stored(nginx, 20)


@pytest.mark.parametrize("line, word", [
    ("edge_cache_warm_file none;", "can be read"),
    ("edge_cache_warm_file urls concurrency=0;", "from 1 to 64"),
    ("edge_cache_warm_file urls concurrency=65;", "from 1 to 64"),
    ("edge_cache_warm_file urls many;", "concurrency=N"),
    ("edge_cache_warm_file urls; edge_cache_warm_file urls;", "duplicate"),
    ("edge_cache_warm_file long;", "100000"),
    ("edge_cache_warm_file large;", "32m")])
def test_a_file_that_cannot_be_taken(edge, line, word):
    nginx = edge()
    for name, text in ("urls", "http://h/\n"), ("long", "a\n" * 100001), \
            ("large", "#" + "a" * (32 * 1024 * 1024)):
        with open(f"{nginx.prefix}/{name}", "w") as file:
            file.write(text)
    code, said = nginx.check_config(nginx.conf.replace(
        "http {", f"http {{ edge_cache_zone z:1m; {line}", 1))
    assert code != 0
    assert word in said and "edge_cache_warm_file" in said
