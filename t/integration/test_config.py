"""What nginx -t says to a wrong configuration: which directive, which value,
and what to write instead."""

import pytest

from lib.conf import proxy_conf
from lib.nginx import Nginx

ZONE = "edge_cache_zone z:4m;"


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture
def check(origin, tmp_path):
    """What `nginx -t` says to these pieces; None when it accepts them."""
    nginx = Nginx(tmp_path / "check", "")

    def run(http=ZONE, **pieces):
        code, said = nginx.check_config(
            proxy_conf(nginx.port, origin.address, http=http, **pieces))
        assert (code == 0) == ("[emerg]" not in said)
        return said if code else None

    return run


@pytest.mark.parametrize("text, write", [
    ("edge_cache_zone;", "number of arguments"),
    ("edge_cache_zone z;", "edge_cache_zone"),
    ("edge_cache_zone z:;", "z:"), ("edge_cache_zone :4m;", ":4m"),
    ("edge_cache_zone z:x;", "z:x"), ("edge_cache_zone z:-4m;", "z:-4m"),
    ("edge_cache_zone a/b:4m;", "a/b:4m"),
    ("edge_cache_zone z:1023k;", "1m or more"),
    ("edge_cache_zone z:4m; edge_cache_zone z:4m;", "duplicate"),
    ("edge_cache_zone z:4m selectors=63;", "from 64"),
    ("edge_cache_zone z:4m selectors=x;", "from 64"),
    ("edge_cache_zone z:4m selectors=;", "from 64"),
    ("edge_cache_zone z:4m tenant_share=0%;", "from 1% to 100%"),
    ("edge_cache_zone z:4m tenant_share=101%;", "from 1% to 100%"),
    ("edge_cache_zone z:4m tenant_share=50;", "from 1% to 100%"),
    ("edge_cache_zone z:4m negative_share=;", "from 1% to 100%"),
    ("edge_cache_zone z:4m negative_share=-1%;", "from 1% to 100%"),
    ("edge_cache_zone z:4m colour=red;", "colour=red"),
    ("edge_cache_zone z:4m redis=main;", "edge_redis main"),
    ("edge_cache_zone z:4m redis=main coherence=safe;", '"strict"'),
    ("edge_cache_zone z:4m redis=main isolation=999ms;", "from 1s"),
    ("edge_cache_zone z:4m redis=main lease=61s;", "to 60s"),
    ("edge_cache_zone z:4m redis=main isolation=1s lease=2s;",
     "not shorter than"),
    ("edge_cache_zone z:4m coherence=strict;", "redis=NAME too"),
    ("edge_cache_zone z:4m isolation=1h;", "redis=NAME too"),
    ("edge_cache_zone z:1m selectors=65536;", "larger size"),
    (ZONE + "edge_cache_fill_memory 0;", "write a size"),
    (ZONE + "edge_cache_fill_memory x;", "write a size"),
    (ZONE + "edge_cache_lock_waits x;", "from 0 to 1048576"),
    (ZONE + "edge_cache_lock_waits 1048577;", "from 0 to 1048576"),
    (ZONE + "edge_cache_fill_memory 1m; edge_cache_fill_memory 1m;",
     "duplicate"),
])
def test_zones(check, text, write):
    said = check(http=text)
    assert said and write in said


@pytest.mark.parametrize("text, write", [
    ("edge_cache nowhere;", 'edge_cache_zone nowhere:SIZE'),
    ("edge_cache z; edge_cache off;", "duplicate"),
    ("edge_cache z shadow y;", "number of arguments"),
    ("edge_cache_valid;", "number of arguments"),
    ("edge_cache_valid x;", "60s or 500ms"),
    ("edge_cache_valid 200 -1s;", "60s or 500ms"),
    ("edge_cache_valid 199 60s;", "200 to 599"),
    ("edge_cache_valid 600 60s;", "200 to 599"),
    ("edge_cache_valid all 60s;", '"any"'),
    ("edge_cache_ignore_headers;", "number of arguments"),
    ("edge_cache_ignore_headers Pragma;", "Cache-Control"),
    ("edge_cache_ignore_headers Vary Pragma;", "Pragma"),
    ("edge_cache_ignore_headers Vary; edge_cache_ignore_headers Vary;",
     "duplicate"),
    ("edge_cache_drop_headers;", "number of arguments"),
    ("edge_cache_drop_headers a:b;", "write the name of a header field"),
    ("edge_cache_drop_headers content-type;", "that hits can do without"),
    ("edge_cache_drop_headers X-A Vary;", "that hits can do without"),
    ("edge_cache_drop_headers X-A; edge_cache_drop_headers X-B;",
     "duplicate"),
    ("edge_cache_age_header yes;", '"on"'),
    ("edge_cache_age_header on; edge_cache_age_header off;", "duplicate"),
    ("edge_cache_methods PUT;", "GET"),
    ("edge_cache_methods;", "number of arguments"),
    ("edge_cache_authorization yes;", "refuse"),
    ("edge_cache_authorization key; edge_cache_authorization key;",
     "duplicate"),
    ("edge_cache z; edge_cache_authorization tenant;", "edge_cache_tenant"),
    ("edge_cache_cookies some;", "explicit"),
    ("edge_cache_cookies key;", "names"),
    ("edge_cache_cookies ignore a;", "names"),
    ("edge_cache_set_cookie yes;", "strip"),
    ("edge_cache_close_delimited yes;", '"on"'),
    ("edge_cache_early_refresh 0;", "number from 1 to 1000"),
    ("edge_cache_early_refresh 1001;", "number from 1 to 1000"),
    ("edge_cache_early_refresh on;", "number from 1 to 1000"),
    ("edge_cache_early_refresh 1; edge_cache_early_refresh off;", "duplicate"),
    ("edge_cache_settle 61s;", '"off" or a time up to 60s'),
    ("edge_cache_settle on;", '"off" or a time up to 60s'),
    ("edge_cache_settle 1s; edge_cache_settle off;", "duplicate"),
    ("edge_cache_ttl_jitter 51%;", "part from 1% to 50%"),
    ("edge_cache_ttl_jitter 10;", "part from 1% to 50%"),
    ("edge_cache_ttl_jitter 1%; edge_cache_ttl_jitter off;", "duplicate"),
    ("edge_cache_fetch_limit 0;", "from 1 to 65535"),
    ("edge_cache_fetch_limit 65536;", "from 1 to 65535"),
    ("edge_cache_fetch_limit off busy=503;", '"off" alone'),
    ("edge_cache_fetch_limit 1 busy=504;", "upstream=NAME or busy=503"),
    ("edge_cache_fetch_limit 1 upstream=;", "1 to 63 characters"),
    ("edge_cache_fetch_limit 1; edge_cache_fetch_limit off;", "duplicate"),
    ("edge_cache_ignore_client_abort on;", '"waited" or a size'),
    ("edge_cache_ignore_client_abort 0;", '"waited" or a size'),
    ("edge_cache_ignore_client_abort off; edge_cache_ignore_client_abort 1k;",
     "duplicate"),
    ("edge_cache_max_size 0;", "1 to 8m"),
    ("edge_cache_max_size 9m;", "1 to 8m"),
    ("edge_cache_max_size x;", "1 to 8m"),
    ("edge_cache_max_size 1m; edge_cache_max_size 1m;", "duplicate"),
    ("edge_cache_min_uses 0;", "from 1 to 100"),
    ("edge_cache_min_uses 101;", "from 1 to 100"),
    ("edge_cache_min_uses x;", "from 1 to 100"),
    ("edge_cache_min_uses 2; edge_cache_min_uses 2;", "duplicate"),
    ("edge_cache_tenant $nothing_of_that_name;", "nothing_of_that_name"),
    ("edge_cache_tenant a; edge_cache_tenant b;", "duplicate"),
    ("edge_cache_tenant;", "number of arguments"),
    ("edge_cache_host a; edge_cache_host b;", "duplicate"),
    ("edge_cache_key a; edge_cache_key b;", "duplicate"),
    ("edge_cache_key $nothing_of_that_name;", "nothing_of_that_name"),
    ("edge_cache_tags; ", "number of arguments"),
    ("edge_cache_tags $nothing_of_that_name;", "nothing_of_that_name"),
    ("edge_cache_tags a; edge_cache_tags b;", "duplicate"),
    ("edge_cache_bypass $nothing_of_that_name;", "nothing_of_that_name"),
    ("edge_cache_no_store;", "number of arguments"),
    ("edge_cache_label a; edge_cache_label b;", "duplicate"),
    ("edge_cache_label;", "number of arguments"),
    ("edge_cache_vary;", "number of arguments"),
    ("edge_cache_vary 'a b';", "edge_cache_vary"),
])
def test_locations(check, text, write):
    said = check(location=text)
    assert said and write in said
    # A variable nobody knows is nginx's own message.
    assert text.split()[0].rstrip(";") in said or "variable" in said


@pytest.mark.parametrize("name, text, write", [
    ("/edge", "edge_api;", "ends in /"), ("= /edge/", "edge_api;", "prefix"),
    ("/edge/", "edge_api; edge_api;", "duplicate"),
    ("/edge/", "edge_api on;", "token_file=FILE"),
    ("/edge/", "edge_api write=yes;", "write=on"),
    ("/edge/", "edge_api write=on;", "token_file=FILE"),
    ("/edge/", "edge_api write=on token_file=/nowhere/at/all;",
     "can be read"),
    ("/edge/", "edge_api write=on token_file=;", "can be read"),
    ("/edge/", "edge_api write=on token_file={short};", "16 characters"),
    ("/edge/", "edge_api write=on token_file={empty};", "{empty}"),
    ("/edge/", "edge_api write=on token_file={directory};", "{directory}"),
    ("~ ^/edge/", "edge_api;", "prefix"),
])
def test_edge_api(check, directory, name, text, write):
    files = {"short": directory / "short", "empty": directory / "empty",
             "directory": directory}
    files["short"].write_text("0123456789abcde\n")
    files["empty"].write_text("")
    said = check(server=f"location {name} {{ {text.format(**files)} }}")
    assert said and write.format(**files) in said
    assert "edge_api" in said


@pytest.mark.parametrize("http, location", [
    (ZONE, "edge_cache z;"),
    (ZONE + "edge_cache z; edge_cache_valid 1s;", "edge_cache off;"),
    ("edge_cache z;" + ZONE, ""),
    (ZONE, "edge_cache z; edge_cache_valid any 1500ms;"),
    (ZONE, "edge_cache z; edge_cache_cookies key a b;"),
    (ZONE, "edge_cache z; edge_cache_max_size 8m;"),
    (ZONE, "edge_cache z; edge_cache_tenant t;"
           "edge_cache_authorization tenant;"),
    ("edge_cache_zone z:1m selectors=64;", "edge_cache z;"),
])
def test_what_is_accepted(check, http, location):
    assert check(http=http, location=location) is None


def test_no_secret_is_in_a_message(check, directory):
    (directory / "short").write_text("sesame")
    said = check(server=f"""location /edge/ {{
        edge_api write=on token_file={directory}/short; }}""")
    assert "sesame" not in said
