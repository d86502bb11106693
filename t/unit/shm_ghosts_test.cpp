#include <vector>

#include "shm/ghosts.h"
#include "shm_zone.h"

using namespace edge_test;

namespace {

void nobody_is_known_at_first(void **)
{
    std::vector<Ghosts::Set> sets(4, Ghosts::Set{});
    const Ghosts ghosts(sets);
    for (std::uint64_t name = 0; name < 1000; name++) {
        assert_false(ghosts.contains(hash_of(name)));
    }
    assert_false(ghosts.contains({0, 0}));
}

void the_oldest_name_of_a_set_is_forgotten(void **)
{
    std::vector<Ghosts::Set> sets(1, Ghosts::Set{});
    Ghosts ghosts(sets);
    const std::uint64_t room = sets[0].names.size();
    for (std::uint64_t name = 0; name <= room; name++) {
        ghosts.add({0, 2 * name});
    }
    assert_false(ghosts.contains({0, 0}));
    for (std::uint64_t name = 1; name <= room; name++) {
        assert_true(ghosts.contains({0, 2 * name}));
    }
}

void a_name_that_is_added_again_is_new_again(void **)
{
    std::vector<Ghosts::Set> sets(1, Ghosts::Set{});
    Ghosts ghosts(sets);
    const std::uint64_t room = sets[0].names.size();
    for (std::uint64_t name = 0; name < room; name++) {
        ghosts.add({0, 2 * name});
    }
    ghosts.add({0, 0});
    ghosts.add({0, 2 * room});
    assert_true(ghosts.contains({0, 0}));
    assert_false(ghosts.contains({0, 2}));
    assert_true(ghosts.contains({0, 4}));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_known_at_first),
        cmocka_unit_test(the_oldest_name_of_a_set_is_forgotten),
        cmocka_unit_test(a_name_that_is_added_again_is_new_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
