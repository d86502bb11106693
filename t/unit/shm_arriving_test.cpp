// Objects that are read while they are filled in.
#include "shm_tier.h"

#include <cstring>
#include <unistd.h>

#include <sys/wait.h>

#include <vector>

using namespace edge_test;

namespace {

constexpr Size kSize{300, 100'000};

// Ann fills it in, Bob reads it.
struct TestArrival : TestTier
{
    void arrive(std::size_t size) const
    {
        made.set_arrived({size, size == kSize.body});
    }

    PinnedObject read() { return share(made); }

    std::uint64_t empty = tier.stats().bytes;
    Reservation made =
        std::get<Reservation>(reserve(tier, spec_of(1, kSize), ann));
};

void as_much_is_read_as_has_arrived(void **)
{
    TestArrival t;
    const PinnedObject object = t.read();
    assert_true(*object.arrived() == Arrived());
    assert_none(find(t.tier, 1, t.bob));
    assert_true(t.tier.is_shared(t.made.pin()));
    t.arrive(4096);
    assert_true((*object.arrived() == Arrived{4096, false}));
    t.arrive(kSize.body);
    assert_true((*object.arrived() == Arrived{kSize.body, true}));
    t.tier.unpin(object.pin());
    assert_false(t.tier.is_shared(t.made.pin()));
    t.tier.unpin(t.made.pin());
    assert_false(t.tier.is_shared(t.made.pin()));
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void what_breaks_off_says_so(void **)
{
    TestArrival t;
    const PinnedObject object = t.read();
    t.arrive(4096);
    t.made.break_off();
    assert_none(object.arrived());
    t.tier.unpin(t.made.pin());
    // Its memory stays for who still reads it.
    assert_true(t.tier.stats().bytes > t.empty);
    t.tier.unpin(object.pin());
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void it_is_published_under_its_readers(void **)
{
    TestArrival t;
    const PinnedObject object = t.read();
    fill(t.made, 5);
    t.arrive(kSize.body);
    assert_true(t.tier.publish(t.made.pin()));
    t.tier.unpin(t.made.pin());
    assert_true(holds(object, 5, kSize));
    assert_true(hit(t.tier, 1, t.ann));
    t.tier.unpin(object.pin());
    assert_true(hit(t.tier, 1, t.ann));
}

void what_nobody_holds_is_not_shared(void **)
{
    TestArrival t;
    t.tier.unpin(t.made.pin());
    assert_false(t.tier.holds(t.made.pin()));
    assert_none(t.tier.share(t.made.pin(), t.bob));
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void without_a_free_pin_it_is_not_shared(void **)
{
    TestArrival t;
    std::vector<PinnedObject> all;
    while (const auto object = t.tier.share(t.made.pin(), t.bob)) {
        all.push_back(*object);
    }
    assert_int_equal(t.tier.stats().free_pins, 0);
    assert_int_equal(t.tier.stats().pinned_objects, 1);
    for (const PinnedObject &object : all) {
        t.tier.unpin(object.pin());
    }
    t.tier.unpin(t.made.pin());
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void a_reader_keeps_what_the_dead_were_filling_in(void **)
{
    TestArrival t;
    const PinnedObject object = t.read();
    fill(t.made, 5);
    t.arrive(4096);
    t.tier.release_owner(t.ann, {1, 100});
    assert_false(t.tier.holds(t.made.pin()));
    assert_false(t.tier.publish(t.made.pin()));
    assert_int_equal(object.arrived()->size, 4096);
    assert_true(holds(object, 5, kSize));
    assert_none(t.tier.share(t.made.pin(), t.bob));
    t.tier.unpin(object.pin());
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void a_reader_that_dies_takes_nothing_along(void **)
{
    TestArrival t;
    t.read();
    t.tier.release_owner(t.bob, {2, 200});
    assert_true(t.tier.holds(t.made.pin()));
    fill(t.made, 5);
    t.arrive(kSize.body);
    assert_true(t.tier.publish(t.made.pin()));
    t.tier.unpin(t.made.pin());
    assert_true(hit(t.tier, 1, t.ann));
}

void a_recovery_leaves_filler_and_readers_alone(void **)
{
    TestArrival t;
    const PinnedObject object = t.read();
    fill(t.made, 5);
    t.arrive(4096);
    t.tier.recover();
    assert_true(t.tier.check());
    assert_int_equal(object.arrived()->size, 4096);
    assert_true(t.tier.holds(t.made.pin()));
    // What is stored from now on is stored elsewhere.
    for (std::uint64_t name = 2; name < 200; name++) {
        store(t.tier, spec_of(name, {100, 20'000}), t.bob, name);
    }
    t.arrive(kSize.body);
    assert_true(holds(object, 5, kSize));
    assert_true(t.tier.publish(t.made.pin()));
    t.tier.unpin(t.made.pin());
    t.tier.unpin(object.pin());
    assert_true(hit(t.tier, 1, t.ann));
}

// The bytes are there before their number is: read by another process, in
// steps as they come.
void another_process_never_reads_ahead(void **)
{
    TestArrival t;
    const pid_t child = fork();
    if (child == 0) {
        std::size_t i = kSize.head;
        for (auto body = t.made.body(); auto piece = body.next();) {
            for (char &c : *piece) {
                c = byte_of(5, i++);
                t.arrive(i - kSize.head);
            }
        }
        _exit(0);
    }
    const PinnedObject object = t.read();
    auto pieces = object.arriving();
    for (std::size_t read = 0; read < kSize.body;) {
        pieces.add(object.arrived()->size - read);
        while (const auto piece = pieces.next()) {
            for (const char c : *piece) {
                assert_int_equal(c, byte_of(5, kSize.head + read));
                read++;
            }
        }
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    t.tier.unpin(object.pin());
    t.tier.unpin(t.made.pin());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(as_much_is_read_as_has_arrived),
        cmocka_unit_test(what_breaks_off_says_so),
        cmocka_unit_test(it_is_published_under_its_readers),
        cmocka_unit_test(what_nobody_holds_is_not_shared),
        cmocka_unit_test(without_a_free_pin_it_is_not_shared),
        cmocka_unit_test(a_reader_keeps_what_the_dead_were_filling_in),
        cmocka_unit_test(a_reader_that_dies_takes_nothing_along),
        cmocka_unit_test(a_recovery_leaves_filler_and_readers_alone),
        cmocka_unit_test(another_process_never_reads_ahead),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
