#include "cmocka.h"

#include <cctype>
#include <cstring>

#include "limit/key.h"

using edge::HashSecret;
using edge::limit::Key;
using edge::limit::redis_key;

namespace {

std::string key_of(const Key &key)
{
    return redis_key("ec", key, HashSecret());
}

void a_key_is_prefix_format_tag_zone_and_value(void **)
{
    assert_sv_equal(key_of({"users", "alice", "acme"}),
                    "ec:l1:{acme}:users:alice");
}

void without_a_tag_the_value_is_the_tag(void **)
{
    assert_sv_equal(key_of({"addr", "192.0.2.1", ""}),
                    "ec:l1:{192.0.2.1}:addr:192.0.2.1");
}

void no_byte_of_a_user_goes_in_unencoded(void **)
{
    for (int byte = 0; byte < 256; byte++) {
        const char c = static_cast<char>(byte);
        const std::string key = key_of({"z", std::string(1, c), "t"});
        const std::string value =
            key.substr(std::string("ec:l1:{t}:z:").size());
        const bool plain = value.size() == 1 && value[0] == c;
        const bool harmless = isalnum(byte) || strchr("-._~", byte);
        assert_true(plain == (byte != 0 && harmless));
        assert_true(plain || (value.size() == 3 && value[0] == '%'));
    }
}

void braces_and_colons_cannot_move_the_parts(void **)
{
    assert_sv_equal(key_of({"z", "a:b", "}{"}), "ec:l1:{%7D%7B}:z:a%3Ab");
    assert_sv_equal(key_of({"z:a", "b", "t"}), "ec:l1:{t}:z%3Aa:b");
}

void a_part_of_more_than_64_bytes_is_hashed(void **)
{
    const std::string fits(64, 'a');
    const std::string longer(65, 'a');
    assert_sv_equal(key_of({"z", fits, "t"}), "ec:l1:{t}:z:" + fits);

    const std::string key = key_of({"z", longer, "t"});
    assert_int_equal(key.size(), std::string("ec:l1:{t}:z:#").size() + 32);
    assert_true(key != key_of({"z", longer + "a", "t"}));
    assert_true(key != redis_key("ec", {"z", longer, "t"}, HashSecret("s")));
}

void nobody_can_write_the_hash_of_another_s_key(void **)
{
    const std::string longer(65, 'a');
    const std::string key = key_of({"z", longer, "t"});
    const std::string hash = key.substr(key.rfind(':') + 1);
    assert_true(key_of({"z", hash, "t"}) != key);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_prefix_format_tag_zone_and_value),
        cmocka_unit_test(without_a_tag_the_value_is_the_tag),
        cmocka_unit_test(no_byte_of_a_user_goes_in_unencoded),
        cmocka_unit_test(braces_and_colons_cannot_move_the_parts),
        cmocka_unit_test(a_part_of_more_than_64_bytes_is_hashed),
        cmocka_unit_test(nobody_can_write_the_hash_of_another_s_key),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
