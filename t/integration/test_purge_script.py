"""conf.examples/purge.sh, as a pipeline calls it."""

import json
import os
import subprocess
import threading

import pytest

from lib.cached import TOKEN
from lib.fleet import version
from lib.nginx import REPOSITORY
from lib.ports import HOST, free_port

SCRIPT = os.path.join(REPOSITORY, "conf.examples", "purge.sh")


def run(port, body, token=TOKEN, tries=3):
    """(exit code, answer)"""
    done = subprocess.run(
        [SCRIPT, f"http://{HOST}:{port}/edge/purge", body],
        env={**os.environ, "EDGE_TOKEN": token, "EDGE_TRIES": str(tries)},
        capture_output=True, text=True, timeout=50)
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode, done.stdout


def test_it_ends_well_when_all_have_applied_it(cached, origin):
    origin.headers["Surrogate-Key"] = "t"
    nginx = cached()
    version(nginx)
    origin.bump()
    code, answer = run(nginx.port, '{"tags":["t"]}')
    assert code == 0
    assert json.loads(answer)["instances"] == {"applied": 1, "live": 1}
    assert version(nginx) == origin.version


@pytest.mark.parametrize("body, token", [("{", TOKEN), ("{}", TOKEN),
                                         ('{"all":true}', "not-" + TOKEN)])
def test_it_does_not_repeat_what_is_refused(cached, body, token):
    nginx = cached()
    code, answer = run(nginx.port, body, token)
    assert code == 2
    assert json.loads(answer)["detail"]
    assert sum("/edge/purge" in line for line in nginx.access_log()) == 1


def test_it_repeats_until_it_is_certain(fleet, tagged, redis):
    a, = fleet.start(1)
    redis.pause()
    threading.Timer(1.5, redis.resume).start()
    code, answer = run(a.port, '{"tags":["t"]}', tries=20)
    assert code == 0
    assert json.loads(answer)["instances"] == {"applied": 1, "live": 1}


def test_it_says_when_it_is_not_certain(fleet, tagged, redis):
    a, = fleet.start(1)
    redis.kill()
    code, answer = run(a.port, '{"tags":["t"]}', tries=2)
    assert code == 1
    assert json.loads(answer)["scope"] == "instance"


def test_it_says_when_nobody_answers():
    assert run(free_port(), '{"all":true}', tries=1)[0] == 1
