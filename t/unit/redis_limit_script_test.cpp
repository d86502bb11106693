#include "cmocka.h"

#include <limits>
#include <vector>

#include "redis/limit_script.h"

using namespace edge::redis;

namespace {

const std::vector<ScriptLimit> kTwo = {
    {"ec:l1:{a}:x:a", LimitKind::bucket, 10'000, 50'000, 1, false},
    {"ec:l1:{a}:y:a", LimitKind::bucket, 3333.5, 3333.5, 7, true},
};

Reply integer(std::int64_t number)
{
    return {ReplyType::integer, {}, number, {}};
}

std::vector<Reply> integers(std::initializer_list<std::int64_t> numbers)
{
    std::vector<Reply> parts;
    for (const std::int64_t number : numbers) {
        parts.push_back(integer(number));
    }
    return parts;
}

std::optional<LimitAnswer> parse(std::vector<Reply> parts)
{
    return parse_limit_answer({ReplyType::array, {}, 0, parts}, kTwo, 1);
}

void the_arguments_are_those_the_script_reads(void **)
{
    const LimitCall call(kTwo, 1, 0);
    const ScriptCall parts = call.call();
    assert_ptr_equal(parts.script, &kLimitScript);
    assert_int_equal(parts.keys.size(), 2);
    assert_sv_equal(parts.keys[1], "ec:l1:{a}:y:a");

    std::string all;
    for (const std::string_view argument : parts.arguments) {
        all.append(argument).append(" ");
    }
    assert_sv_equal(all, "1 0 g 10000 50000 1 G 3333.5 3333.5 7 ");
}

void every_kind_has_a_letter_and_its_dry_run_a_large_one(void **)
{
    std::vector<ScriptLimit> limits;
    for (const bool dry_run : {false, true}) {
        for (const auto kind :
             {LimitKind::bucket, LimitKind::window, LimitKind::hour,
              LimitKind::day, LimitKind::week, LimitKind::month}) {
            limits.push_back({"k", kind, 5, -3600, kLook, dry_run});
        }
    }
    const LimitCall call(limits, kDebit, 0);
    std::string letters;
    const auto arguments = call.call().arguments;
    for (std::size_t i = 2; i < arguments.size(); i += 4) {
        letters += arguments[i];
        assert_sv_equal(arguments[i + 2], "-3600");
        assert_sv_equal(arguments[i + 3], "-1");
    }
    assert_sv_equal(letters, "gwhdkmGWHDKM");
    assert_sv_equal(arguments[0], "-1");
}

void an_answer_tells_what_was_charged_besides(void **)
{
    std::vector<ScriptLimit> limits = kTwo;
    limits[1].extra = 50;
    const auto answer = [&](std::initializer_list<std::int64_t> numbers) {
        auto parts = integers(numbers);
        return parse_limit_answer({ReplyType::array, {}, 0, parts}, limits, 1);
    };
    const auto good = answer({1, 0, 4, 10'000, 0, 0, 50});
    assert_some(good);
    assert_int_equal(good->extras[0], 0);
    assert_int_equal(good->extras[1], 50);
    assert_none(answer({1, 0, 4, 10'000, 0, 0, 51}));
    assert_none(answer({1, 0, 4, 10'000, 0, 0, -1}));
    assert_none(answer({1, 0, 4, 10'000, 0, 0}));

    const LimitCall call(limits, 1, 0);
    const auto arguments = call.call().arguments;
    assert_sv_equal(arguments[2], "g");
    assert_sv_equal(arguments[6], "G50");
}

void no_more_is_left_of_a_count_than_its_units(void **)
{
    const std::vector<ScriptLimit> one = {
        {"k", LimitKind::window, 5, 1e6, 1, false}};
    const auto left = [&](std::int64_t units, int wanted) {
        auto parts = integers({1, 0, units, 10});
        return parse_limit_answer({ReplyType::array, {}, 0, parts}, one,
                                  wanted);
    };
    assert_some(left(5, 1));
    assert_none(left(6, 1));
    assert_some(left(5, kDebit));
    assert_none(left(5, 0));
}

void large_numbers_are_written_out(void **)
{
    const std::vector<ScriptLimit> limits = {
        {"k", LimitKind::bucket, 86'400'000'000, 31'536'000'000'000, 2'147'483'647, false}};
    const LimitCall call(limits, 0, 1'800'000'000'000'000);
    const ScriptCall parts = call.call();
    assert_sv_equal(parts.arguments[0], "0");
    assert_sv_equal(parts.arguments[1], "1800000000000000");
    assert_sv_equal(parts.arguments[3], "86400000000");
    assert_sv_equal(parts.arguments[4], "31536000000000");
    assert_sv_equal(parts.arguments[5], "2147483647");
}

void an_answer_has_what_each_limit_has_left(void **)
{
    const auto answer = parse(integers({0, 2, 4, 10'000, 0, 3334}));
    assert_some(answer);
    assert_int_equal(answer->granted, 0);
    assert_int_equal(answer->denied, 2);
    assert_int_equal(answer->limits, 2);
    assert_true(answer->states[0] == (LimitState{4, 10'000}));
    assert_true(answer->states[1] == (LimitState{0, 3334}));
}

void an_answer_of_another_length_is_none(void **)
{
    assert_none(parse({}));
    assert_none(parse(integers({1, 0})));
    assert_none(parse(integers({1, 0, 4, 10'000, 0})));
    assert_none(parse(integers({1, 0, 4, 10'000, 0, 1, 0})));
}

void a_reply_that_is_no_array_is_no_answer(void **)
{
    assert_none(parse_limit_answer({}, kTwo, 1));
    assert_none(parse_limit_answer(integer(1), kTwo, 1));
    auto parts = integers({1, 0, 4, 10'000, 0, 0});
    assert_none(
        parse_limit_answer({ReplyType::error, "ERR", 0, parts}, kTwo, 1));
}

void only_integers_make_an_answer(void **)
{
    for (std::size_t i = 0; i < 6; i++) {
        for (const ReplyType type :
             {ReplyType::nil, ReplyType::bulk, ReplyType::status,
              ReplyType::error, ReplyType::array}) {
            auto parts = integers({1, 0, 4, 10'000, 0, 0});
            parts[i].type = type;
            assert_none(parse(parts));
        }
    }
}

void numbers_out_of_range_make_no_answer(void **)
{
    const auto most = std::numeric_limits<std::int64_t>::max();
    const std::int64_t above[] = {
        2, 4, 6, 1'000'000'000'000'001, 2, 1'000'000'000'000'001};
    for (std::size_t i = 0; i < 6; i++) {
        for (const std::int64_t number :
             {above[i], most, -most - 1, std::int64_t{-1}}) {
            auto parts = integers({1, 0, 4, 10'000, 0, 0});
            parts[i].integer = number;
            assert_none(parse(parts));
        }
    }
}

void more_limits_than_a_request_may_have_are_no_answer(void **)
{
    const std::vector<ScriptLimit> limits(kMaxLimits + 1);
    std::vector<Reply> parts(2 + 2 * limits.size(), integer(0));
    assert_none(
        parse_limit_answer({ReplyType::array, {}, 0, parts}, limits, 1));
}

// 4 of 6 were granted: 5 and 0 units are left, of costs 1 and 2.
const std::vector<ScriptLimit> kMerged = {
    {"wide", LimitKind::bucket, 100'000, 900'000, 1, false},
    {"narrow", LimitKind::bucket, 100'000, 800'000, 2, false},
    {"free", LimitKind::bucket, 100'000, 100'000, 0, false},
    {"looked at", LimitKind::bucket, 100'000, 100'000, kLook, false},
};

LimitAnswer merged()
{
    LimitAnswer answer{.granted = 4, .denied = 0b0010, .limits = 4};
    answer.states = {{{5, 4e5}, {0, 8e5}, {0, 1e5}, {1, 0}}};
    answer.extras[0] = 7;
    return answer;
}

void of_several_the_first_pass(void **)
{
    for (std::size_t place = 0; place < 4; place++) {
        const auto one = answer_to_one(merged(), kMerged, 6, place);
        assert_int_equal(one.granted, 1);
        assert_int_equal(one.denied, 0);
        assert_int_equal(one.states[0].remaining, 5);
        assert_int_equal(one.extras[0], place == 0 ? 7 : 0);
    }
}

void who_comes_too_late_is_refused_by_what_is_used_up(void **)
{
    for (const std::size_t place : {4, 5}) {
        const auto one = answer_to_one(merged(), kMerged, 6, place);
        assert_int_equal(one.granted, 0);
        assert_int_equal(one.denied, 0b0010);
    }
    LimitAnswer nothing = merged();
    nothing.granted = 0;
    nothing.states[3].remaining = 0;
    assert_int_equal(answer_to_one(nothing, kMerged, 6, 0).denied, 0b1010);
}

void who_asks_alone_is_told_what_redis_said(void **)
{
    LimitAnswer answer = merged();
    answer.granted = 1; // in spite of a dry run
    const auto one = answer_to_one(answer, kMerged, 1, 0);
    assert_int_equal(one.granted, 1);
    assert_int_equal(one.denied, 0b0010);
    assert_int_equal(one.extras[0], 7);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_arguments_are_those_the_script_reads),
        cmocka_unit_test(every_kind_has_a_letter_and_its_dry_run_a_large_one),
        cmocka_unit_test(an_answer_tells_what_was_charged_besides),
        cmocka_unit_test(no_more_is_left_of_a_count_than_its_units),
        cmocka_unit_test(large_numbers_are_written_out),
        cmocka_unit_test(an_answer_has_what_each_limit_has_left),
        cmocka_unit_test(an_answer_of_another_length_is_none),
        cmocka_unit_test(a_reply_that_is_no_array_is_no_answer),
        cmocka_unit_test(only_integers_make_an_answer),
        cmocka_unit_test(numbers_out_of_range_make_no_answer),
        cmocka_unit_test(more_limits_than_a_request_may_have_are_no_answer),
        cmocka_unit_test(of_several_the_first_pass),
        cmocka_unit_test(who_comes_too_late_is_refused_by_what_is_used_up),
        cmocka_unit_test(who_asks_alone_is_told_what_redis_said),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
