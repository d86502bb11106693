"""The tokens of token_file: who may purge what, and the line about it."""


import json

import pytest

from lib.cached import cache_conf, verdict
from lib.conf import proxy_conf
from lib.nginx import Nginx

DEPLOY, SHOP, OLD = (f"{name}-0123456789abcdef" for name in
                     ("deploy", "shop", "old"))
FILE = f"""# who may purge

{DEPLOY} name=deploy
{SHOP}   name=shop tenants=shop,outlet kinds=tags,url
{OLD}
"""


@pytest.fixture
def start(cached, tmp_path):
    def start(options="", text=FILE, tenants=True, **pieces):
        file = tmp_path / "tokens"
        file.write_text(text)
        tenant = "edge_cache_tenant $http_x_tenant;" if tenants else ""
        return cached(tenant, server=f"""location /tokens/ {{
            edge_api write=on token_file={file} {options}; }}""", **pieces)
    return start


def ask(nginx, token, **body):
    return nginx.get("/tokens/purge", {"Authorization": f"Bearer {token}"},
                     "POST", json.dumps(body))


@pytest.mark.parametrize("token, body, status", [
    (DEPLOY, {"tenant": "shop", "tags": ["a"]}, 200),
    (DEPLOY, {"tenant": "*", "prefix": "/a/"}, 200),
    (OLD, {"tenant": "*", "all": True}, 200),
    (SHOP, {"tenant": "shop", "tags": ["a"]}, 200),
    (SHOP, {"tenant": "outlet", "url": "/p"}, 200),
    (SHOP, {"tenant": "acme", "tags": ["a"]}, 403),
    (SHOP, {"tenant": "*", "tags": ["a"]}, 403),
    (SHOP, {"tags": ["a"]}, 403),
    (SHOP, {"tenant": "shop", "all": True}, 403),
    (SHOP, {"tenant": "shop", "tags": ["a"], "prefix": "/"}, 403),
    ("# who may purge", {"tenant": "shop", "tags": ["a"]}, 403),
    (f"{DEPLOY} name=deploy", {"tenant": "shop", "tags": ["a"]}, 403)])
def test_a_token_does_what_its_line_says(start, token, body, status):
    nginx = start()
    assert ask(nginx, token, **body).status == status


def test_a_refused_purge_purges_nothing(start):
    nginx = start()
    nginx.get("/", headers={"X-Tenant": "acme"})
    assert ask(nginx, SHOP, tenant="acme", url="/").status == 403
    assert verdict(nginx.get("/", headers={"X-Tenant": "acme"}))[0] == "HIT"


def test_tokens_are_read_again_on_reload(start, tmp_path):
    nginx = start()
    (tmp_path / "tokens").write_text(f"{'new' + SHOP}\n")
    assert ask(nginx, OLD, tenant="a", tags=["a"]).status == 200
    nginx.reload()
    assert ask(nginx, OLD, tenant="a", tags=["a"]).status == 403
    assert ask(nginx, "new" + SHOP, tenant="a", tags=["a"]).status == 200


@pytest.mark.parametrize("text, says", [
    ("", "16 characters"), ("\n# none\n", "16 characters"),
    ("short name=deploy-with-a-long-name", "line 1"),
    (f"{DEPLOY}\n{SHOP} kinds=tag", "line 2"),
    (f"{DEPLOY} write", "line 1"), (f"{DEPLOY} tenants=", "line 1")])
def test_a_wrong_file_stops_nginx_and_shows_no_token(
        edge, origin, tmp_path, text, says):
    file = tmp_path / "tokens"
    file.write_text(text)
    nginx = Nginx(tmp_path / "check", "")
    code, said = nginx.check_config(proxy_conf(
        nginx.port, origin.address, **cache_conf(file)))
    assert code != 0 and says in said
    assert DEPLOY not in said and SHOP not in said


@pytest.mark.parametrize("options, body, status", [
    ("", {"tenant": "*", "all": True}, 200),
    ("max_purge=zone", {"tenant": "*", "all": True}, 200),
    ("max_purge=tenant", {"tenant": "*", "all": True}, 403),
    ("max_purge=tenant", {"tenant": "*", "tags": ["a"]}, 403),
    ("max_purge=tenant", {"tenant": "a", "all": True}, 200)])
def test_max_purge_bounds_what_a_purge_takes(start, options, body, status):
    nginx = start(options)
    assert ask(nginx, DEPLOY, **body).status == status


def test_all_zones_at_once_need_max_purge_all(start):
    two = "edge_cache_zone y:4m;"
    nginx = start(tenants=False, http=two)
    assert ask(nginx, DEPLOY, all=True).status == 403
    assert ask(nginx, DEPLOY, all=True, zone="y").status == 200
    assert ask(nginx, DEPLOY, tags=["a"]).status == 200


def test_max_purge_all_lets_all_zones_go(start):
    nginx = start("max_purge=all", tenants=False,
                  http="edge_cache_zone y:4m;")
    assert ask(nginx, DEPLOY, all=True).status == 200


# The audit line

def test_every_purge_is_a_line(start):
    nginx = start()
    ask(nginx, SHOP, tenant="shop", tags=["a", "b"], mode="soft")
    nginx.wait_for_log('edge purge by "shop": soft tag=a tag=b of tenant '
                       '"shop", zone z generation 1-1 confirmed by 1 of 1')
    ask(nginx, OLD, tenant="*", url="/p")
    nginx.wait_for_log('edge purge by "token 5": hard url=/p of tenant "\\*"')
    assert SHOP not in nginx.error_log()


def test_a_long_purge_is_a_short_line(start):
    nginx = start()
    ask(nginx, DEPLOY, tenant="a", tags=["t" * 1000, "u" * 1000])
    line = nginx.wait_for_log('edge purge by "deploy"')
    assert len(line) < 800 and "..." in line


READER = "reader-0123456789abcdef"


@pytest.fixture
def reader(cached, tmp_path):
    """An endpoint that takes no writes, and one that does."""
    file = tmp_path / "tokens"
    file.write_text(f"{DEPLOY}\n{READER} name=dashboard read\n")
    return cached("edge_limit zone=l;", http="""
        edge_limit_zone $http_x_key zone=l:1m rate=10r/s;""", server=f"""
        location /tokens/ {{ edge_api write=on token_file={file}; }}
        location /reads/ {{ edge_api token_file={file}; }}
        location /open/ {{ edge_api; }}""")


@pytest.mark.parametrize("path, method, token, status", [
    ("tokens", "GET", READER, 200), ("tokens", "GET", DEPLOY, 200),
    ("reads", "GET", READER, 200), ("reads", "GET", DEPLOY, 200),
    ("tokens", "DELETE", READER, 403), ("tokens", "DELETE", DEPLOY, 200),
    ("reads", "DELETE", DEPLOY, 403), ("open", "GET", READER, 403),
    ("reads", "GET", "unknown-0123456789", 403)])
def test_a_token_that_reads_asks_and_changes_nothing(reader, path, method,
                                                     token, status):
    answer = reader.get(f"/{path}/limits?zone=l&key=a",
                        {"Authorization": f"Bearer {token}"}, method)
    assert answer.status == status, answer


def test_a_token_that_reads_purges_nothing(reader):
    reader.get("/")
    answer = ask(reader, READER, all=True, zone="z")
    assert answer.status == 403
    assert "only reads" in answer.text
    assert verdict(reader.get("/"))[0] == "HIT"


def test_purges_above_their_rate_are_told_when_to_come_again(start):
    nginx = start("purge_rate=1r/m,2", tenants=False)
    nginx.get("/")
    assert [ask(nginx, DEPLOY, tags=["x"]).status for _ in range(3)] == [
        200, 200, 429]
    refused = ask(nginx, DEPLOY, url="/")
    assert refused.status == 429
    # A minute, rounded up where nothing of it has passed.
    assert 1 <= int(refused["Retry-After"]) <= 61
    assert refused.json()["title"] == "Too Many Requests"
    assert verdict(nginx.get("/"))[0] == "HIT"
    nginx.wait_for_log('edge purge by "deploy" is above purge_rate=')


def test_what_is_refused_takes_nothing_from_the_rate(start):
    nginx = start("purge_rate=1r/m", tenants=False)
    for _ in range(3):
        assert ask(nginx, DEPLOY).status == 400
        assert ask(nginx, SHOP, prefix="/").status == 403
    assert ask(nginx, DEPLOY, tags=["x"]).status == 200


def test_all_workers_count_purges_together(start):
    nginx = start("purge_rate=1r/m,5", tenants=False, workers=2)
    answers = [ask(nginx, DEPLOY, tags=["x"]).status for _ in range(12)]
    assert answers.count(200) == 5


@pytest.mark.parametrize("rate, says", [
    ("fast", "a rate is"), ("10r/s,0", "a burst is"),
    ("1r/d,1000000", "smaller burst")])
def test_a_wrong_purge_rate_says_what_to_write(cached, rate, says):
    nginx = cached()
    code, said = nginx.check_config(proxy_conf(
        1, "127.0.0.1:1", server=f"""
        location /edge/ {{ edge_api purge_rate={rate}; }}"""))
    assert code != 0 and says in said, said
