#include "shm_tier.h"

#include <cstring>
#include <vector>

using namespace edge_test;

namespace {

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
        cmocka_unit_test(an_expired_object_is_removed_when_it_is_looked_for),
        cmocka_unit_test(an_expired_object_is_evicted_even_when_visited),
        cmocka_unit_test(the_generation_checked_last_is_kept_with_the_object),
        cmocka_unit_test(
            an_object_is_held_down_for_those_kinds_that_asked_in_vain),
        cmocka_unit_test(clearing_leaves_what_is_pinned_to_those_who_pinned_it),
        cmocka_unit_test(what_a_dead_owner_holds_is_released),
        cmocka_unit_test(another_process_attaches_at_another_address),
        cmocka_unit_test(only_what_format_made_is_attached_to),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
