"""Asking the API what a request would find."""

from urllib.parse import urlencode

from lib.cached import TOKEN, api


def question(nginx, target="/", headers=None, tenant=None, url=None):
    fields = [("url", url or f"http://localhost:{nginx.port}{target}")]
    fields += [("header", f"{name}: {value}")
               for name, value in (headers or {}).items()]
    return urlencode(fields + ([("tenant", tenant)] if tenant else []))


def asked(nginx, *args, method="GET", token=TOKEN, **kwargs):
    form = question(nginx, *args, **kwargs)
    if method == "GET":
        return api(nginx, "GET", f"explain?{form}", token=token)
    return api(nginx, "POST", "explain", form, token=token)


def explain(nginx, *args, **kwargs):
    response = asked(nginx, *args, **kwargs)
    assert response.status == 200, response.text
    assert response["Cache-Control"] == "no-store"
    return response.json()


def refusal(response):
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == response.status
    assert said["detail"].endswith(".")
    return response.status
