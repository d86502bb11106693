"""Warm-ups through the api, and what becomes of them."""

import json

from lib.cached import TOKEN, api
from lib.wait import wait_until

FRESH = {"Cache-Control": "max-age=60", "Surrogate-Key": "t"}
HIT = ("HIT", None)


def post(nginx, *urls, token=TOKEN, **members):
    return api(nginx, "POST", "warm", json.dumps({"urls": urls, **members}),
               token=token)


def progress(nginx, job):
    response = api(nginx, "GET", f"warm/{job}")
    assert response.status == 200, response
    return response.json()


def wait_ended(nginx, job, timeout=20):
    def ended():
        said = progress(nginx, job)
        return said if said["state"] != "running" else None

    return wait_until(ended, timeout, "the end of the warm-up")


def warm(nginx, *urls, **members):
    """What became of it."""
    response = post(nginx, *urls, **members)
    assert response.status == 202, response.text
    job = response.json()["id"]
    assert response["Location"] == f"/edge/warm/{job}"
    return wait_ended(nginx, job)


def paths(count):
    return [f"/p/{i}" for i in range(count)]


def kill_workers(nginx):
    """All of them; returns when there are others."""
    pids = nginx.workers()
    for pid in pids:
        nginx.kill_worker(pid=pid)
    wait_until(lambda: set(pids).isdisjoint(nginx.workers())
               and len(nginx.workers()) == nginx.workers_wanted, 10,
               "new workers")


def refusal(response, status=400):
    assert response.status == status, response.text
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()["detail"]
    assert said.endswith(".")
    return said
