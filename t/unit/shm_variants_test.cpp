#include "shm_tier.h"

using namespace edge_test;

namespace {

void the_oldest_variant_leaves_when_there_are_too_many(void **)
{
    TestTier t(kMiB, 3);
    store(t.tier, spec_of(1, {10, 0}), t.ann, 1);
    store(t.tier, variant_of(2, 99, {10, 10}), t.ann, 1);
    for (std::uint64_t name = 10; name < 14; name++) {
        store(t.tier, variant_of(1, name, {10, 10}), t.ann, name);
    }
    assert_false(hit(t.tier, 10, t.ann));
    for (std::uint64_t name : {1u, 11u, 12u, 13u, 99u}) {
        assert_true(hit(t.tier, name, t.ann));
    }
    assert_int_equal(t.tier.stats().evicted_variants, 1);
}

void replacing_a_variant_costs_no_other_one(void **)
{
    TestTier t(kMiB, 3);
    for (std::uint64_t name : {10u, 11u, 12u, 12u, 10u, 11u}) {
        store(t.tier, variant_of(1, name, {10, 10}), t.ann, name);
    }
    assert_int_equal(t.tier.stats().objects, 3);
    assert_int_equal(t.tier.stats().evicted_variants, 0);
}

void removing_a_resource_removes_its_variants(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 0}), t.ann, 1);
    for (std::uint64_t name = 10; name < 20; name++) {
        store(t.tier, variant_of(1, name, {10, 10}), t.ann, name);
        store(t.tier, variant_of(2, name + 100, {10, 10}), t.ann, name);
    }
    t.tier.remove(hash_of(15));
    assert_int_equal(t.tier.remove_resource(hash_of(1)), 10);
    assert_int_equal(t.tier.remove_resource(hash_of(1)), 0);
    assert_int_equal(t.tier.stats().objects, 10);
    assert_int_equal(t.tier.remove_resource(hash_of(2)), 10);
}

void variants_are_removed_also_without_the_resources_own_record(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 0}), t.ann, 1);
    store(t.tier, variant_of(1, 10, {10, 10}), t.ann, 1);
    t.tier.remove(hash_of(1));
    assert_true(hit(t.tier, 10, t.ann));
    assert_int_equal(t.tier.remove_resource(hash_of(1)), 1);
    assert_false(hit(t.tier, 10, t.ann));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_variant_leaves_when_there_are_too_many),
        cmocka_unit_test(replacing_a_variant_costs_no_other_one),
        cmocka_unit_test(removing_a_resource_removes_its_variants),
        cmocka_unit_test(
            variants_are_removed_also_without_the_resources_own_record),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
