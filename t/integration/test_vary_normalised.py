"""edge_cache_vary NAME NORMALISER: one variant for what means the same."""

import pytest

from lib.client import request
from lib.fleet import wait_stored
from lib.origin import Reply
from lib.ports import HOST, free_port


@pytest.fixture
def varying(cached, origin):
    def start(name, setting):
        origin.on("/", lambda request: Reply(headers={
            "Cache-Control": "max-age=60", "Vary": name},
            body=(request[name] or "-").encode()))
        return cached(setting)

    return start


@pytest.mark.parametrize("name, setting, first, second, status", [
    ("Accept-Encoding", "encoding", "gzip, br", "br;q=0.5,GZIP", "HIT"),
    ("Accept-Encoding", "encoding", "gzip", "br", "MISS"),
    ("Accept-Language", "language", "en, de", "DE,en", "HIT"),
    ("Accept-Language", "language", "en, de", "en, de;q=0.5", "MISS"),
    ("Accept-Language", "language en de", "en-GB, fr", "en;q=0.5", "HIT"),
    ("Accept-Language", "language en de", "en, fr", "fr", "MISS"),
    ("X-Fields", "list", "a, b", " a,b", "HIT"),
    ("X-Fields", "list", "a, b", "b, a", "MISS"),
])
def test_one_meaning_is_one_variant(varying, name, setting, first, second,
                                    status):
    nginx = varying(name, f"edge_cache_vary {name} {setting};")
    nginx.get("/", {name: first})
    response = nginx.get("/", {name: second})
    assert response["X-Cache"] == status
    assert response.text == (first if status == "HIT" else second.strip())


def test_a_normaliser_makes_no_variants_of_its_own(cached, origin):
    nginx = cached("edge_cache_vary Accept-Encoding encoding;")
    nginx.get("/", {"Accept-Encoding": "gzip"})
    assert nginx.get("/", {"Accept-Encoding": "br"})["X-Cache"] == "HIT"


def test_a_variant_from_redis_is_found_by_its_meaning(fleet, origin):
    origin.headers["Vary"] = "Accept-Language"
    a, b = fleet.start(2, location="edge_cache_vary Accept-Language language;")
    a.get("/", {"Accept-Language": "en, de"})
    wait_stored(a, 2)
    response = b.get("/", {"Accept-Language": "de, en"})
    assert response["X-Cache"] == "HIT"


# One zone, one URL, and two locations of which one tells the texts apart.
def test_where_nothing_is_normalised_the_text_counts(cached, origin):
    origin.headers["Vary"] = "Accept-Language"
    port = free_port()
    nginx = cached("edge_cache_vary Accept-Language language;", servers=[f"""
        server {{
            listen {HOST}:{port};
            location / {{
                edge_cache z;
                edge_cache_host 127.0.0.1;
                add_header X-Cache $edge_cache_status;
                proxy_pass http://origin;
                proxy_http_version 1.1;
            }}
        }}"""])
    nginx.get("/", {"Accept-Language": "en, de"})
    for value in "en, de", "de, en":
        response = request(port, "GET", "/", {"Accept-Language": value})
        assert response["X-Cache"] == "MISS"


@pytest.mark.parametrize("text, message", [
    ("Accept-Language languages", 'write "list", "encoding" or "language"'),
    ("Accept list de", 'behind "language" only'),
    ("Accept, list", "write the name of a header field")])
def test_what_is_no_normaliser(cached, text, message):
    nginx = cached()
    code, said = nginx.check_config(nginx.conf.replace(
        "edge_cache z;", f"edge_cache z; edge_cache_vary {text};"))
    assert code != 0 and message in said
