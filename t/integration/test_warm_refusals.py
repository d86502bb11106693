"""Warm-up: what nobody is allowed to say, and who may."""

import json

import pytest

from lib.cached import TENANT, api, verdict
from lib.ports import free_port
from lib.warming import HIT, post, refusal, warm


@pytest.mark.parametrize("body, word", [
    ("", "JSON"), ("[]", "JSON"), ('{"urls": []}', '"urls"'),
    ('{"urls": ["/a", "p"]}', "urls[1]"),
    ('{"urls": ["/a\\r\\nX: y"]}', "urls[0]"),
    ('{"urls": ["/a\\n"]}', "urls[0]"),
    ('{"urls": ["/a#b"]}', "urls[0]"),
    ('{"urls": ["ftp://localhost/"]}', "urls[0]"),
    ('{"urls": ["http://user@localhost/"]}', "urls[0]"),
    ('{"urls": ["/%s"]}' % ("a" * 4096), "4096"),
    ('{"urls": [%s"/"]}' % ('"/",' * 20000), "20000"),
    ('{"urls": ["https://localhost/"]}', "listens"),
    ('{"urls": ["http://localhost:1/"]}', "listens"),
    ('{"urls": ["/"], "headers": {"Host": "h"}}', "Host"),
    ('{"urls": ["/"], "headers": {"Range": "bytes=0-1"}}', "Range"),
    ('{"urls": ["/"], "headers": {"Content-Length": "1"}}', "Content-Length"),
    ('{"urls": ["/"], "headers": {"X": "a\\r\\nY: b"}}', "control"),
    ('{"urls": ["/"], "concurrency": 65}', "64"),
    ('{"urls": ["/"], "zone": "z"}', "zone")])
def test_what_is_no_list_is_refused_as_a_whole(cached, origin, body, word):
    nginx = cached()
    assert word in refusal(api(nginx, "POST", "warm", body))
    assert api(nginx, "GET", "warm").json()["jobs"] == []
    assert origin.count() == 0


@pytest.mark.parametrize("names, host, is_known", [
    ("a.example b.example", "b.example", True),
    ("a.example b.example", "c.example", False),
    ("a.example b.example", "sub.a.example", False),
    ("*.a.example", "sub.a.example", True), ("*.a.example", "a.example", False),
    (".a.example", "a.example", True), (".a.example", "xa.example", False),
    ("www.*", "www.anything", True), ("www.*", "other", False),
    (r"~^(www\d|w)\.example$", "www7.example", True),
    (r"~^(www\d|w)\.example$", "www77.example", False),
    ("_", "anything", True)])
@pytest.mark.parametrize("others", ["", "server_name other.example;"])
def test_foreign_hosts_are_refused(cached, names, host, is_known, others):
    """With one server nginx itself takes all hosts, with several it looks."""
    port = free_port()
    other = (f"server {{ listen 127.0.0.1:{port}; {others} return 404; }}"
             if others else "")
    nginx = cached(server=f"server_name {names};", servers=[other], port=port)
    url = f"http://{host}:{port}/"
    if is_known:
        assert post(nginx, url).status == 202
    else:
        said = refusal(post(nginx, url))
        assert host in said and "server_name" in said


def test_without_a_name_a_server_takes_any(cached):
    nginx = cached()
    said = warm(nginx, f"http://any.example:{nginx.port}/")
    assert said["stored"] == 1
    response = nginx.get("/", {"Host": "any.example"})
    assert verdict(response) == HIT


def test_only_who_may_write_warms(cached, origin, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("all-0123456789abcdef\n"
                      "read-0123456789abcdef read\n"
                      "tags-0123456789abcdef kinds=tags\n"
                      "warm-0123456789abcdef kinds=warm\n"
                      "acme-0123456789abcdef tenants=acme\n")
    nginx = cached(TENANT, server=f"""location /tokens/ {{
        edge_api write=on token_file={tokens}; }}
        location /reads/ {{ edge_api token_file={tokens}; }}""")

    def ask(name, at="tokens", **members):
        fields = ({"Authorization": f"Bearer {name}-0123456789abcdef"}
                  if name else {})
        return nginx.get(f"/{at}/warm", fields, "POST",
                         json.dumps({"urls": ["/"], **members}))

    assert ask(None).status == 401
    assert "token_file" in refusal(ask("other"), 403)
    assert "read" in refusal(ask("read"), 403)
    assert "read-only" in refusal(ask("all", "reads"), 403)
    assert "kinds=" in refusal(ask("tags"), 403)
    assert "tenant" in refusal(ask("acme"), 403)
    assert "tenant" in refusal(ask("acme", tenant="umbrella"), 403)
    assert origin.count() == 0
    assert ask("acme", tenant="acme").status == 202
    job = ask("warm").json()["id"]
    fields = {"Authorization": "Bearer read-0123456789abcdef"}
    assert nginx.get(f"/reads/warm/{job}", fields).status == 200
    assert nginx.get(f"/reads/warm/{job}").status == 401
    for unknown in "0", "x", "", f"{job}0":
        refusal(nginx.get(f"/reads/warm/{unknown}", fields), 404)
