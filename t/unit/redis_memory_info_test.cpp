// INFO memory, and which policies hurt a cache.

#include "redis/memory_info.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;

namespace {

constexpr std::string_view kInfo =
    "# Memory\r\nused_memory:874352\r\nused_memory_human:853.86K\r\n"
    "used_memory_rss:8126464\r\nmaxmemory:104857600\r\n"
    "maxmemory_human:100.00M\r\nmaxmemory_policy:allkeys-lru\r\n";

void the_lines_that_count_are_found(void **)
{
    const auto info = parse_memory_info(kInfo);
    assert_int_equal(info->used, 874352);
    assert_int_equal(info->maximum, 104857600);
    assert_true(info->policy == EvictionPolicy::allkeys_lru);
}

void what_is_no_such_text_is_none(void **)
{
    for (const char *text :
         {"", "used_memory", "used_memory:1", "used_memory:x\r\nmaxmemory:1",
          "xused_memory:1\nmaxmemory:1", "used_memory:-1\nmaxmemory:0"}) {
        assert_none(parse_memory_info(text));
    }
}

void a_policy_nobody_knows_has_no_other_name(void **)
{
    const auto info = parse_memory_info("used_memory:1\nmaxmemory:1\n"
                                        "maxmemory_policy:\"x\ny\"\n");
    assert_sv_equal(policy_name(info->policy), "unknown");
}

struct Policy
{
    const char *name;
    bool hurts;
};

constexpr Policy kPolicies[] = {
    {"noeviction", true},      {"allkeys-lru", false},  {"allkeys-lfu", false},
    {"allkeys-random", true},  {"volatile-lru", false}, {"volatile-lfu", false},
    {"volatile-random", true}, {"volatile-ttl", false},
};

void a_policy_that_hurts_is_told(void **)
{
    for (const Policy &policy : kPolicies) {
        for (const char *maximum : {"0", "1"}) {
            const auto info = parse_memory_info(
                std::string("used_memory:1\nmaxmemory:") + maximum +
                "\nmaxmemory_policy:" + policy.name + "\n");
            assert_sv_equal(policy_name(info->policy), policy.name);
            const bool may_evict = *maximum != '0';
            assert_true(policy_warning(*info).empty() !=
                        (policy.hurts && may_evict));
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_that_count_are_found),
        cmocka_unit_test(what_is_no_such_text_is_none),
        cmocka_unit_test(a_policy_nobody_knows_has_no_other_name),
        cmocka_unit_test(a_policy_that_hurts_is_told),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
