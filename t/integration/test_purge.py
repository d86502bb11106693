"""POST purge: what each kind of selector forgets, and what it leaves."""

import pytest

from lib.cached import TENANT, api, metric, purge, verdict
from lib.origin import Reply

TARGETS = ["/shop/shoes?id=1", "/shop/shoes?id=2", "/shop/", "/shop/hats/a",
           "/shops/shoes", "/", "/about"]


@pytest.fixture
def warm(cached, origin):
    """An nginx that has all targets."""
    def start(location="", headers=(), **pieces):
        for target in TARGETS:
            origin.on(target, Reply(headers={
                "Cache-Control": "max-age=60",
                "Surrogate-Key": f"page path:{target.partition('?')[0]}"},
                body=b"x"))
        nginx = cached(location, **pieces)
        for target in TARGETS:
            nginx.get(target, headers)
        assert kept(nginx, headers) == TARGETS
        return nginx

    return start


def kept(nginx, headers=()):
    """Those that are hits; the others are so afterwards."""
    return [target for target in TARGETS
            if verdict(nginx.get(target, headers))[0] == "HIT"]


def without(*gone):
    return [target for target in TARGETS if target not in gone]


@pytest.mark.parametrize("body, gone", [
    ({"tags": ["page"]}, TARGETS),
    ({"tags": ["pag"]}, []),
    ({"tags": ["PAGE"]}, []),
    ({"tags": ["path:/shop/shoes"]}, TARGETS[:2]),
    ({"tags": ["none", "path:/", "path:/about"]}, ["/", "/about"]),
    ({"url": "/shop/shoes?id=1"}, TARGETS[:1]),
    ({"url": "/shop/shoes"}, []),
    ({"url": "/shop/shoes?id=1&"}, []),
    ({"url": "http://localhost/shop/shoes?id=1"}, TARGETS[:1]),
    ({"url": "http://LOCALHOST:80/about"}, ["/about"]),
    ({"url": "https://localhost/about"}, []),
    ({"url": "http://other/about"}, []),
    ({"path": "/shop/shoes"}, TARGETS[:2]),
    ({"path": "/shop"}, []),
    ({"prefix": "/shop/"}, TARGETS[:4]),
    ({"prefix": "/shop/hats/"}, ["/shop/hats/a"]),
    ({"prefix": "/"}, TARGETS),
    ({"all": True}, TARGETS),
    ({"all": True, "zone": "z"}, TARGETS),
    ({"url": "/about", "path": "/", "tags": ["path:/shop/"]},
     ["/shop/", "/", "/about"]),
])
def test_what_a_purge_forgets(warm, body, gone):
    nginx = warm()
    answer = purge(nginx, **body)
    assert answer["instances"] == {"applied": 1, "live": 1}
    assert answer["scope"] == "local"
    epoch, sequence = answer["generation"].split("-")
    assert int(epoch) > 0 and int(sequence) == 1
    assert answer["took_ms"] < 1000
    assert kept(nginx) == without(*gone)
    # Once is enough: what came later stays.
    assert kept(nginx) == TARGETS


def test_a_purge_by_key(warm):
    nginx = warm("edge_cache_key page:$uri;")
    nginx.get("/about")
    purge(nginx, key="page:/abou")
    assert verdict(nginx.get("/about")) == ("HIT", None)
    purge(nginx, key="page:/about")
    assert verdict(nginx.get("/about")) == ("MISS", "purged")


def test_a_key_is_also_known_by_its_url(warm):
    nginx = warm("edge_cache_key page:$uri;")
    purge(nginx, url="/about")
    assert verdict(nginx.get("/about"))[0] == "MISS"


def test_a_rewritten_url_goes_by_either_name(cached):
    nginx = cached("rewrite ^/old/(.*) /new/$1 break;")
    for body in ({"url": "/old/a"}, {"url": "/new/a"}, {"path": "/old/a"},
                 {"prefix": "/old/"}, {"prefix": "/new/"}):
        nginx.get("/old/a")
        assert verdict(nginx.get("/old/a")) == ("HIT", None)
        purge(nginx, **body)
        assert verdict(nginx.get("/old/a"))[0] == "MISS", body


@pytest.mark.parametrize("tags, gone", [
    (["page", "path:/shop/shoes"], TARGETS[:2]),
    (["path:/about", "page", "path:/about"], ["/about"]),
    (["path:/shop/shoes", "path:/about"], []),
    (["page", "none"], []),
    (["page"], TARGETS),
])
@pytest.mark.parametrize("way", ["body", "fields"])
def test_the_match_all_forgets_what_has_all_tags(warm, tags, gone, way):
    nginx = warm()
    if way == "body":
        purge(nginx, tags=tags, match="all")
    else:
        answer = api(nginx, "POST", "purge", headers={
            "Surrogate-Key": " ".join(tags), "Edge-Match": "all"})
        assert answer.status == 200
    assert kept(nginx) == without(*gone)
    assert kept(nginx) == TARGETS


def test_a_softly_purged_set_is_revalidated(cached, origin):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "ETag": '"1"', "Surrogate-Key": "a b"}))
    nginx = cached()
    nginx.get("/")
    purge(nginx, tags=["a", "c"], match="all", mode="soft")
    assert verdict(nginx.get("/")) == ("HIT", None)
    purge(nginx, tags=["b", "a"], match="all", mode="soft")
    assert verdict(nginx.get("/"))[0] != "HIT"
    assert verdict(nginx.get("/")) == ("HIT", None)


@pytest.mark.parametrize("fields", [
    {"Surrogate-Key": "a  b"}, {"Cache-Tag": "a, b"},
    {"Cache-Tag": ["x", "b"]}, {"Cache-Groups": '"b", "c"'},
    {"Surrogate-Key": "x", "Cache-Tag": "b"}, {"xkey": "a b"},
    {"xkey": ["a", "b"]}])
def test_tags_come_in_several_fields(cached, origin, fields):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60", **fields}))
    nginx = cached()
    nginx.get("/")
    purge(nginx, tags=["c" if "Cache-Groups" in fields else "b"])
    assert verdict(nginx.get("/"))[0] == "MISS"


TAG_FIELDS = {"Surrogate-Key": "a", "xkey": "b", "Cache-Tag": "c"}


@pytest.mark.parametrize("shown", ["off", "on"])
def test_clients_see_no_tags_unless_asked(cached, origin, shown):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60", **TAG_FIELDS,
                                  "Cache-Groups": '"d"'}))
    nginx = cached(f"edge_cache_show_tags {shown};")
    for expected in "MISS", "HIT":
        answer = nginx.get("/")
        assert verdict(answer)[0] == expected
        assert answer["Cache-Groups"] == '"d"'
        for name, value in TAG_FIELDS.items():
            assert answer[name] == (value if shown == "on" else None)
    purge(nginx, tags=["b"])
    assert verdict(nginx.get("/"))[0] == "MISS"


def test_edge_cache_tags_adds_tags(cached):
    nginx = cached('edge_cache_tags site $arg_t "x y";')
    for tag in ("site", "mine", "x", "y"):
        nginx.get("/?t=mine")
        assert verdict(nginx.get("/?t=mine")) == ("HIT", None)
        purge(nginx, tags=[tag])
        assert verdict(nginx.get("/?t=mine")) == ("MISS", "purged")


@pytest.mark.parametrize("tags", [
    " ".join(f"t{i}" for i in range(257)), "t" * 1025,
    " ".join("t%03d" % i + "x" * 200 for i in range(90))])
def test_over_the_tag_limits_nothing_is_stored(cached, origin, tags):
    origin.on("/", Reply(headers={"Cache-Control": "max-age=60",
                                  "Surrogate-Key": tags}))
    nginx = cached("proxy_buffer_size 64k; proxy_buffers 8 64k;"
                   "proxy_busy_buffers_size 64k;")
    for _ in range(2):
        assert verdict(nginx.get("/")) == ("MISS", "tag_limit")


def test_all_variants_are_forgotten(cached, origin):
    origin.headers = {"Cache-Control": "max-age=60", "Vary": "X-A"}
    nginx = cached()
    for value in "123":
        nginx.get("/", {"X-A": value})
    purge(nginx, url="/")
    for value in "123":
        assert verdict(nginx.get("/", {"X-A": value}))[0] == "MISS"


def test_head_and_conditions_get_nothing_purged(warm):
    nginx = warm()
    purge(nginx, all=True)
    assert verdict(nginx.get("/", method="HEAD"))[0] == "MISS"
    assert verdict(nginx.get("/", {"If-None-Match": "*"}))[0] == "MISS"


def test_every_worker_forgets(cached, origin):
    nginx = cached(workers=2)
    for _ in range(10):
        nginx.get("/")
        purge(nginx, url="/")
        assert all(verdict(nginx.get("/"))[0] == ("HIT" if i else "MISS")
                   for i in range(5))


def test_generations_rise(warm):
    nginx = warm()
    sequences = [int(purge(nginx, tags=["t"])["generation"].split("-")[1])
                 for _ in range(5)]
    assert sequences == sorted(set(sequences))


# Tenants

ACME, OTHER = {"X-Tenant": "acme"}, {"X-Tenant": "other"}


@pytest.mark.parametrize("kind", [
    {"tags": ["page"]}, {"all": True}, {"prefix": "/"}])
def test_a_purge_stays_inside_its_tenant(warm, kind):
    nginx = warm(TENANT, ACME)
    for target in TARGETS:
        nginx.get(target, OTHER)
    purge(nginx, tenant="acme", **kind)
    assert kept(nginx, OTHER) == TARGETS
    assert kept(nginx, ACME) == []
    purge(nginx, tenant="*", **kind)
    assert kept(nginx, OTHER) == []
    assert kept(nginx, ACME) == []


def test_the_match_all_is_of_one_tenant(warm):
    nginx = warm(TENANT, ACME)
    both = {"tags": ["page", "path:/about"], "match": "all"}
    purge(nginx, tenant="other", **both)
    assert kept(nginx, ACME) == TARGETS
    for tenant in "acme", "*":
        purge(nginx, tenant=tenant, **both)
        assert kept(nginx, ACME) == without("/about")


def test_where_tenants_are_apart_one_has_to_be_named(warm):
    nginx = warm(TENANT, ACME)
    response = api(nginx, "POST", "purge", {"all": True})
    assert response.status == 400
    assert "tenant" in response.json()["detail"]
    assert kept(nginx, ACME) == TARGETS


def test_naming_a_tenant_where_there_are_none_does_not_look_like_a_purge(warm):
    nginx = warm()
    response = api(nginx, "POST", "purge", {"all": True, "tenant": "acme"})
    assert response.status == 400
    assert "tenant" in response.json()["detail"]
    assert kept(nginx) == TARGETS


def test_without_tenants_none_has_to_be_named(warm):
    nginx = warm()
    purge(nginx, all=True, tenant="*")
    assert kept(nginx) == []


# Zones

def test_zones_are_purged_together_or_apart(cached, origin):
    nginx = cached(http="edge_cache_zone y:8m;",
                   locations={"/y": "edge_cache y;"})
    nginx.get("/z")
    nginx.get("/y")
    answer = purge(nginx, all=True, zone="y")
    assert "zones" not in answer
    assert verdict(nginx.get("/z"))[0] == "HIT"
    assert verdict(nginx.get("/y"))[0] == "MISS"
    answer = purge(nginx, prefix="/")
    assert sorted(zone["zone"] for zone in answer["zones"]) == ["y", "z"]
    assert verdict(nginx.get("/z"))[0] == "MISS"
    assert verdict(nginx.get("/y"))[0] == "MISS"


def test_an_unknown_zone_is_a_404(warm):
    nginx = warm()
    assert api(nginx, "POST", "purge",
               {"all": True, "zone": "zz"}).status == 404
    assert kept(nginx) == TARGETS


# Modes, forms

def test_a_soft_purge_ends_freshness(warm):
    nginx = warm()
    purge(nginx, path="/about", mode="soft")
    assert kept(nginx) == without("/about")
    assert metric(nginx, "edge_cache_purges_total", mode="soft") == 1
    assert metric(nginx, "edge_cache_purges_total", mode="hard") == 0


@pytest.mark.parametrize("headers, gone", [
    ({"Surrogate-Key": "none  path:/about"}, ["/about"]),
    ({"Cache-Tag": "none, path:/about,path:/"}, ["/", "/about"]),
    ({"Surrogate-Key": "path:/", "Cache-Tag": "path:/about"},
     ["/", "/about"]),
    ({"Surrogate-Key": ["path:/", "path:/about"]}, ["/", "/about"]),
    ({"Surrogate-Key": "path:/about", "Edge-Purge": "soft"}, ["/about"])])
def test_a_purge_by_header_fields(warm, headers, gone):
    nginx = warm()
    response = api(nginx, "POST", "purge", headers=headers)
    assert response.status == 200
    assert kept(nginx) == without(*gone)


def test_header_fields_name_the_tenant(warm):
    nginx = warm(TENANT, ACME)
    fields = {"Surrogate-Key": "page"}
    assert api(nginx, "POST", "purge", headers=fields).status == 400
    fields["Edge-Tenant"] = "acme"
    assert api(nginx, "POST", "purge", headers=fields).status == 200
    assert kept(nginx, ACME) == []


@pytest.mark.parametrize("name", ["Surrogate-Key", "xkey", "Cache-Tag",
                                  "Cache-Groups"])
def test_a_location_may_take_no_tags_from_its_api(cached, origin, name):
    """Whoever answers there may not tag, as on a shared host (RFC 9875 5)."""
    value = '"a"' if name == "Cache-Groups" else "a"
    origin.on("/", lambda _: Reply(headers={"Cache-Control": "max-age=60",
                                            name: value}))
    nginx = cached(f"edge_cache_ignore_headers {name}; edge_cache_tags own;")
    nginx.get("/")
    purge(nginx, tags=["a"])
    assert nginx.get("/")["X-Cache"] == "HIT"
    purge(nginx, tags=["own"])
    assert nginx.get("/")["X-Cache"] == "MISS"
