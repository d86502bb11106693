#include "generations_memory.h"

using namespace edge_test;

namespace {

constexpr Nonce kOld = 11;
constexpr Nonce kNew = 22;

struct Case
{
    Record record;
    Progress progress;
    bool expected;
};

void check(std::initializer_list<Case> cases)
{
    std::size_t i = 0;
    for (const Case &one : cases) {
        if (follows(one.record, one.progress) != one.expected) {
            print_error("case %zu\n", i);
        }
        assert_int_equal(follows(one.record, one.progress), one.expected);
        i++;
    }
}

const Progress kAtFive{place(kOld, 3, 5), true};

void within_an_epoch_the_next_sequence_follows(void **)
{
    check({
        {purge_record(place(kOld, 3, 6), 1), kAtFive, true},
        {purge_record(place(kOld, 3, 6), 1), {kAtFive.applied, false}, true},
        {purge_record(place(kOld, 3, 5), 1), kAtFive, false},
        {purge_record(place(kOld, 3, 7), 1), kAtFive, false},
        {purge_record(place(kNew, 3, 6), 1), kAtFive, false},
        {purge_record(place(kNew, 4, 1), 1), kAtFive, false},
        {purge_record(place(0, 0, 1), 1), {}, false},
    });
}

void an_epoch_follows_the_record_it_was_put_after(void **)
{
    const auto begins_after = [](const Position &after) {
        return epoch_record(place(kNew, 4, 1), after);
    };
    check({
        {begins_after(place(kOld, 3, 5)), kAtFive, true},
        // The log has lost 3-5, which was applied here.
        {begins_after(place(kOld, 3, 4)), kAtFive, true},
        // 3-6 was never seen here.
        {begins_after(place(kOld, 3, 6)), kAtFive, false},
        {begins_after(place(kNew, 3, 5)), kAtFive, false},
        {begins_after(place(kOld, 3, 5)), {kAtFive.applied, false}, false},
        {begins_after(place(kOld, 3, 5)), {}, false},
    });
}

void an_epoch_without_a_log_follows_when_none_can_be_in_between(void **)
{
    check({
        {epoch_record(place(kNew, 4, 1), {}), kAtFive, true},
        {epoch_record(place(kNew, 5, 1), {}), kAtFive, false},
        {epoch_record(place(kNew, 3, 1), {}), kAtFive, false},
        {epoch_record(place(kNew, 2, 1), {}), kAtFive, false},
    });
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(within_an_epoch_the_next_sequence_follows),
        cmocka_unit_test(an_epoch_follows_the_record_it_was_put_after),
        cmocka_unit_test(
            an_epoch_without_a_log_follows_when_none_can_be_in_between),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
