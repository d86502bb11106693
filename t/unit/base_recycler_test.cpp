#include "base/recycler.h"

#include <utility>

#include "cmocka.h"

using edge::Recycler;

namespace {

constexpr std::size_t kBlock = Recycler::kSmallest;

void a_block_is_used_again(void **)
{
    Recycler recycler(4 * kBlock);
    Recycler::Block block = recycler.take(kBlock + 1);
    const std::size_t block_size = block.size;
    assert_in_range(block_size, kBlock + 1, kBlock * 9 / 8);
    char *const memory = block.memory.get();
    memory[0] = memory[kBlock] = 'x';
    recycler.give(std::move(block));
    assert_int_equal(recycler.kept(), block_size);
    assert_ptr_equal(recycler.take(kBlock).memory.get(), memory);
    assert_int_equal(recycler.kept(), 0);
}

// Answers of nearly the same size took each other's blocks, and the largest
// found none that was large enough.
void sizes_that_hardly_differ_use_the_same_blocks_in_any_order(void **)
{
    constexpr std::size_t size = 20 * kBlock;
    Recycler recycler(64 * kBlock);
    Recycler::Block large = recycler.take(size);
    Recycler::Block small = recycler.take(size - 9);
    const char *const memory = small.memory.get();
    recycler.give(std::move(large));
    recycler.give(std::move(small));
    assert_ptr_equal(recycler.take(size).memory.get(), memory);
}

void the_one_that_is_used_again_is_the_warmest(void **)
{
    Recycler recycler(4 * kBlock);
    Recycler::Block older = recycler.take(kBlock);
    Recycler::Block newer = recycler.take(kBlock);
    char *const warm = newer.memory.get();
    recycler.give(std::move(older));
    recycler.give(std::move(newer));
    assert_ptr_equal(recycler.take(kBlock).memory.get(), warm);
}

void a_block_of_another_size_is_left_alone(void **)
{
    Recycler recycler(4 * kBlock);
    recycler.give(recycler.take(kBlock));
    assert_true(recycler.take(kBlock + 1).size > kBlock);
    assert_int_equal(recycler.kept(), kBlock);
    recycler.give(recycler.take(3 * kBlock));
    assert_true(recycler.take(3 * kBlock / 2 - 1).size < 3 * kBlock);
    assert_int_equal(recycler.kept(), 4 * kBlock);
}

void no_more_than_the_bound_is_kept_and_the_oldest_go_first(void **)
{
    Recycler recycler(4 * kBlock);
    Recycler::Block blocks[] = {recycler.take(kBlock), recycler.take(kBlock),
                                recycler.take(kBlock)};
    char *const last = blocks[2].memory.get();
    for (Recycler::Block &block : blocks) {
        recycler.give(std::move(block));
    }
    assert_int_equal(recycler.kept(), 3 * kBlock);
    recycler.give(recycler.take(3 * kBlock));
    assert_int_equal(recycler.kept(), 4 * kBlock);
    assert_ptr_equal(recycler.take(kBlock).memory.get(), last);
}

void what_is_larger_than_the_bound_is_not_kept(void **)
{
    Recycler recycler(4 * kBlock);
    recycler.give(recycler.take(kBlock));
    recycler.give(recycler.take(5 * kBlock));
    assert_int_equal(recycler.kept(), kBlock);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_used_again),
        cmocka_unit_test(
            sizes_that_hardly_differ_use_the_same_blocks_in_any_order),
        cmocka_unit_test(the_one_that_is_used_again_is_the_warmest),
        cmocka_unit_test(a_block_of_another_size_is_left_alone),
        cmocka_unit_test(
            no_more_than_the_bound_is_kept_and_the_oldest_go_first),
        cmocka_unit_test(what_is_larger_than_the_bound_is_not_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
