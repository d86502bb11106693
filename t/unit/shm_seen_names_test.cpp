#include <vector>

#include "base/hash.h"
#include "shm/seen_names.h"

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

std::uint64_t name_of(std::uint64_t i)
{
    return hash64(std::to_string(i), 1);
}

void what_was_added_is_always_found(void **)
{
    std::vector<std::uint64_t> words(1024);
    SeenNames seen(words);
    for (std::uint64_t i = 0; i < 100'000; i++) {
        seen.add(name_of(i));
    }
    for (std::uint64_t i = 0; i < 100'000; i++) {
        assert_true(seen.contains(name_of(i)));
    }
}

// As many names as bytes: at most 3 of 100 others are taken for one of them.
void what_was_not_added_is_seldom_found(void **)
{
    std::vector<std::uint64_t> words(1024);
    SeenNames seen(words);
    assert_false(seen.contains(name_of(1)));
    for (std::uint64_t i = 0; i < 8192; i++) {
        seen.add(name_of(i));
    }
    unsigned mistaken = 0;
    for (std::uint64_t i = 0; i < 10'000; i++) {
        mistaken += seen.contains(name_of(1'000'000 + i));
    }
    assert_true(mistaken < 300);
}

void one_word_is_enough_and_small_numbers_are_names(void **)
{
    std::uint64_t word = 0;
    SeenNames seen({&word, 1});
    assert_false(seen.contains(0));
    seen.add(0);
    assert_true(seen.contains(0));
    SeenNames another({&word, 1});
    assert_true(another.contains(0));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_always_found),
        cmocka_unit_test(what_was_not_added_is_seldom_found),
        cmocka_unit_test(one_word_is_enough_and_small_numbers_are_names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
