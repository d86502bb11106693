#pragma once

// A memory tier with two owners.

#include "shm_zone.h"

namespace edge_test {

inline constexpr std::size_t kMiB = 1024 * 1024;

struct TestTier
{
    explicit TestTier(std::size_t size = kMiB, std::uint32_t variants = 64)
        : zone(size, variants), tier(zone.attach()),
          ann(*tier.claim_owner(100, 1)), bob(*tier.claim_owner(200, 2))
    {
    }
    ~TestTier() { assert_true(tier.check()); }

    // Bob reads what Ann fills in.
    PinnedObject share(const Reservation &made)
    {
        const auto object = tier.share(made.pin(), bob);
        assert_some(object);
        return *object;
    }

    Zone zone;
    MemoryTier tier;
    OwnerSlot ann;
    OwnerSlot bob;
};

} // namespace edge_test
