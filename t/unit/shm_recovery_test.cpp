// What recovery makes of a zone that holds anything.

#include "shm_random_spec.h"

using namespace edge_test;

namespace {

// Pins, objects and lists overwritten at random: what recovery makes of it is
// an empty zone that works.
void recovery_makes_a_valid_zone_of_random_bytes(void **)
{
    Zone zone(kZone, 4);
    MemoryTier tier = zone.attach();
    const OwnerSlot owner = *tier.claim_owner(1, 1);
    Random random(3);
    for (int round = 0; round < 300; round++) {
        for (std::uint64_t name = 1; name < 20; name++) {
            store(tier, random_spec(random, 1), owner, 1);
            find(tier, name, owner);
        }
        // Behind the header and the owners: half of the pins, all of the rest.
        const auto bytes = zone.bytes().subspan(8192);
        for (int i = 0; i < 2000; i++) {
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        }
        tier.recover();
        assert_true(tier.check());
        tier.release_owner(owner, {1, 1});
        assert_true(tier.check());
        assert_int_equal(tier.stats().bytes, 0);
        assert_true(tier.claim_owner(1, 1) == owner);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(recovery_makes_a_valid_zone_of_random_bytes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
