#include "base/blocks.h"

#include <array>
#include <cstring>

#include "cmocka.h"

using edge::Blocks;

namespace {

void a_block_is_used_again_for_what_is_about_as_large(void **)
{
    Blocks blocks(2);
    void *block = blocks.take(65);
    std::memset(block, 'x', 65);
    blocks.give(block, 65);
    void *smaller = blocks.take(64);
    assert_ptr_not_equal(smaller, block);
    void *larger = blocks.take(128);
    assert_ptr_equal(larger, block);
    std::memset(larger, 'y', 128);
    blocks.give(larger, 128);
    blocks.give(smaller, 64);
}

void the_one_that_is_used_again_is_the_warmest(void **)
{
    Blocks blocks(2);
    void *older = blocks.take(100);
    void *newer = blocks.take(100);
    blocks.give(older, 100);
    blocks.give(newer, 100);
    assert_ptr_equal(blocks.take(100), newer);
    assert_ptr_equal(blocks.take(100), older);
    blocks.give(older, 100);
    blocks.give(newer, 100);
}

// What is not kept is freed: else there were leaks.
void no_more_than_so_many_are_kept(void **)
{
    for (const std::uint32_t kept : {0u, 2u}) {
        Blocks blocks(kept);
        std::array<void *, 4> taken;
        for (void *&block : taken) {
            block = blocks.take(1000);
        }
        for (void *block : taken) {
            blocks.give(block, 1000);
        }
        std::array<void *, 4> again;
        for (std::size_t i = 0; i < again.size(); i++) {
            again[i] = blocks.take(1000);
            if (i < kept) {
                assert_ptr_equal(again[i], taken[kept - 1 - i]);
            }
        }
        for (void *block : again) {
            blocks.give(block, 1000);
        }
    }
}

void sizes_at_the_ends(void **)
{
    Blocks blocks(1);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1},
                                   std::size_t{4096}, std::size_t{4097}}) {
        void *block = blocks.take(size);
        std::memset(block, 'x', size);
        blocks.give(block, size);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_used_again_for_what_is_about_as_large),
        cmocka_unit_test(the_one_that_is_used_again_is_the_warmest),
        cmocka_unit_test(no_more_than_so_many_are_kept),
        cmocka_unit_test(sizes_at_the_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
