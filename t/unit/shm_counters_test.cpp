#include <memory>
#include <string>

#include "cmocka.h"

#include "shm/counters.h"

using namespace edge;
using namespace edge::shm;

namespace {

void a_label_keeps_its_slot(void **)
{
    const auto counters = std::make_unique<Counters>();
    const std::size_t first = counters->claim_label("/api/");
    const std::size_t second = counters->claim_label("/other/");
    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    assert_int_equal(counters->claim_label("/api/"), first);
    assert_sv_equal(counters->labels[second].label(), "/other/");
}

void labels_without_a_slot_share_slot_0(void **)
{
    const auto counters = std::make_unique<Counters>();
    for (std::size_t i = 1; i < Counters::max_labels; i++) {
        assert_int_equal(counters->claim_label(std::to_string(i)), i);
    }
    assert_int_equal(counters->claim_label("one more"), 0);
    assert_int_equal(counters->claim_label("7"), 7);
}

void a_long_label_is_cut_and_found_again(void **)
{
    const auto counters = std::make_unique<Counters>();
    const std::string name(200, 'x');
    const std::size_t slot = counters->claim_label(name);
    assert_int_equal(counters->labels[slot].label().size(),
                     LabelCounters::max_name);
    assert_int_equal(counters->claim_label(name), slot);
}

void a_duration_falls_into_the_first_bucket_that_holds_it(void **)
{
    Histogram histogram;
    histogram.observe(0);
    histogram.observe(1);
    histogram.observe(2);
    histogram.observe(3);
    histogram.observe(2'000'000);
    histogram.observe(-5);
    assert_int_equal(histogram.count(0), 3);
    assert_int_equal(histogram.count(1), 1);
    assert_int_equal(histogram.count(2), 1);
    assert_int_equal(histogram.count(Histogram::bounds.size()), 1);
    assert_int_equal(histogram.sum_micros(), 2'000'006);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_label_keeps_its_slot),
        cmocka_unit_test(labels_without_a_slot_share_slot_0),
        cmocka_unit_test(a_long_label_is_cut_and_found_again),
        cmocka_unit_test(a_duration_falls_into_the_first_bucket_that_holds_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
