#include "cache/most_used.h"

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include "cmocka.h"

using namespace edge;
using namespace edge::cache;

namespace {

Used used(std::uint64_t number, std::uint32_t uses)
{
    return {{number, number}, {number, number}, uses};
}

void all_of_them_where_there_is_room(void **)
{
    MostUsed most(5);
    for (const std::uint32_t uses : {3u, 1u, 2u}) {
        most.add(used(uses, uses));
    }
    const auto taken = most.take();
    assert_int_equal(taken.size(), 3);
    for (std::size_t i = 0; i < taken.size(); i++) {
        assert_int_equal(taken[i].uses, 3 - i);
    }
    assert_true(most.take().empty());
}

void none_without_places(void **)
{
    MostUsed most(0);
    most.add(used(1, 1));
    assert_true(most.take().empty());
}

void of_many_the_same_as_by_sorting(void **)
{
    std::mt19937 random(1);
    MostUsed most(100);
    std::vector<std::uint32_t> all;
    for (std::uint64_t i = 0; i < 10'000; i++) {
        all.push_back(static_cast<std::uint32_t>(random() % 1000 + 1));
        most.add(used(i, all.back()));
    }
    std::ranges::sort(all, std::ranges::greater());
    const auto taken = most.take();
    assert_int_equal(taken.size(), 100);
    for (std::size_t i = 0; i < taken.size(); i++) {
        assert_int_equal(taken[i].uses, all[i]);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_of_them_where_there_is_room),
        cmocka_unit_test(none_without_places),
        cmocka_unit_test(of_many_the_same_as_by_sorting),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
