// Who makes room: what nobody asked for again, errors beyond their share, and
// tenants beyond theirs.

#include "shm_zone.h"

#include <map>
#include <random>

using namespace edge_test;

namespace {

using Random = std::minstd_rand;

constexpr std::size_t kMiB = 1024 * 1024;

class Cache
{
public:
    explicit Cache(Shares shares = {}, std::size_t size = 2 * kMiB)
        : zone_(size), tier_(zone_.attach()), owner_(*tier_.claim_owner(1, 1))
    {
        tier_.set_shares(shares);
    }
    ~Cache() { assert_true(tier_.check()); }

    // A request by that tenant: true when it was a hit. Names are its own.
    bool request(std::uint64_t tenant, std::uint64_t name,
                 bool is_negative = false, std::int64_t now = 0)
    {
        const std::uint64_t whole = tenant << 40 | name;
        if (hit(tier_, whole, owner_, at(now))) {
            return true;
        }
        ObjectSpec spec = spec_of(whole, {200, 600});
        spec.tenant = tenant;
        spec.is_negative = is_negative;
        spec.expires = at(now + lifetime);
        store(tier_, spec, owner_, 1, at(now));
        return false;
    }

    std::size_t hits(std::uint64_t tenant, std::uint64_t count)
    {
        std::size_t hits = 0;
        for (std::uint64_t name = 0; name < count; name++) {
            hits += request(tenant, name) ? 1 : 0;
        }
        return hits;
    }

    MemoryTierStats stats() const { return tier_.stats(); }
    const SegmentStats part(Segment segment) const
    {
        return stats().segments[static_cast<std::size_t>(segment)];
    }
    MemoryTier &tier() { return tier_; }
    OwnerSlot owner() const { return owner_; }

    std::int64_t lifetime = 1000000000;

private:
    Zone zone_;
    MemoryTier tier_;
    OwnerSlot owner_;
};

// How many of the cache's objects a zone holds.
std::uint64_t capacity()
{
    Cache cache;
    std::uint64_t name = 0;
    while (cache.stats().evicted_capacity == 0) {
        cache.request(1, name++);
    }
    return cache.stats().objects;
}

void what_is_asked_for_once_takes_a_tenth_from_what_is_in_use(void **)
{
    Cache cache;
    const std::uint64_t full = capacity();
    const std::uint64_t hot = full * 8 / 10;
    cache.hits(1, hot);
    cache.hits(1, hot);
    for (std::uint64_t name = 0; name < 20 * full; name++) {
        cache.request(1, 1000000 + name);
    }
    const SegmentStats probation = cache.part(Segment::probation);
    assert_true(probation.bytes * 100 <= 21 * cache.stats().capacity);
    assert_true(probation.evicted > 18 * full);
    assert_int_equal(cache.part(Segment::main).evicted, 0);
    assert_int_equal(cache.hits(1, hot), hot);
}

void what_comes_back_is_not_on_probation_again(void **)
{
    Cache cache;
    const std::uint64_t full = capacity();
    for (std::uint64_t name = 0; name <= full; name++) {
        cache.request(1, name);
    }
    assert_int_equal(cache.stats().evicted_capacity, 1);
    assert_false(cache.request(1, 0));
    assert_int_equal(cache.stats().readmitted, 1);
    assert_int_equal(cache.part(Segment::main).objects, 1);
}

void what_expires_and_is_fetched_again_stays_in_the_main_part(void **)
{
    Cache cache;
    cache.lifetime = 1000;
    cache.request(1, 7, false, 0);
    assert_false(cache.request(1, 7, false, 2000));
    assert_int_equal(cache.part(Segment::main).objects, 1);
}

void a_refresh_keeps_the_place_of_what_it_replaces(void **)
{
    Cache cache;
    store(cache.tier(), spec_of(1, {10, 10}), cache.owner(), 1);
    store(cache.tier(), spec_of(1, {10, 10}), cache.owner(), 2);
    assert_int_equal(cache.part(Segment::probation).objects, 1);
    hit(cache.tier(), 1, cache.owner());
    store(cache.tier(), spec_of(1, {10, 10}), cache.owner(), 3);
    assert_int_equal(cache.part(Segment::main).objects, 1);
    store(cache.tier(), spec_of(1, {10, 10}), cache.owner(), 4);
    assert_int_equal(cache.part(Segment::main).objects, 1);
    assert_int_equal(cache.stats().objects, 1);
}

void errors_have_a_small_part_of_their_own(void **)
{
    Cache cache({.negative = 5, .tenant = 100});
    const std::uint64_t full = capacity();
    const std::uint64_t good = full * 8 / 10;
    cache.hits(1, good);
    for (std::uint64_t name = 0; name < 10 * full; name++) {
        cache.request(1, 1000000 + name, true);
        cache.request(1, 1000000 + name, true);
    }
    const SegmentStats negative = cache.part(Segment::negative);
    // Together with what had been free.
    assert_true(negative.bytes * 100 <= 22 * cache.stats().capacity);
    assert_int_equal(negative.evicted, cache.stats().evicted_capacity);
    assert_int_equal(cache.hits(1, good), good);
    for (std::uint64_t name = good; name < 2 * full; name++) {
        cache.request(1, name);
    }
    assert_true(cache.part(Segment::negative).bytes * 100 <=
                6 * cache.stats().capacity);
}

void what_is_there_again_is_no_error_any_more(void **)
{
    Cache cache;
    ObjectSpec spec = spec_of(1, {10, 10});
    spec.is_negative = true;
    store(cache.tier(), spec, cache.owner(), 1);
    assert_int_equal(cache.part(Segment::negative).objects, 1);
    spec.is_negative = false;
    store(cache.tier(), spec, cache.owner(), 1);
    assert_int_equal(cache.part(Segment::negative).objects, 0);
    assert_int_equal(cache.part(Segment::probation).objects, 1);
}

// As much as a scan may be, everything in it is asked for again and again.
void a_tenant_over_its_share_evicts_nothing_but_its_own(void **)
{
    const std::uint64_t full = capacity();
    for (const std::uint32_t share : {25u, 50u}) {
        Cache cache({.negative = 5, .tenant = share});
        const std::uint64_t quiet = full * (95 - share) / 100;
        cache.hits(1, quiet);
        cache.hits(1, quiet);
        for (std::uint64_t name = 0; name < 10 * full; name++) {
            for (int times = 0; times < 3; times++) {
                cache.request(2, name);
            }
            // Seldom compared with the other's.
            if (name % 50 == 0) {
                cache.request(1, name / 50 % quiet);
            }
        }
        const std::size_t left = cache.hits(1, quiet);
        print_message("share %u %%: %.1f %% of the other's left\n", share,
                      100.0 * static_cast<double>(left) /
                          static_cast<double>(quiet));
        assert_true(left * 100 >= 90 * quiet);
        assert_true(cache.stats().evicted_by_share > 0);
    }
}

void without_others_a_tenant_has_all_of_it(void **)
{
    Cache cache({.negative = 5, .tenant = 10});
    const std::uint64_t full = capacity();
    for (int round = 0; round < 3; round++) {
        cache.hits(1, 2 * full);
    }
    assert_true(cache.stats().bytes * 100 >= 98 * cache.stats().capacity);
}

void what_others_left_to_expire_is_room_for_all(void **)
{
    Cache cache({.negative = 5, .tenant = 50});
    const std::uint64_t full = capacity();
    cache.lifetime = 1000;
    for (int round = 0; round < 2; round++) {
        for (std::uint64_t name = 0; name < full * 4 / 10; name++) {
            cache.request(1, name);
        }
    }
    cache.lifetime = 1000000000;
    for (int round = 0; round < 20; round++) {
        for (std::uint64_t name = 0; name < full * 8 / 10; name++) {
            cache.request(2, name, false, 2000);
        }
    }
    std::size_t hits = 0;
    for (std::uint64_t name = 0; name < full * 8 / 10; name++) {
        hits += cache.request(2, name, false, 2000) ? 1 : 0;
    }
    assert_int_equal(hits, full * 8 / 10);
}

void those_over_their_share_are_counted(void **)
{
    Cache cache({.negative = 5, .tenant = 50});
    const std::uint64_t full = capacity();
    assert_int_equal(cache.part(Segment::main).tenants_over_share, 0);
    for (int round = 0; round < 2; round++) {
        cache.hits(1, full * 4 / 10);
        cache.hits(2, full * 12 / 10);
    }
    assert_int_equal(cache.part(Segment::main).tenants_over_share, 1);
    cache.tier().set_shares({.negative = 5, .tenant = 100});
    assert_int_equal(cache.part(Segment::main).tenants_over_share, 0);
    cache.tier().set_shares({.negative = 5, .tenant = 10});
    assert_int_equal(cache.part(Segment::main).tenants_over_share, 2);
    cache.tier().clear();
    assert_int_equal(cache.part(Segment::main).tenants_over_share, 0);
}

// Together they have more than a share, and each has less.
void a_few_tenants_are_not_taken_for_each_other(void **)
{
    for (std::uint64_t tenant = 1; tenant < 100; tenant++) {
        Cache cache({.negative = 5, .tenant = 50}, kMiB);
        for (std::uint64_t name = 0; name < 1500; name++) {
            cache.request(tenant + name % 3, name);
            cache.request(tenant + name % 3, name);
        }
        assert_int_equal(cache.part(Segment::main).tenants_over_share, 0);
    }
}

// Clients that read slowly hold on to what was to make room.
void pinned_objects_on_probation_do_not_make_the_zone_full(void **)
{
    Cache cache({}, kMiB);
    std::vector<Pin> pins;
    for (std::uint64_t name = 0; name < 8; name++) {
        ObjectSpec spec = spec_of(1000 + name, {100, 40000});
        spec.is_negative = name % 2 == 0;
        assert_true(store(cache.tier(), spec, cache.owner(), 1));
        pins.push_back(
            find(cache.tier(), 1000 + name, cache.owner())->pin());
    }
    for (std::uint64_t name = 0; name < 3000; name++) {
        assert_true(
            store(cache.tier(), spec_of(name, {200, 600}), cache.owner(), 1));
    }
    for (const Pin &pin : pins) {
        cache.tier().unpin(pin);
    }
}

// Objects, errors and tenants of all sizes: parts and holdings agree.
void whatever_happens_the_counts_are_right(void **)
{
    Cache cache({.negative = 5, .tenant = 30}, kMiB / 4);
    Random random(3);
    std::vector<Pin> pins;
    for (int i = 0; i < 20000; i++) {
        const std::uint64_t name = random() % 300;
        ObjectSpec spec =
            spec_of(name, {random() % 200, random() % (1u << random() % 14)});
        spec.tenant = name % 5 == 0 ? 1 : random() % 20;
        spec.is_negative = random() % 4 == 0;
        spec.expires = at(i + static_cast<std::int64_t>(random() % 3000));
        if (random() % 2 == 0) {
            store(cache.tier(), spec, cache.owner(), 1, at(i));
        } else if (const auto object =
                       find(cache.tier(), name, cache.owner(), at(i))) {
            pins.push_back(object->pin());
        }
        while (pins.size() > 10) {
            std::swap(pins[random() % pins.size()], pins.back());
            cache.tier().unpin(pins.back());
            pins.pop_back();
        }
        if (i % 100 == 0) {
            assert_true(cache.tier().check());
        }
        if (i % 5000 == 0) {
            cache.tier().set_shares(
                {.negative = 1 + i / 1000u, .tenant = 10 + i / 500u});
        }
    }
    assert_true(cache.stats().evicted_capacity > 500);
    assert_true(cache.stats().evicted_by_share > 0);
    for (const Pin &pin : pins) {
        cache.tier().unpin(pin);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_asked_for_once_takes_a_tenth_from_what_is_in_use),
        cmocka_unit_test(what_comes_back_is_not_on_probation_again),
        cmocka_unit_test(
            what_expires_and_is_fetched_again_stays_in_the_main_part),
        cmocka_unit_test(a_refresh_keeps_the_place_of_what_it_replaces),
        cmocka_unit_test(errors_have_a_small_part_of_their_own),
        cmocka_unit_test(what_is_there_again_is_no_error_any_more),
        cmocka_unit_test(a_tenant_over_its_share_evicts_nothing_but_its_own),
        cmocka_unit_test(without_others_a_tenant_has_all_of_it),
        cmocka_unit_test(what_others_left_to_expire_is_room_for_all),
        cmocka_unit_test(those_over_their_share_are_counted),
        cmocka_unit_test(a_few_tenants_are_not_taken_for_each_other),
        cmocka_unit_test(
            pinned_objects_on_probation_do_not_make_the_zone_full),
        cmocka_unit_test(whatever_happens_the_counts_are_right),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
