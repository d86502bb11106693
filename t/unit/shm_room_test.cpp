// Room in the memory tier: what leaves, and when there is none.
#include "shm_tier.h"

#include <vector>

using namespace edge_test;

namespace {

void eviction_leaves_pinned_objects_alone(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {100, 20000}), t.ann, 1);
    const auto object = find(t.tier, 1, t.bob);
    for (std::uint64_t name = 2; name < 500; name++) {
        assert_true(store(t.tier, spec_of(name, {100, 10000}), t.ann, name));
    }
    assert_true(holds(*object, 1, {100, 20000}));
    assert_true(hit(t.tier, 1, t.ann));
    assert_true(t.tier.stats().evicted_capacity > 300);
    t.tier.unpin(object->pin());
}

void there_is_room_as_long_as_nothing_has_to_leave(void **)
{
    TestTier t;
    std::uint64_t name = 1;
    for (; t.tier.has_room(100, 10000); name++) {
        assert_true(store(t.tier, spec_of(name, {100, 10000}), t.ann, name));
        assert_int_equal(t.tier.stats().evicted_capacity, 0);
    }
    assert_true(name > 50);
    assert_true(t.tier.has_room(10, 10));
    store(t.tier, spec_of(name, {100, 10000}), t.ann, name);
    assert_int_equal(t.tier.stats().evicted_capacity, 1);
    assert_false(t.tier.has_room(SIZE_MAX, SIZE_MAX));
}

void all_memory_pinned_means_full_and_harms_nobody(void **)
{
    TestTier t;
    std::vector<Pin> pins;
    for (std::uint64_t name = 1;; name++) {
        const auto made = reserve(t.tier, spec_of(name, {100, 50000}), t.ann);
        if (made.index() == 1) {
            assert_true(std::get<Refused>(made) == Refused::full);
            break;
        }
        pins.push_back(std::get<Reservation>(made).pin());
        assert_true(t.tier.publish(pins.back()));
    }
    assert_true(pins.size() > 15);
    assert_true(hit(t.tier, 1, t.bob));
    for (const Pin &pin : pins) {
        t.tier.unpin(pin);
    }
    assert_true(store(t.tier, spec_of(99, {100, 50000}), t.ann, 1));
}

void an_object_over_half_of_the_zone_evicts_nothing(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {100, 1000}), t.ann, 1);
    const std::size_t largest = t.tier.largest_object();
    assert_true(largest > kMiB * 45 / 100);
    for (const Size size : {Size{largest, 1}, Size{1, largest},
                            Size{SIZE_MAX, SIZE_MAX}, Size{0, SIZE_MAX}}) {
        const auto made = t.tier.reserve(spec_of(2, size), t.ann, at(0));
        assert_true(std::get<Refused>(made) == Refused::full);
    }
    assert_true(hit(t.tier, 1, t.ann));
    assert_true(store(t.tier, spec_of(3, {100, largest - 100}), t.ann, 3));
}

void a_large_object_among_small_ones_takes_bounded_steps(void **)
{
    TestTier t(4 * kMiB);
    for (std::uint64_t name = 1; name < 40000; name++) {
        store(t.tier, spec_of(name, {50, 50}), t.ann, name);
    }
    const auto before = t.tier.stats();
    auto made = t.tier.reserve(spec_of(1, {100, 1000000}), t.ann, at(0));
    assert_true(std::get<Refused>(made) == Refused::again);
    assert_true(t.tier.stats().objects >=
                before.objects - MemoryTier::kMaxEvictions);
    made = reserve(t.tier, spec_of(1, {100, 1000000}), t.ann);
    const auto &reservation = std::get<Reservation>(made);
    fill(reservation, 5);
    assert_true(holds(reservation.object(), 5, {100, 1000000}));
    t.tier.unpin(reservation.pin());
}

void no_free_pin_is_an_outcome_of_its_own(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 10}), t.ann, 1);
    std::vector<Pin> pins;
    while (const auto object = find(t.tier, 1, t.ann)) {
        pins.push_back(object->pin());
    }
    assert_int_equal(pins.size(), 1024);
    assert_true(std::get<Absent>(t.tier.find(hash_of(1), t.bob, at(0))) ==
                Absent::no_pin);
    assert_true(std::get<Absent>(t.tier.find(hash_of(2), t.bob, at(0))) ==
                Absent::missing);
    const auto made = t.tier.reserve(spec_of(3, {1, 1}), t.bob, at(0));
    assert_true(std::get<Refused>(made) == Refused::no_pin);
    for (const Pin &pin : pins) {
        t.tier.unpin(pin);
    }
    assert_int_equal(t.tier.stats().free_pins, 1024);
}

void a_zone_of_any_size_uses_nearly_all_of_it(void **)
{
    for (std::size_t size :
         {MemoryTier::kMinimumSize, kMiB, kMiB + 12345, 32 * kMiB}) {
        Zone zone(size);
        MemoryTier tier = zone.attach();
        assert_true(tier.check());
        const auto stats = tier.stats();
        assert_int_equal(stats.bytes, 0);
        assert_true(stats.capacity >= size * (size < kMiB ? 70 : 95) / 100);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(eviction_leaves_pinned_objects_alone),
        cmocka_unit_test(there_is_room_as_long_as_nothing_has_to_leave),
        cmocka_unit_test(all_memory_pinned_means_full_and_harms_nobody),
        cmocka_unit_test(an_object_over_half_of_the_zone_evicts_nothing),
        cmocka_unit_test(a_large_object_among_small_ones_takes_bounded_steps),
        cmocka_unit_test(no_free_pin_is_an_outcome_of_its_own),
        cmocka_unit_test(a_zone_of_any_size_uses_nearly_all_of_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
