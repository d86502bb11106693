#include "cmocka.h"

#include <cmath>
#include <map>
#include <random>

#include "limit/window.h"

using namespace edge::limit;

namespace {

constexpr Window kTen{10, 1e6};
constexpr Micros kBegin = 1.8e15; // of a window

// A whole number from 0 to `most`.
double any(std::mt19937 &random, double most)
{
    return static_cast<double>(random() % (static_cast<unsigned>(most) + 1));
}

Window any_window(std::mt19937 &random)
{
    return {1 + any(random, 49), 1e6 * (1 + any(random, 59))};
}

// The definition, word for word, over all that was ever admitted.
class Reference
{
public:
    explicit Reference(const Window &window) : window_(window) {}

    double used(Micros now) const
    {
        const double number = std::floor(now / window_.width);
        const double passed = now - number * window_.width;
        return of(number) + std::ceil(of(number - 1) *
                                      (window_.width - passed) / window_.width);
    }
    bool admit(Micros now, double units)
    {
        if (used(now) + units > window_.units) {
            return false;
        }
        admitted_[std::floor(now / window_.width)] += units;
        return true;
    }

private:
    double of(double number) const
    {
        const auto found = admitted_.find(number);
        return found == admitted_.end() ? 0 : found->second;
    }

    Window window_;
    std::map<double, double> admitted_;
};

bool admit(const Window &window, WindowCount &count, Micros now,
           std::uint64_t units)
{
    count = roll(window, count, now);
    if (remaining(window, count, now) < units) {
        return false;
    }
    count.used += static_cast<double>(units);
    return true;
}

void it_admits_exactly_what_the_definition_allows(void **)
{
    std::mt19937 random(1);
    for (int round = 0; round < 300; round++) {
        const Window window = any_window(random);
        Reference reference(window);
        WindowCount count;
        Micros now = kBegin;
        const double gap = 4 * window.width / window.units;
        for (int i = 0; i < 400; i++) {
            now += any(random, gap);
            const std::uint64_t units = 1 + random() % 3;
            assert_true(admit(window, count, now, units) ==
                        reference.admit(now, static_cast<double>(units)));
        }
    }
}

void who_waits_as_told_is_admitted_and_hardly_earlier(void **)
{
    std::mt19937 random(2);
    for (int round = 0; round < 2000; round++) {
        const Window window = any_window(random);
        const Micros now = kBegin + any(random, 1e8);
        WindowCount count = roll(window, {}, now);
        count.used = any(random, window.units);
        count.before = any(random, window.units);
        const auto units =
            static_cast<std::uint64_t>(1 + any(random, window.units - 1));
        const Micros wait = wait_for(window, count, now, units).value();

        WindowCount then = roll(window, count, now + wait);
        assert_true(remaining(window, then, now + wait) >= units);
        if (wait > 3) {
            then = roll(window, count, now + wait - 3);
            assert_true(remaining(window, then, now + wait - 3) < units);
        }
    }
}

void more_than_the_window_is_never_there(void **)
{
    assert_none(wait_for(kTen, roll(kTen, {}, kBegin), kBegin, 11));
    assert_some(wait_for(kTen, roll(kTen, {}, kBegin), kBegin, 10));
}

void a_window_that_was_overdrawn_pays_back(void **)
{
    const WindowCount overdrawn{kBegin, 15, 0};
    assert_int_equal(remaining(kTen, overdrawn, kBegin), 0);
    const Micros wait = wait_for(kTen, overdrawn, kBegin, 1).value();
    assert_true(wait > 1.3e6 && wait < 1.5e6);
}

void long_unused_is_empty(void **)
{
    const WindowCount old{kBegin, 10, 10};
    const WindowCount now = roll(kTen, old, kBegin + 2e6);
    assert_true(now == (WindowCount{kBegin + 2e6, 0, 0}));
}

void a_clock_that_went_back_over_a_beginning_forgets_nothing(void **)
{
    const WindowCount count{kBegin, 9, 0};
    const WindowCount back = roll(kTen, count, kBegin - 10);
    assert_true(back == count);
    assert_int_equal(remaining(kTen, back, kBegin - 10), 1);
    const WindowCount far = roll(kTen, count, kBegin - 3e6);
    assert_int_equal(remaining(kTen, far, kBegin - 3e6), 10);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_admits_exactly_what_the_definition_allows),
        cmocka_unit_test(who_waits_as_told_is_admitted_and_hardly_earlier),
        cmocka_unit_test(more_than_the_window_is_never_there),
        cmocka_unit_test(a_window_that_was_overdrawn_pays_back),
        cmocka_unit_test(long_unused_is_empty),
        cmocka_unit_test(
            a_clock_that_went_back_over_a_beginning_forgets_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
