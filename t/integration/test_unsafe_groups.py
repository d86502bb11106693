"""Groups of answers that an unsafe method invalidates (RFC 9875)."""

import pytest

from lib.cached import is_hit, verdict, write
from lib.fleet import version
from lib.origin import Reply
from lib.wait import wait_until


@pytest.fixture
def grouped(origin):
    """Everything is in the groups "products" and "shop"."""
    origin.headers = {"Cache-Control": "max-age=60",
                      "Cache-Groups": '"products", "shop"'}

    def invalidates(value, method="POST"):
        origin.on("/w", lambda request: Reply(
            headers={"Cache-Group-Invalidation": value}
            if request.method == method else origin.headers))
    origin.invalidates = invalidates
    return origin


def test_an_unsafe_method_invalidates_the_groups_it_names(cached, grouped):
    nginx = cached()
    version(nginx, "/a")
    version(nginx, "/b")
    grouped.invalidates('"other", "products"')
    write(nginx, "/w")
    assert not is_hit(nginx, "/a")
    assert not is_hit(nginx, "/b")


def test_a_safe_method_invalidates_no_group(cached, grouped):
    nginx = cached()
    version(nginx, "/a")
    grouped.invalidates('"products"', method="GET")
    nginx.get("/w")
    assert is_hit(nginx, "/a")


@pytest.mark.parametrize("value", ['"Products"', "products", '"products', ""])
def test_other_groups_and_malformed_fields_invalidate_nothing(
        cached, grouped, value):
    nginx = cached()
    version(nginx, "/a")
    grouped.invalidates(value)
    write(nginx, "/w")
    assert is_hit(nginx, "/a")


def test_groups_of_another_host_or_tenant_stay(cached, grouped):
    nginx = cached("edge_cache_tenant $http_x_tenant;")
    grouped.invalidates('"products"')
    others = [{"Host": "other", "X-Tenant": "a"}, {"X-Tenant": "b"}]
    for headers in others + [{"X-Tenant": "a"}]:
        nginx.get("/a", headers=headers)
    write(nginx, "/w", headers={"X-Tenant": "a"})
    assert verdict(nginx.get("/a", headers={"X-Tenant": "a"}))[0] == "MISS"
    for headers in others:
        assert verdict(nginx.get("/a", headers=headers))[0] == "HIT"


def test_groups_are_invalidated_on_all_instances(fleet, grouped):
    a, b = fleet.start(2)
    grouped.invalidates('"shop"')
    version(b, "/a")
    grouped.bump()
    write(a, "/w")
    wait_until(lambda: version(b, "/a") == grouped.version)


@pytest.mark.parametrize("status", [400, 503])
def test_an_unsafe_method_that_fails_invalidates_no_group(cached, grouped,
                                                          status):
    nginx = cached()
    version(nginx, "/a")
    grouped.on("/w", Reply(status, {"Cache-Group-Invalidation": '"shop"'}))
    write(nginx, "/w")
    assert is_hit(nginx, "/a")


def test_an_answer_may_be_in_32_groups_of_32_characters(cached, grouped):
    groups = [f"{i:032}" for i in range(32)]
    grouped.headers["Cache-Groups"] = ", ".join(f'"{g}"' for g in groups)
    nginx = cached()
    for group in groups[0], groups[31]:
        version(nginx, "/a")
        assert is_hit(nginx, "/a")
        grouped.invalidates(f'"{group}"')
        write(nginx, "/w")
        assert not is_hit(nginx, "/a")


# It used to be the first 256 that counted; later those that there was no room
# to remember did not.
@pytest.mark.parametrize("selectors", [1024, 64])
@pytest.mark.parametrize("others", ["after", "zoo"])
def test_any_number_of_groups_is_invalidated(cached, grouped, others,
                                             selectors):
    nginx = cached("proxy_buffer_size 16k; proxy_buffers 8 16k;",
                   zone=f"z:4m selectors={selectors}")
    version(nginx, "/a")
    version(nginx, "/w")
    groups = ["shop", *(f"{others}{i}" for i in range(1000))]
    grouped.invalidates(", ".join(f'"{group}"' for group in groups))
    write(nginx, "/w")
    assert not is_hit(nginx, "/a")
    assert not is_hit(nginx, "/w")


def test_parameters_of_groups_say_nothing(cached, grouped):
    grouped.headers["Cache-Groups"] = '"products";a=1;b="c"'
    nginx = cached()
    version(nginx, "/a")
    grouped.invalidates('"products";d=?0')
    write(nginx, "/w")
    assert not is_hit(nginx, "/a")


def test_what_a_group_takes_along_takes_no_other_group_along(cached, grouped):
    """RFC 9875 2.2.1: invalidation does not cascade."""
    nginx = cached()
    version(nginx, "/both")
    grouped.headers = {**grouped.headers, "Cache-Groups": '"shop"'}
    version(nginx, "/shop")
    grouped.invalidates('"products"')
    write(nginx, "/w")
    assert is_hit(nginx, "/shop")
    assert not is_hit(nginx, "/both")


@pytest.mark.parametrize("ignored", ["Cache-Group-Invalidation",
                                     "Cache-Groups"])
def test_a_location_may_have_no_part_in_groups(cached, grouped, ignored):
    """RFC 9875 5: where an authority is shared by people who do not trust one
    another."""
    nginx = cached(f"edge_cache_ignore_headers {ignored};")
    version(nginx, "/a")
    version(nginx, "/w")
    grouped.invalidates('"products"')
    write(nginx, "/w")
    assert is_hit(nginx, "/a")
    assert not is_hit(nginx, "/w")
