// Keys that instances of any version have to find again.

#include "redis/slots.h"
#include "redis/zone_key.h"

#include "cmocka.h"

using namespace edge::redis;

namespace {

void a_key_names_the_zone_behind_the_prefix(void **)
{
    assert_sv_equal(zone_key("ec", "api", "{log}"), "ec:api:{log}");
    assert_sv_equal(zone_key("a:b", "z", "fills"), "a:b:z:fills");
}

void a_script_on_the_log_has_all_its_keys_in_one_slot(void **)
{
    assert_int_equal(key_slot(zone_key("ec", "api", "{log}")),
                     key_slot(zone_key("ec", "api", "{log}:members")));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_names_the_zone_behind_the_prefix),
        cmocka_unit_test(a_script_on_the_log_has_all_its_keys_in_one_slot),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
