"""explain: who may ask, and what is no question; what stays a secret."""

import pytest

from lib.cached import TENANT, api, purge
from lib.explain import asked, explain, question, refusal


@pytest.mark.parametrize("form", [
    "", "url=", "url=/p", "tenant=a", "url=ftp://a/", "url=http://a/%",
    "url=http://localhost/&header=a", "url=http://localhost/&header=Host:a",
    "url=http://localhost/&header=a%0d%0ab:c", "url=http://localhost/&zone=z",
    "url=http://localhost/&tenant=acme",
    "url=http://localhost/..%252f..%25", "url=http://localhost/%2500"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_question_that_is_none_is_refused(cached, method, form):
    nginx = cached()
    response = (api(nginx, "GET", f"explain?{form}") if method == "GET"
                else api(nginx, "POST", "explain", form))
    assert refusal(response) == 400


def test_a_credential_stays_out_of_urls_and_answers(cached):
    nginx = cached("""edge_cache_authorization key;
                      edge_cache_cookies key session;""")
    secret = {"Authorization": "Bearer hidden1", "Cookie": "session=hidden2"}
    assert refusal(asked(nginx, headers=secret)) == 400
    nginx.get("/", secret)
    response = asked(nginx, headers=secret, method="POST")
    assert response.json()["status"] == "HIT"
    assert "hidden" not in response.text
    secret["Cookie"] = "session=another"
    assert explain(nginx, headers=secret, method="POST")["status"] == "MISS"
    assert "hidden" not in nginx.error_log()


def test_a_credential_in_the_key_is_not_shown(cached):
    nginx = cached("edge_cache_key $cookie_session;"
                   "edge_cache_cookies ignore;")
    secret = {"Cookie": "session=hidden"}
    nginx.get("/", secret)
    purge(nginx, key="hidden")
    response = asked(nginx, headers=secret, method="POST")
    selector = response.json()["memory"]["against"]["selector"]
    assert selector == {"kind": "key", "all_tenants": False}
    assert "hidden" not in response.text


def test_a_body_has_its_bound(cached):
    nginx = cached()
    body = question(nginx) + "&header=a:" + 65536 * "b"
    assert refusal(api(nginx, "POST", "explain", body)) == 413


@pytest.mark.parametrize("method, token, status", [
    ("GET", None, 401), ("POST", None, 401), ("GET", "another-token-of-16", 403),
    ("POST", "another-token-of-16", 403)])
def test_it_takes_a_token(cached, method, token, status):
    assert refusal(asked(cached(), method=method, token=token)) == status


def test_only_get_and_post_ask(cached):
    response = api(cached(), "DELETE", "explain")
    assert (refusal(response), response["Allow"]) == (405, "GET, POST")


def test_a_token_of_some_tenants_asks_about_these(cached, tmp_path):
    reader = "a-reader-of-two-tenants"
    (tmp_path / "tokens").write_text(f"{reader} tenants=acme,beta read\n")
    nginx = cached(TENANT, server=f"""location /tokens/ {{
        edge_api token_file={tmp_path}/tokens; }}""",
                   locations={"/open/": "edge_cache z;"})
    nginx.get("/", {"X-Tenant": "acme"})

    def ask(target, **kwargs):
        return nginx.get(f"/tokens/explain?{question(nginx, target, **kwargs)}",
                         {"Authorization": f"Bearer {reader}"})

    assert ask("/", tenant="acme").json()["status"] == "HIT"
    assert ask("/", tenant="beta").json()["status"] == "MISS"
    assert ask("/", tenant="other").status == 403
    assert ask("/", headers={"X-Tenant": "acme"}).status == 403
    assert ask("/open/", tenant="acme").status == 400
    assert ask("/open/").status == 403
