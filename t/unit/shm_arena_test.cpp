#include "shm/arena.h"

#include <cstdlib>
#include <random>
#include <vector>

#include "cmocka.h"

using namespace edge::shm;

namespace {

// An arena in memory of its own.
struct TestArena
{
    explicit TestArena(std::uint32_t blocks)
        : marks(blocks), memory(static_cast<std::byte *>(std::aligned_alloc(
                             kBlockSize, blocks * kBlockSize))),
          arena(&state, marks, memory)
    {
        arena.forget();
        arena.free_rest();
    }
    ~TestArena() { std::free(memory); }
    TestArena(const TestArena &) = delete;
    TestArena &operator=(const TestArena &) = delete;

    Arena::State state;
    std::vector<std::uint8_t> marks;
    std::byte *memory;
    Arena arena;
};

void all_of_an_odd_number_of_blocks_is_usable(void **)
{
    for (std::uint32_t blocks : {1u, 2u, 3u, 7u, 100u, 1000u, 1023u}) {
        TestArena test(blocks);
        assert_int_equal(test.arena.free(), blocks);
        for (std::uint32_t i = 0; i < blocks; i++) {
            assert_int_equal(test.arena.take(1).count, 1);
            assert_true(test.arena.check());
        }
        assert_int_equal(test.arena.free(), 0);
        assert_int_equal(test.arena.extents_for(1, 1), 0);
    }
}

void a_run_is_as_long_as_wanted_and_not_a_power_of_two(void **)
{
    TestArena test(1024);
    const Extent run = test.arena.take(65);
    assert_int_equal(run.count, 65);
    assert_int_equal(test.arena.free(), 1024 - 65);
    assert_true(test.arena.check());
}

void what_is_given_back_merges_into_one_run(void **)
{
    TestArena test(1024);
    std::vector<Extent> runs;
    for (std::uint32_t count : {1u, 65u, 3u, 200u, 17u, 128u}) {
        runs.push_back(test.arena.take(count));
    }
    for (const Extent &run : runs) {
        test.arena.give(run);
        assert_true(test.arena.check());
    }
    assert_int_equal(test.arena.extents_for(1024, 1024), 1);
    assert_int_equal(test.arena.take(1024).count, 1024);
}

void part_of_a_run_may_be_given_back(void **)
{
    TestArena test(256);
    const Extent run = test.arena.take(200);
    test.arena.give({run.first + 50, 100});
    assert_true(test.arena.check());
    test.arena.give({run.first, 50});
    test.arena.give({run.first + 150, 50});
    assert_int_equal(test.arena.extents_for(256, 256), 1);
}

void scattered_free_blocks_serve_one_demand_in_several_runs(void **)
{
    TestArena test(64);
    for (int i = 0; i < 64; i++) {
        test.arena.take(1);
    }
    for (Block block = 0; block < 64; block += 8) {
        test.arena.give({block, 4});
    }
    assert_int_equal(test.arena.extents_for(4, 4), 1);
    assert_int_equal(test.arena.extents_for(10, 4), 3);
    assert_int_equal(test.arena.extents_for(10, 5), 0);
    assert_int_equal(test.arena.extents_for(32, 1), 8);
    assert_int_equal(test.arena.extents_for(33, 1), 0);
    assert_int_equal(test.arena.take(10).count, 4);
    assert_int_equal(test.arena.take(6).count, 4);
    assert_int_equal(test.arena.take(2).count, 2);
    assert_true(test.arena.check());
}

void no_more_runs_are_needed_than_announced(void **)
{
    std::mt19937 engine(1);
    const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
    TestArena test(3000);
    std::vector<Extent> held;
    for (int round = 0; round < 20000; round++) {
        if (random() % 2 == 0 && !held.empty()) {
            std::swap(held[random() % held.size()], held.back());
            test.arena.give(held.back());
            held.pop_back();
            continue;
        }
        std::uint32_t wanted = 1 + random() % (random() % 8 == 0 ? 600 : 12);
        const std::uint32_t first = 1 + random() % wanted;
        const unsigned announced = test.arena.extents_for(wanted, first);
        for (unsigned i = 0; i < announced && wanted > 0; i++) {
            held.push_back(test.arena.take(wanted));
            assert_true(i > 0 || held.back().count >= first);
            wanted -= held.back().count;
        }
        assert_true(announced == 0 || wanted == 0);
        assert_true(round % 50 != 0 || test.arena.check());
    }
    for (const Extent &run : held) {
        test.arena.give(run);
    }
    assert_true(test.arena.check());
    assert_int_equal(test.arena.free(), 3000);
}

// 9 blocks need a chunk of 16, and 7 of each would be lost.
void runs_of_any_one_size_fill_all_of_it(void **)
{
    for (std::uint32_t size = 1; size <= 40; size++) {
        TestArena test(4096);
        while (test.arena.has_run(size)) {
            assert_int_equal(test.arena.take(size).count, size);
        }
        assert_true(test.arena.check());
        assert_true(test.arena.free() < size);
    }
}

void a_hole_serves_again_what_was_there_before(void **)
{
    std::mt19937 random(7);
    for (std::uint32_t size : {2u, 3u, 5u, 9u, 17u, 31u, 33u}) {
        TestArena test(4096);
        std::vector<Extent> held;
        while (test.arena.has_run(size)) {
            held.push_back(test.arena.take(size));
        }
        for (int i = 0; i < 1000; i++) {
            Extent &run = held[random() % held.size()];
            test.arena.give(run);
            assert_true(test.arena.has_run(size));
            run = test.arena.take(size);
            assert_int_equal(run.count, size);
        }
        assert_true(test.arena.check());
    }
}

void rebuilding_frees_all_but_what_is_kept(void **)
{
    TestArena test(100);
    const Extent a[] = {{10, 5}, {50, 1}};
    const Extent b[] = {{99, 1}};
    test.arena.forget();
    assert_true(test.arena.keep(a));
    assert_true(test.arena.keep(b));
    assert_true(test.arena.kept_at(10));
    assert_false(test.arena.kept_at(50));
    test.arena.free_rest();
    assert_true(test.arena.check());
    assert_int_equal(test.arena.free(), 93);
    for (const Extent &run : {a[0], a[1], b[0]}) {
        test.arena.give(run);
    }
    assert_true(test.arena.check());
    assert_int_equal(test.arena.free(), 100);
}

void runs_outside_or_overlapping_are_not_kept(void **)
{
    TestArena test(100);
    test.arena.forget();
    const Extent kept[] = {{20, 10}};
    assert_true(test.arena.keep(kept));
    for (const Extent &wrong :
         {Extent{95, 6}, Extent{100, 1}, Extent{kNone, 1}, Extent{5, kNone},
          Extent{5, 0}, Extent{29, 1}, Extent{15, 6}}) {
        const Extent runs[] = {{40, 2}, wrong};
        assert_false(test.arena.keep(runs));
    }
    const Extent itself[] = {{40, 2}, {41, 2}};
    assert_false(test.arena.keep(itself));
    test.arena.free_rest();
    assert_true(test.arena.check());
    assert_int_equal(test.arena.free(), 90);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_of_an_odd_number_of_blocks_is_usable),
        cmocka_unit_test(a_run_is_as_long_as_wanted_and_not_a_power_of_two),
        cmocka_unit_test(what_is_given_back_merges_into_one_run),
        cmocka_unit_test(part_of_a_run_may_be_given_back),
        cmocka_unit_test(
            scattered_free_blocks_serve_one_demand_in_several_runs),
        cmocka_unit_test(no_more_runs_are_needed_than_announced),
        cmocka_unit_test(runs_of_any_one_size_fill_all_of_it),
        cmocka_unit_test(a_hole_serves_again_what_was_there_before),
        cmocka_unit_test(rebuilding_frees_all_but_what_is_kept),
        cmocka_unit_test(runs_outside_or_overlapping_are_not_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
