#include <random>
#include <set>
#include <string>
#include <vector>

#include "cmocka.h"

#include "cache/key.h"

using namespace edge;
using namespace edge::cache;

namespace {

std::string encode(const KeyParts &parts)
{
    std::string bytes(key_size(parts), '\0');
    write_key(parts, bytes.data());
    return bytes;
}

KeyParts usual()
{
    KeyParts parts;
    parts.zone = "api";
    parts.tenant = "acme";
    parts.method = "GET";
    parts.scheme = "https";
    parts.authority = "example.com";
    parts.target = "/p?x=1";
    return parts;
}

void every_part_tells_two_resources_apart(void **)
{
    std::set<std::string> keys = {encode(usual())};
    const auto add = [&keys](auto change) {
        KeyParts parts = usual();
        change(parts);
        assert_true(keys.insert(encode(parts)).second);
    };
    add([](KeyParts &p) { p.zone = "other"; });
    add([](KeyParts &p) { p.tenant = "other"; });
    add([](KeyParts &p) { p.tenant = ""; });
    add([](KeyParts &p) { p.method = "POST"; });
    add([](KeyParts &p) { p.scheme = "http"; });
    add([](KeyParts &p) { p.authority = "example.org"; });
    add([](KeyParts &p) { p.port = "8080"; });
    add([](KeyParts &p) { p.target = "/p?x=2"; });
    add([](KeyParts &p) { p.custom_target = true; });
    add([](KeyParts &p) { p.requested = "/q"; });
    add([](KeyParts &p) { p.redirect = "@q"; });
    add([](KeyParts &p) { p.credential = "present"; });
    add([](KeyParts &p) { p.cookies = "digest"; });
    add([](KeyParts &p) { p.fingerprint = 1; });
}

void no_bytes_can_be_moved_from_one_part_to_the_next(void **)
{
    KeyParts moved = usual();
    moved.tenant = "";
    moved.method = "acmeGET";
    assert_true(encode(moved) != encode(usual()));

    KeyParts long_tenant = usual();
    long_tenant.tenant = "/tenant";
    long_tenant.target = "/x";
    KeyParts long_target = usual();
    long_target.tenant = "";
    long_target.target = "/tenant/x";
    assert_true(encode(long_tenant) != encode(long_target));
}

// Short strings over few letters, where lengths decide.
void random_parts_never_have_the_same_bytes(void **)
{
    std::mt19937 random(1);
    const auto text = [&random] {
        std::string bytes(random() % 3, 'a');
        for (char &c : bytes) {
            c = static_cast<char>(random() % 2 ? '\0' : '\1');
        }
        return bytes;
    };
    std::set<std::vector<std::string>> seen;
    std::set<std::string> keys;
    for (int i = 0; i < 20000; i++) {
        const std::vector<std::string> all = {text(), text(), text(), text()};
        KeyParts parts;
        parts.tenant = all[0];
        parts.authority = all[1];
        parts.target = all[2];
        parts.credential = all[3];
        assert_true(seen.insert(all).second ==
                    keys.insert(encode(parts)).second);
    }
}

void a_redis_key_has_digests_in_braces_and_no_byte_of_a_request(void **)
{
    const Hash128 resource{0x0123456789abcdef, 0xfedcba9876543210};
    const Hash128 variant{1, 2};
    const std::string start = redis_key_start("ec", "api");
    assert_sv_equal(redis_key(start, resource, nullptr),
                    "ec:1:api:{0123456789abcdeffedcba9876543210}");
    assert_sv_equal(redis_key(start, resource, &variant),
                    "ec:1:api:{0123456789abcdeffedcba9876543210}:"
                    "00000000000000010000000000000002");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_part_tells_two_resources_apart),
        cmocka_unit_test(no_bytes_can_be_moved_from_one_part_to_the_next),
        cmocka_unit_test(random_parts_never_have_the_same_bytes),
        cmocka_unit_test(
            a_redis_key_has_digests_in_braces_and_no_byte_of_a_request),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
