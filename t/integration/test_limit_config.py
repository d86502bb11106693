"""What `nginx -t` says of limits that are written wrong: the directive, the
value, and what to write instead."""

import pytest

from lib.conf import proxy_conf
from lib.nginx import Nginx

ZONE = "edge_limit_zone $arg_k zone=users:1m rate=1r/s;"
MONTHLY = "edge_limit_zone $arg_k zone=monthly:1m quota=9/month tz=-05:30;"
REDIS = "edge_redis main { server 127.0.0.1:6379; }"


@pytest.fixture
def check(tmp_path):
    """Returns what nginx said, or None when it liked the configuration."""
    nginx = Nginx(tmp_path / "check", "")

    def check_pieces(**pieces):
        code, said = nginx.check_config(
            proxy_conf(nginx.port, "127.0.0.1:1", **pieces))
        return said if code else None

    return check_pieces


@pytest.mark.parametrize("zone, words", [
    ("$arg_k zone=users:1m", ["rate=100r/s", "quota=10000/day"]),
    ("$arg_k zone=users:1m rate=1r/s quota=1/day", ["either rate="]),
    ("$arg_k zone=users:1m quota=5", ['"5"', "10000/day"]),
    ("$arg_k zone=users:1m quota=5/year", ['"5/year"', "1000000/month"]),
    ("$arg_k zone=users:1m quota=5/day tz=CET", ['"CET"', "+01:00"]),
    ("$arg_k zone=users:1m rate=5r/s tz=+01:00", ["tz=", "quota="]),
    ("$arg_k zone=users:1m quota=5/day burst=2", ["leave burst= out"]),
    ("$arg_k zone=users:1m rate=5r/s burst=2 algorithm=window",
     ["leave burst= out"]),
    ("$arg_k zone=users:1m rate=5r/s algorithm=log", ['"log"', '"window"']),
    ("$arg_k zone=users:1m quota=5/day algorithm=window",
     ["leave algorithm= out"]),
    ("$arg_k rate=1r/s", ["zone=NAME:SIZE"]),
    ("$arg_k zone=users rate=1r/s", ['"users"', "NAME:SIZE"]),
    ("$arg_k zone=a/b:1m rate=1r/s", ['"a/b:1m"', "letters"]),
    ("$arg_k zone=users:1k rate=1r/s", ['"users:1k"', "32k"]),
    ("$arg_k zone=users:1m rate=0r/s", ['"0r/s"', "100r/s"]),
    ("$arg_k zone=users:1m rate=5", ['"5"', "100r/s"]),
    ("$arg_k zone=users:1m rate=1r/s burst=0", ['"0"', "1000000000"]),
    ("$arg_k zone=users:1m rate=1r/d burst=1000", ["smaller burst"]),
    ("$arg_k zone=users:1m rate=1r/s redis=other", ["edge_redis other"]),
    ("$arg_k zone=users:1m rate=1r/s colour=red", ['"colour=red"', "tag="]),
])
def test_wrong_zone(check, zone, words):
    said = check(http=f"edge_limit_zone {zone};")
    assert "edge_limit_zone" in said
    for word in words:
        assert word in said


@pytest.mark.parametrize("limit, words", [
    ("cost=2", ["zone=NAME"]),
    ("zone=other", ["edge_limit_zone KEY zone=other:SIZE"]),
    ("zone=users cost=x", ['"x"', "2147483647"]),
    ("zone=users cost=2147483648", ['"2147483648"', "2147483647"]),
    ("zone=users rate=fast", ['"fast"', "100r/s"]),
    ("zone=users burst=0", ['"0"', "1000000000"]),
    ("zone=users rate=1r/d burst=1000", ["smaller burst"]),
    ("zone=users on=hit", ['"hit"', "on=miss"]),
    ("zone=users phase=access", ['"access"', "phase=preaccess"]),
    ("zone=users phase=preaccess on=miss", ["on=miss", "phase=preaccess"]),
    ("zone=users phase=preaccess on=response", ["on=response"]),
    ("zone=users sync=on", ['"on"', '"lease"']),
    ("zone=users sync=local", ["zone=users", "leave sync=local out"]),
    ("zone=users stale", ['"stale"', "on=miss"]),
    ("zone=users stale on=response", ['"stale"', "on=miss"]),
    ("zone=users sync=lease", ["zone=users", "redis=NAME"]),
    ("zone=users quota=5/day", ["zone=users", "leave quota= out"]),
    ("zone=monthly rate=5r/s", ["zone=monthly", "leave rate= out"]),
    ("zone=monthly burst=5", ["zone=monthly", "leave burst= out"]),
    ("zone=monthly quota=5", ['"5"', "10000/day"]),
    ("zone=users if", ['"if"', "if=VALUE"]),
])
def test_wrong_limit(check, limit, words):
    said = check(http=ZONE + MONTHLY, location=f"edge_limit {limit};")
    assert "edge_limit" in said
    for word in words:
        assert word in said


@pytest.mark.parametrize("directive, words", [
    ("edge_limit_status 200", ['"200"', "400 to 599"]),
    ("edge_limit_headers all", ['"all"', '"draft"', '"both"']),
    ("edge_limit_headers draft now", ['"now"', "reset=epoch"]),
    ("edge_limit_headers legacy reset=2030", ['"reset=2030"', "reset=delta"]),
    ("edge_limit_headers draft retry_after_jitter=10",
     ['"retry_after_jitter=10"', "0% to 100%"]),
    ("edge_limit_body problem type=text/plain", ['"type=text/plain"']),
    ("edge_limit_fallback shut", ['"shut"', '"closed"']),
    ("edge_limit_fallback local instances=0", ['"instances=0"', "10000"]),
    ("edge_limit_fallback local after=2s", ['"after=2s"', "1ms to 1s"]),
    ("edge_limit_fallback local until=2s", ['"until=2s"', "after=5ms"]),
    ("edge_limit_dry_run yes", ['"yes"', '"on"']),
    ("edge_limit_log_level alert", ['"alert"', '"notice"']),
])
def test_wrong_setting(check, directive, words):
    said = check(http=ZONE, location=f"{directive};")
    assert directive.split()[0] in said
    for word in words:
        assert word in said


@pytest.mark.parametrize("directive", [
    "edge_limit_status 429", "edge_limit_headers both", "edge_limit_body off",
    "edge_limit_fallback open", "edge_limit_dry_run on",
    "edge_limit_log_level info"])
def test_a_setting_is_written_once_on_a_level(check, directive):
    said = check(location=f"{directive}; {directive};")
    assert "duplicate" in said


def test_a_zone_is_made_once(check):
    assert "duplicate" in check(http=ZONE + ZONE)


def test_a_zone_is_used_once_on_a_level(check):
    said = check(http=ZONE, location="edge_limit zone=users;"
                                     "edge_limit zone=users cost=2;")
    assert '"users"' in said and "once" in said


def test_a_level_has_at_most_16_limits(check):
    zones = [f"edge_limit_zone $arg_k zone=z{i}:32k rate=1r/s;"
             for i in range(17)]
    limits = [f"edge_limit zone=z{i};" for i in range(17)]
    assert check(http="".join(zones), location="".join(limits[:16])) is None
    assert "16" in check(http="".join(zones), location="".join(limits))


def test_limits_of_one_level_are_decided_in_one_place(check):
    shared = ("edge_limit_zone $arg_k zone=shared:1m rate=1r/s redis=main;")
    said = check(http=REDIS + ZONE + shared,
                 location="edge_limit zone=users; edge_limit zone=shared;")
    assert "zone=shared" in said and "same redis=" in said


def test_limits_of_different_moments_are_decided_where_they_are(check):
    shared = ("edge_limit_zone $arg_k zone=shared:1m rate=1r/s redis=main;")
    assert check(http=REDIS + ZONE + shared,
                 location="edge_limit zone=users phase=preaccess;"
                          "edge_limit zone=shared;") is None


def test_leased_limits_stay_among_themselves(check):
    shared = "".join(f"edge_limit_zone $arg_k zone={name}:1m {rate} "
                     "redis=main;" for name, rate in
                     {"a": "rate=1r/s", "b": "rate=1r/s",
                      "w": "rate=1r/s algorithm=window"}.items())
    http = REDIS + shared
    assert check(http=http, location="edge_limit zone=a sync=lease;"
                                     "edge_limit zone=b sync=lease;") is None
    assert "sync=lease for all" in check(
        http=http, location="edge_limit zone=a sync=lease; edge_limit zone=b;")
    assert "windows cannot be leased" in check(
        http=http, location="edge_limit zone=w sync=lease;")
    assert "behind the answer" in check(
        http=http, location="edge_limit zone=a sync=lease on=response;")


def test_limits_that_ask_nobody_stay_among_themselves(check):
    shared = "".join(f"edge_limit_zone $arg_k zone={name}:1m rate=1r/s "
                     "redis=main;" for name in "ab")
    http = REDIS + ZONE + shared
    assert check(http=http, location="edge_limit zone=a sync=local;"
                                     "edge_limit zone=users;") is None
    assert "sync=local for all" in check(
        http=http, location="edge_limit zone=a sync=local; edge_limit zone=b;")


def test_blocks_may_stand_in_any_order(check):
    shared = ("edge_limit_zone $arg_k zone=shared:1m rate=1r/s redis=main;")
    assert check(http="edge_limit zone=shared;" + shared + REDIS) is None


def test_a_limit_zone_and_a_cache_zone_need_two_names(check):
    said = check(http=ZONE + "edge_cache_zone users:1m;")
    assert '"users"' in said and "different use" in said


def test_figures_may_have_variables(check):
    assert check(http=ZONE + MONTHLY,
                 location="edge_limit zone=users cost=$arg_c rate=$arg_r "
                          "burst=$arg_b if=$arg_i on=request dry_run;"
                          "edge_limit zone=monthly quota=$arg_q;") is None
