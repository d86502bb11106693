#include "shm/pins.h"

#include <array>
#include <vector>

#include "cmocka.h"

using namespace edge::shm;

namespace {

constexpr OwnerSlot kAnn{1};
constexpr OwnerSlot kBob{255};

struct TestPins
{
    TestPins() { pins.restack(); }

    std::uint32_t available = 0;
    std::array<std::uint64_t, 4> words{};
    std::array<std::uint32_t, 4> stack{};
    Pins pins{&available, words, stack};
};

void a_pin_tells_owner_and_object(void **)
{
    TestPins test;
    const Pin pin = test.pins.take(kBob, 0xfffffffe);
    assert_int_equal(test.pins.available(), 3);
    const auto held = test.pins.at(pin.slot);
    assert_some(held);
    assert_true(held->owner == kBob);
    assert_int_equal(held->node, 0xfffffffe);
    assert_true(test.pins.check());
}

void block_0_of_owner_0_is_a_pin_like_others(void **)
{
    TestPins test;
    const Pin pin = test.pins.take(OwnerSlot{0}, 0);
    assert_true(test.pins.holds(pin));
    assert_true(test.pins.drop(pin));
    assert_none(test.pins.at(pin.slot));
    assert_int_equal(test.pins.available(), 4);
}

void a_pin_is_dropped_once(void **)
{
    TestPins test;
    const Pin pin = test.pins.take(kAnn, 7);
    assert_true(test.pins.drop(pin));
    assert_false(test.pins.drop(pin));
    assert_int_equal(test.pins.available(), 4);
    assert_true(test.pins.check());
}

void only_the_pin_that_is_held_is_dropped(void **)
{
    TestPins test;
    const Pin pin = test.pins.take(kAnn, 7);
    assert_false(test.pins.drop({pin.slot, 8, kAnn}));
    assert_false(test.pins.drop({pin.slot, 7, kBob}));
    assert_false(test.pins.drop({4, 7, kAnn}));
    assert_true(test.pins.holds(pin));
}

void all_pins_can_be_held_at_once(void **)
{
    TestPins test;
    for (Block block = 0; block < 4; block++) {
        test.pins.take(kAnn, block);
    }
    assert_int_equal(test.pins.available(), 0);
    assert_true(test.pins.check());
}

void restacking_finds_the_free_ones(void **)
{
    TestPins test;
    const Pin first = test.pins.take(kAnn, 1);
    const Pin second = test.pins.take(kBob, 2);
    test.stack.fill(99);
    test.available = 77;
    assert_false(test.pins.check());
    test.pins.forget(first.slot);
    test.pins.restack();
    assert_true(test.pins.check());
    assert_int_equal(test.pins.available(), 3);
    assert_true(test.pins.holds(second));
}

void a_word_of_another_form_is_no_pin(void **)
{
    TestPins test;
    const Pin pin = test.pins.take(kAnn, 7);
    test.words[pin.slot] |= std::uint64_t{1} << 50;
    assert_none(test.pins.at(pin.slot));
    assert_false(test.pins.drop(pin));
}

void an_owner_keeps_its_slot(void **)
{
    Owners::Table table{};
    Owners owners(&table);
    const auto slot = owners.claim(100, 5);
    assert_some(slot);
    assert_true(owners.claimed(*slot));
    assert_true(owners.claim(100, 5) == slot);
    assert_true(owners.claim(100, 6) != slot);
    owners.release(*slot);
    assert_false(owners.claimed(*slot));
}

void slots_are_used_again_and_run_out(void **)
{
    Owners::Table table{};
    Owners owners(&table);
    for (std::uint32_t pid = 1; pid <= Owners::kSlots; pid++) {
        assert_some(owners.claim(pid, 5));
    }
    assert_none(owners.claim(1000, 5));
    owners.release(OwnerSlot{200});
    assert_true(owners.claim(1000, 5) == OwnerSlot{200});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_tells_owner_and_object),
        cmocka_unit_test(block_0_of_owner_0_is_a_pin_like_others),
        cmocka_unit_test(a_pin_is_dropped_once),
        cmocka_unit_test(only_the_pin_that_is_held_is_dropped),
        cmocka_unit_test(all_pins_can_be_held_at_once),
        cmocka_unit_test(restacking_finds_the_free_ones),
        cmocka_unit_test(a_word_of_another_form_is_no_pin),
        cmocka_unit_test(an_owner_keeps_its_slot),
        cmocka_unit_test(slots_are_used_again_and_run_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
