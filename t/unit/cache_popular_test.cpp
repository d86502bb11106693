#include "cache/popular.h"

#include <random>
#include <string>

#include "cmocka.h"

using namespace edge;
using namespace edge::cache;

namespace {

Hash128 name_of(std::uint64_t number)
{
    return {number, number * 0x9e3779b97f4a7c15};
}

void ask(Popular<std::uint64_t> &popular, std::uint64_t number,
         std::uint64_t random = 0)
{
    const Hash128 name = name_of(number);
    if (!popular.count(name) && popular.wants(random)) {
        popular.add(name, number, random);
    }
}

void the_most_asked_for_comes_first(void **)
{
    Popular<std::uint64_t> popular(10);
    for (std::uint64_t number = 1; number <= 5; number++) {
        for (std::uint64_t i = 0; i < 2 * number; i++) {
            ask(popular, number);
        }
    }
    const auto names = popular.by_count();
    assert_int_equal(names.size(), 5);
    for (std::size_t i = 0; i < names.size(); i++) {
        assert_true(names[i] == name_of(5 - i));
        assert_int_equal(*popular.find(names[i]), 5 - i);
    }
    assert_null(popular.find(name_of(6)));
}

// 50 hot ones among a flood of names that come once.
void a_flood_does_not_push_out_what_is_hot(void **)
{
    Popular<std::uint64_t> popular(200);
    std::mt19937_64 random(1);
    for (std::uint64_t i = 0; i < 300'000; i++) {
        ask(popular, random() % 2 == 0 ? random() % 50 : 1000 + i, random());
    }
    const auto names = popular.by_count();
    assert_int_equal(names.size(), 200);
    std::size_t hot = 0;
    for (std::size_t i = 0; i < 50; i++) {
        hot += *popular.find(names[i]) < 50;
    }
    assert_true(hot >= 48);
}

void what_was_hot_gives_way_in_time(void **)
{
    Popular<std::uint64_t> popular(100);
    std::mt19937_64 random(2);
    for (std::uint64_t era = 0; era < 3; era++) {
        for (std::uint64_t i = 0; i < 400'000; i++) {
            ask(popular, 1000 * era + random() % 50, random());
        }
    }
    const auto names = popular.by_count();
    for (std::size_t i = 0; i < 50; i++) {
        assert_true(*popular.find(names[i]) >= 2000);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_most_asked_for_comes_first),
        cmocka_unit_test(a_flood_does_not_push_out_what_is_hot),
        cmocka_unit_test(what_was_hot_gives_way_in_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
