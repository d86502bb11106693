#include "shm_zone.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

using namespace edge_test;

namespace {

constexpr std::size_t kMiB = 1024 * 1024;

struct TestTier
{
    explicit TestTier(std::size_t size = kMiB, std::uint32_t variants = 64)
        : zone(size, variants), tier(zone.attach()),
          ann(*tier.claim_owner(100, 1)), bob(*tier.claim_owner(200, 2))
    {
    }
    ~TestTier() { assert_true(tier.check()); }

    Zone zone;
    MemoryTier tier;
    OwnerSlot ann;
    OwnerSlot bob;
};

void what_was_stored_is_found(void **)
{
    TestTier t;
    assert_true(store(t.tier, spec_of(1, {300, 5000}), t.ann, 1));
    const auto object = find(t.tier, 1, t.bob);
    assert_some(object);
    assert_true(holds(*object, 1, {300, 5000}));
    assert_int_equal(object->body_size(), 5000);
    assert_none(find(t.tier, 2, t.bob));
    t.tier.unpin(object->pin());
}

void all_sizes_come_back_whole(void **)
{
    TestTier t;
    std::vector<std::size_t> sizes = {0, 1, 31, 32, 33, 127, 128, 129, 4096};
    for (std::size_t head : sizes) {
        for (std::size_t body : sizes) {
            assert_true(store(t.tier, spec_of(1, {head, body}), t.ann, 9));
            const auto object = find(t.tier, 1, t.ann);
            assert_some(object);
            assert_true(holds(*object, 9, {head, body}));
            t.tier.unpin(object->pin());
        }
    }
    assert_int_equal(t.tier.stats().objects, 1);
}

void a_reservation_is_not_found_before_it_is_published(void **)
{
    TestTier t;
    const auto made = reserve(t.tier, spec_of(1, {10, 10}), t.ann);
    const auto &reservation = std::get<Reservation>(made);
    assert_none(find(t.tier, 1, t.ann));
    assert_true(t.tier.publish(reservation.pin()));
    assert_true(hit(t.tier, 1, t.ann));
    assert_false(t.tier.publish(reservation.pin()));
    t.tier.unpin(reservation.pin());
    assert_true(hit(t.tier, 1, t.ann));
}

void a_reservation_that_is_unpinned_is_given_back(void **)
{
    TestTier t;
    const auto before = t.tier.stats().bytes;
    const auto made = reserve(t.tier, spec_of(1, {10, 50000}), t.ann);
    const Pin pin = std::get<Reservation>(made).pin();
    assert_true(t.tier.stats().bytes > before);
    t.tier.unpin(pin);
    assert_int_equal(t.tier.stats().bytes, before);
    assert_false(t.tier.publish(pin));
    t.tier.unpin(pin);
    assert_none(find(t.tier, 1, t.ann));
}

void publishing_replaces_and_the_old_bytes_stay_while_pinned(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {100, 1000}), t.ann, 1);
    const auto old = find(t.tier, 1, t.bob);
    store(t.tier, spec_of(1, {100, 2000}), t.ann, 2);
    assert_int_equal(t.tier.stats().objects, 1);
    assert_true(holds(*old, 1, {100, 1000}));
    const auto fresh = find(t.tier, 1, t.bob);
    assert_true(holds(*fresh, 2, {100, 2000}));
    assert_int_equal(t.tier.stats().pinned_objects, 2);
    t.tier.unpin(old->pin());
    t.tier.unpin(fresh->pin());
    assert_int_equal(t.tier.stats().pinned_objects, 0);
    assert_int_equal(t.tier.stats().pinned_bytes, 0);
}

void a_removed_object_is_freed_with_its_last_pin(void **)
{
    TestTier t;
    const auto empty = t.tier.stats().bytes;
    store(t.tier, spec_of(1, {100, 1000}), t.ann, 1);
    const auto first = find(t.tier, 1, t.ann);
    const auto second = find(t.tier, 1, t.bob);
    assert_true(t.tier.remove(hash_of(1)));
    assert_false(t.tier.remove(hash_of(1)));
    assert_none(find(t.tier, 1, t.ann));
    t.tier.unpin(first->pin());
    assert_true(holds(*second, 1, {100, 1000}));
    assert_true(t.tier.stats().bytes > empty);
    t.tier.unpin(second->pin());
    assert_int_equal(t.tier.stats().bytes, empty);
}

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

void an_expired_object_is_removed_when_it_is_looked_for(void **)
{
    TestTier t;
    ObjectSpec spec = spec_of(1, {10, 10});
    spec.expires = at(1000);
    store(t.tier, spec, t.ann, 1);
    const auto object = find(t.tier, 1, t.ann, at(999));
    assert_some(object);
    assert_true(object->expires() == at(1000));
    assert_true(t.tier.peek(hash_of(1), t.ann, at(1000)).index() == 1);
    assert_int_equal(t.tier.stats().objects, 1);
    assert_none(find(t.tier, 1, t.ann, at(1000)));
    assert_int_equal(t.tier.stats().objects, 0);
    assert_int_equal(t.tier.stats().expired, 1);
    assert_true(holds(*object, 1, {10, 10}));
    t.tier.unpin(object->pin());
}

void an_expired_object_is_evicted_even_when_visited(void **)
{
    TestTier t;
    ObjectSpec spec = spec_of(1, {100, 100000});
    spec.expires = at(1000);
    store(t.tier, spec, t.ann, 1);
    hit(t.tier, 1, t.ann);
    std::uint64_t name = 2;
    while (t.tier.stats().expired == 0) {
        assert_true(
            store(t.tier, spec_of(name++, {100, 1000}), t.ann, 1, at(2000)));
    }
    assert_int_equal(t.tier.stats().evicted_capacity, 0);
}

void the_generation_checked_last_is_kept_with_the_object(void **)
{
    TestTier t;
    ObjectSpec spec = spec_of(1, {10, 10});
    spec.checked = 7;
    store(t.tier, spec, t.ann, 1);
    const auto first = find(t.tier, 1, t.ann);
    const auto second = find(t.tier, 1, t.bob);
    assert_int_equal(first->checked(), 7);
    first->set_checked(9);
    assert_int_equal(second->checked(), 9);
    t.tier.unpin(first->pin());
    t.tier.unpin(second->pin());
}

void an_object_is_held_down_for_those_kinds_that_asked_in_vain(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 10}), t.ann, 1);
    const auto object = find(t.tier, 1, t.ann);
    const BootTime now{Millis(5000)};
    const BootTime later = now + Millis(1500);
    assert_false(object->is_held_down(0, now));

    object->hold_down(1, now, now + Millis(2000));
    assert_true(object->is_held_down(1, now + Millis(1999)));
    assert_false(object->is_held_down(1, now + Millis(2000)));
    assert_false(object->is_held_down(0, now));

    object->hold_down(3, later, later + Millis(2000));
    assert_true(object->is_held_down(1, now + Millis(2000)));
    assert_true(object->is_held_down(3, later));

    // Over: who failed then is not meant any more.
    object->hold_down(3, now + Millis(9000), now + Millis(9999));
    assert_false(object->is_held_down(1, now + Millis(9000)));
    t.tier.unpin(object->pin());
}

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

void clearing_leaves_what_is_pinned_to_those_who_pinned_it(void **)
{
    TestTier t;
    const auto empty = t.tier.stats().bytes;
    for (std::uint64_t name = 1; name < 100; name++) {
        store(t.tier, spec_of(name, {100, 3000}), t.ann, name);
    }
    const auto object = find(t.tier, 50, t.bob);
    const auto made = reserve(t.tier, spec_of(200, {100, 3000}), t.ann);
    const auto &reservation = std::get<Reservation>(made);
    t.tier.clear();
    assert_true(t.tier.check());
    assert_int_equal(t.tier.stats().objects, 0);
    assert_int_equal(t.tier.stats().pinned_objects, 2);
    for (std::uint64_t name = 300; name < 1000; name++) {
        store(t.tier, spec_of(name, {100, 3000}), t.ann, name);
    }
    assert_true(holds(*object, 50, {100, 3000}));
    fill(reservation, 200);
    assert_true(t.tier.publish(reservation.pin()));
    assert_true(hit(t.tier, 200, t.ann));
    t.tier.unpin(reservation.pin());
    t.tier.unpin(object->pin());
    t.tier.clear();
    assert_int_equal(t.tier.stats().bytes, empty);
}

void what_a_dead_owner_holds_is_released(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 10}), t.ann, 1);
    store(t.tier, spec_of(2, {10, 10}), t.ann, 2);
    const auto empty = t.tier.stats().bytes;
    const auto kept = find(t.tier, 1, t.ann);
    find(t.tier, 1, t.bob);
    find(t.tier, 2, t.bob);
    reserve(t.tier, spec_of(3, {10, 10000}), t.bob);
    const Owner bob = t.tier.owners()[static_cast<std::size_t>(t.bob)];
    assert_int_equal(bob.pid, 200);
    t.tier.release_owner(t.bob, {3, 200});
    assert_int_equal(t.tier.stats().pinned_objects, 3);
    t.tier.release_owner(t.bob, bob);
    assert_int_equal(t.tier.stats().pinned_objects, 1);
    assert_int_equal(t.tier.stats().bytes, empty);
    assert_true(t.tier.claim_owner(300, 3) == t.bob);
    t.tier.release_owner(t.bob, bob);
    assert_true(t.tier.claim_owner(300, 3) == t.bob);
    t.tier.unpin(kept->pin());
}

void another_process_attaches_at_another_address(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {100, 70000}), t.ann, 1);
    Zone copy(kMiB);
    std::memcpy(copy.bytes().data(), t.zone.bytes().data(), kMiB);
    MemoryTier tier = copy.attach();
    const auto object = find(tier, 1, t.bob);
    assert_true(holds(*object, 1, {100, 70000}));
    assert_true(tier.check());
}

void only_what_format_made_is_attached_to(void **)
{
    Zone zone(kMiB);
    const auto bytes = zone.bytes();
    assert_some(MemoryTier::attach(bytes));
    assert_none(MemoryTier::attach(bytes.first(kMiB / 2)));
    assert_none(MemoryTier::attach(bytes.subspan(8)));
    assert_none(MemoryTier::attach(bytes.first(100)));
    assert_false(MemoryTier::format(bytes.subspan(64), {}));
    assert_false(
        MemoryTier::format(bytes.first(MemoryTier::kMinimumSize - 1), {}));
    assert_some(MemoryTier::attach(bytes));
    bytes[0] ^= std::byte{1};
    assert_none(MemoryTier::attach(bytes));
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

std::vector<std::pair<std::uint64_t, std::uint32_t>> told(MemoryTier &tier)
{
    std::vector<std::pair<std::uint64_t, std::uint32_t>> uses;
    const auto add = [](void *to, const edge::cache::Used &used) {
        static_cast<decltype(uses) *>(to)->push_back(
            {used.hash.lo ^ 0x5bd1e9955bd1e995, used.uses});
    };
    const std::size_t half = tier.bucket_count() / 2;
    tier.tell_uses(0, half, add, &uses);
    tier.tell_uses(half, tier.bucket_count(), add, &uses);
    std::ranges::sort(uses);
    return uses;
}

void each_use_is_told_once(void **)
{
    TestTier t;
    for (std::uint64_t name = 1; name <= 4; name++) {
        ObjectSpec spec = spec_of(name, {10, 10});
        spec.is_counted = name != 4;
        assert_true(store(t.tier, spec, t.ann, 1));
        for (std::uint64_t i = 1; i < name; i++) {
            assert_true(hit(t.tier, name, t.ann));
        }
    }
    const auto peeked = t.tier.peek(hash_of(1), t.ann, at(0));
    t.tier.unpin(std::get<PinnedObject>(peeked).pin());
    const std::vector<std::pair<std::uint64_t, std::uint32_t>> twice_and_once =
        {{2, 1}, {3, 2}};
    assert_true(told(t.tier) == twice_and_once);
    assert_true(told(t.tier).empty());
}

void uses_outlive_a_replacement_and_have_an_end(void **)
{
    TestTier t;
    store(t.tier, spec_of(1, {10, 10}), t.ann, 1);
    for (int i = 0; i < 70000; i++) {
        hit(t.tier, 1, t.ann);
    }
    store(t.tier, spec_of(1, {10, 20}), t.ann, 2);
    const auto uses = told(t.tier);
    assert_int_equal(uses.size(), 1);
    assert_int_equal(uses[0].second, Node::kMostUses);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_stored_is_found),
        cmocka_unit_test(all_sizes_come_back_whole),
        cmocka_unit_test(a_reservation_is_not_found_before_it_is_published),
        cmocka_unit_test(a_reservation_that_is_unpinned_is_given_back),
        cmocka_unit_test(
            publishing_replaces_and_the_old_bytes_stay_while_pinned),
        cmocka_unit_test(a_removed_object_is_freed_with_its_last_pin),
        cmocka_unit_test(eviction_leaves_pinned_objects_alone),
        cmocka_unit_test(there_is_room_as_long_as_nothing_has_to_leave),
        cmocka_unit_test(all_memory_pinned_means_full_and_harms_nobody),
        cmocka_unit_test(an_object_over_half_of_the_zone_evicts_nothing),
        cmocka_unit_test(a_large_object_among_small_ones_takes_bounded_steps),
        cmocka_unit_test(no_free_pin_is_an_outcome_of_its_own),
        cmocka_unit_test(an_expired_object_is_removed_when_it_is_looked_for),
        cmocka_unit_test(an_expired_object_is_evicted_even_when_visited),
        cmocka_unit_test(the_generation_checked_last_is_kept_with_the_object),
        cmocka_unit_test(
            an_object_is_held_down_for_those_kinds_that_asked_in_vain),
        cmocka_unit_test(the_oldest_variant_leaves_when_there_are_too_many),
        cmocka_unit_test(replacing_a_variant_costs_no_other_one),
        cmocka_unit_test(removing_a_resource_removes_its_variants),
        cmocka_unit_test(
            variants_are_removed_also_without_the_resources_own_record),
        cmocka_unit_test(clearing_leaves_what_is_pinned_to_those_who_pinned_it),
        cmocka_unit_test(what_a_dead_owner_holds_is_released),
        cmocka_unit_test(another_process_attaches_at_another_address),
        cmocka_unit_test(only_what_format_made_is_attached_to),
        cmocka_unit_test(a_zone_of_any_size_uses_nearly_all_of_it),
        cmocka_unit_test(each_use_is_told_once),
        cmocka_unit_test(uses_outlive_a_replacement_and_have_an_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
