#include <deque>
#include <string>
#include <vector>

#include "invalidate/log_format.h"

#include "cmocka.h"

using namespace edge;
using namespace edge::invalidate;
using redis::Reply;
using redis::ReplyType;

namespace {

// Replies with their elements behind them.
class Replies
{
public:
    Reply bulk(std::string_view text)
    {
        return {ReplyType::bulk, texts_.emplace_back(text), 0, {}};
    }
    Reply array(std::vector<Reply> elements)
    {
        auto &kept = lists_.emplace_back(std::move(elements));
        return {ReplyType::array, {}, 0, kept};
    }
    Reply texts(std::vector<std::string_view> list)
    {
        std::vector<Reply> elements;
        for (const std::string_view text : list) {
            elements.push_back(bulk(text));
        }
        return array(std::move(elements));
    }
    Reply record(std::string_view id, std::vector<std::string_view> fields)
    {
        return array({bulk(id), texts(std::move(fields))});
    }

private:
    std::deque<std::string> texts_;
    std::deque<std::vector<Reply>> lists_;
};

constexpr std::string_view kNonce = "000000000000000b";
constexpr std::string_view kRow = "\1\0\0\0\0\0\0\200";

const Purge kEverything{{},
                        PurgeMode::hard,
                        {row_key(select_everything(), kAllTenants)},
                        Millis(0)};

void ids_and_nonces_are_read_as_written(void **)
{
    const Generation last =
        Generation::of((1 << 24) - 1, Generation::kMaxSequence);
    assert_sv_equal(format_id(last), "16777215-1099511627775");
    assert_true(parse_id("16777215-1099511627775") == last);
    assert_sv_equal(format_nonce(11), kNonce);
    assert_true(parse_nonce(kNonce) == Nonce(11));
    assert_true(parse_nonce("-") == Nonce(0));
    for (const std::string_view none :
         {"", "1", "-1", "1-", "16777216-1", "1-1099511627776", "1-1-1", "a-1",
          "1- 1"}) {
        assert_none(parse_id(none));
    }
    for (const std::string_view none :
         {"", "b", "00000000000000000b", "000000000000000g",
          "+00000000000000b"}) {
        assert_none(parse_nonce(none));
    }
}

void a_purge_is_read(void **)
{
    Replies make;
    const auto record = parse_record(make.record("2-7", {"n",
                                                         kNonce,
                                                         "k",
                                                         "p",
                                                         "r",
                                                         "id",
                                                         "m",
                                                         "s",
                                                         "s",
                                                         {kRow.data(), 8},
                                                         "h",
                                                         "1150"}));
    assert_true(
        record ==
        Record(
            {11, Generation::of(2, 7)},
            Purge{"id", PurgeMode::soft, {0x8000000000000001}, Millis(1150)}));
}

void a_purge_of_sets_is_read(void **)
{
    Replies make;
    const std::string rows(32, 'a');
    const auto record = parse_record(
        make.record("2-7", {"n", kNonce, "k", "p", "m", "h", "s", rows, "h",
                            "0", "w", "2", "t", "60000"}));
    assert_int_equal(std::get<Purge>(record->what).rows.size(), 4);
    assert_int_equal(std::get<Purge>(record->what).together, 2);
    assert_int_equal(std::get<Purge>(record->what).settle.count(), 60'000);
}

void an_epoch_is_read_with_what_it_was_put_after(void **)
{
    Replies make;
    const Position at{11, Generation::of(2, 1)};
    assert_true(parse_record(make.record("2-1", {"n", kNonce, "k", "e"})) ==
                Record(at, EpochStart{}));
    assert_true(
        parse_record(make.record("2-1", {"n", kNonce, "k", "e", "a", "1-9", "b",
                                         "00000000000000ff"})) ==
        Record(at, EpochStart{{255, Generation::of(1, 9)}}));
}

void a_record_that_cannot_be_read_purges_everything(void **)
{
    Replies make;
    const std::string long_id(kMaxRequestId + 1, 'a');
    const std::string many_rows((kMaxRows + 1) * 8, 'a');
    const std::string nine_rows(9 * 8, 'a');
    const std::vector<std::vector<std::string_view>> broken = {
        {},
        {"k", "x"},
        {"k", "p", "m", "h", "s", "1234567", "h", "0"},
        {"k", "p", "m", "x", "s", "12345678", "h", "0"},
        {"k", "p", "m", "h", "s", "12345678", "h", "-1"},
        {"k", "p", "m", "h", "s", "12345678", "h", "60001"},
        {"k", "p", "m", "h", "s", "12345678"},
        {"k", "p", "r", long_id, "m", "h", "s", "", "h", "0"},
        {"k", "p", "m", "h", "s", many_rows, "h", "0"},
        {"k", "p", "m", "h", "s", "12345678", "h", "0", "w", "0"},
        {"k", "p", "m", "h", "s", "12345678", "h", "0", "w", "2"},
        {"k", "p", "m", "h", "s", "12345678", "h", "0", "w", "x"},
        {"k", "p", "m", "h", "s", nine_rows, "h", "0", "w", "9"},
        {"k", "p", "m", "h", "s", nine_rows, "h", "1", "w", "3"},
        {"k", "p", "m", "h", "s", "12345678", "h", "0", "t", "60001"},
        {"k", "p", "m", "h", "s", "12345678", "h", "0", "t", "x"},
        {"k", "e", "a", "1-1"},
        {"k", "e", "a", "x", "b", kNonce},
        {"k", "e", "a", "1-1", "b", "-"},
        {"k"},
    };
    for (auto fields : broken) {
        fields.insert(fields.begin(), {"n", kNonce});
        const auto record = parse_record(make.record("2-7", fields));
        assert_true(record == Record({11, Generation::of(2, 7)}, kEverything));
    }
}

void a_record_of_no_epoch_follows_nothing(void **)
{
    Replies make;
    const Progress progress{{11, Generation::of(2, 6)}, true};
    for (const auto &entry :
         {make.record("2-7", {"k", "p"}), make.record("2-7", {}),
          make.record("2-7", {"n", "-", "k", "p"}),
          make.record("3-0", {"n", kNonce, "k", "e"})}) {
        const auto record = parse_record(entry);
        assert_true(record && record->position.nonce == 0);
        assert_false(follows(*record, progress));
    }
}

void a_record_without_a_place_is_none(void **)
{
    Replies make;
    assert_none(parse_record(make.record("x", {"n", kNonce, "k", "e"})));
    assert_none(parse_record(make.bulk("x")));
    assert_none(parse_record(make.texts({"2-7"})));
}

void a_member_is_read_as_written(void **)
{
    const Member member{
        "id", 7, true, Millis(2000), {11, Generation::of(2, 7)}, 5, "edge 1 "};
    const std::string text = format_member(member);
    assert_sv_equal(text, "7 s 2000 000000000000000b 2-7 5 edge 1 ");
    assert_true(parse_member("id", text) == member);
    for (const std::string_view none :
         {"", "7 s 2000 - 0-0 5", "7 x 2000 - 0-0 5 n", "7 s -1 - 0-0 5 n",
          "7 s 2000 x 0-0 5 n", "7 s 2000 - 0 5 n", "a s 2000 - 0-0 5 n",
          "7 s 99999999999 - 0-0 5 n", "7  s 2000 - 0-0 5 n"}) {
        const Member unreadable = parse_member("id", none);
        assert_false(unreadable.is_readable);
        assert_false(unreadable.strict);
        assert_true(unreadable.applied == Position{});
        assert_sv_equal(format_member(unreadable), none);
    }
}

void any_change_of_an_unreadable_member_is_a_beat(void **)
{
    const auto beats = [](std::string_view text) {
        return parse_member("id", text).beats;
    };
    assert_int_not_equal(beats("x"), beats("y"));
    assert_int_not_equal(beats("7 z"), beats("8 z"));
    assert_int_equal(beats("7 z"), beats("7 z"));
}

void a_member_is_forgotten_by_what_the_script_reads_of_it(void **)
{
    const auto mark = [](std::string_view text) {
        return forget_mark(parse_member("id", text));
    };
    assert_sv_equal(mark("7 s 2000 - 0-0 5 n"), "7");
    assert_sv_equal(mark("07 z"), "07");
    assert_sv_equal(mark("y"), "y");
    assert_sv_equal(mark(""), "");
    assert_sv_equal(mark("12"), "12");
}

void an_answer_to_a_beat_is_read(void **)
{
    Replies make;
    const auto beat = parse_beat(make.array(
        {make.bulk("OK"), make.bulk("2-1"), make.bulk(kNonce),
         make.texts({"epoch", kNonce, "node", "x:y", "v", "4", "id",
                     "7 a 500 - 0-0 3 edge"}),
         make.array({make.record("2-1", {"n", kNonce, "k", "e"})})}));
    assert_some(beat);
    assert_false(beat->lost);
    assert_true(beat->top == Position(11, Generation::of(2, 1)));
    assert_int_equal(beat->version, 4);
    assert_int_equal(beat->members.size(), 1);
    assert_sv_equal(beat->members[0].name, "edge");
    assert_int_equal(beat->records.size(), 1);
}

void a_lost_log_says_what_is_on_top_of_it(void **)
{
    Replies make;
    const auto beat = parse_beat(make.texts({"LOST", "2-9", kNonce}));
    assert_true(beat && beat->lost);
    assert_true(beat->top == Position(11, Generation::of(2, 9)));
    const auto none = parse_beat(make.texts({"LOST", "", ""}));
    assert_true(none && none->lost && none->top == Position{});
}

void a_lost_log_may_end_with_a_foreign_record(void **)
{
    Replies make;
    for (const char *nonce : {"", "x", "0"}) {
        const auto beat = parse_beat(make.texts({"LOST", "99-7", nonce}));
        assert_true(beat && beat->lost);
        assert_true(beat->top == Position(0, Generation::of(99, 7)));
        const auto write = parse_write(make.texts({"LOST", "99-7", nonce}));
        assert_true(write && write->status == WriteReply::Status::lost);
        assert_none(parse_write(make.texts({"REFUSED", "99-7", nonce})));
    }
}

void what_is_no_answer_to_a_beat_is_none(void **)
{
    Replies make;
    const Reply ok = make.bulk("OK");
    const Reply id = make.bulk("2-1");
    const Reply nonce = make.bulk(kNonce);
    const Reply members = make.texts({"v", "1"});
    const Reply records = make.array({});
    assert_some(parse_beat(make.array({ok, id, nonce, members, records})));
    assert_none(parse_beat(make.array({ok, id, nonce, members})));
    assert_none(parse_beat(make.array({ok, id, id, members, records})));
    assert_none(parse_beat(make.array({ok, id, nonce, records, records})));
    assert_none(parse_beat(make.array({id, id, nonce, members, records})));
    assert_none(
        parse_beat(make.array({ok, make.bulk(""), nonce, members, records})));
    const auto foreign = parse_beat(make.array(
        {ok, id, nonce, make.texts({"v", "1", "id", "x"}), records}));
    assert_true(foreign && !foreign->members.front().is_readable);
    assert_none(
        parse_beat(make.array({ok, id, nonce, members, make.array({ok})})));
    assert_none(parse_beat(ok));
}

void answers_to_writes_are_read(void **)
{
    using Status = WriteReply::Status;
    Replies make;
    const auto ok = parse_write(make.texts({"OK", "2-7"}));
    assert_true(ok && ok->status == Status::ok &&
                ok->id == Generation::of(2, 7));
    const auto lost = parse_write(make.texts({"LOST", "", ""}));
    assert_true(lost && lost->status == Status::lost && lost->nonce == 0);
    const auto refused = parse_write(make.texts({"REFUSED", "2-8", kNonce}));
    assert_true(refused && refused->status == Status::refused &&
                refused->id == Generation::of(2, 8) && refused->nonce == 11);
    assert_none(parse_write(make.texts({"OK"})));
    assert_none(parse_write(make.texts({"OK", "x"})));
    assert_none(parse_write(make.texts({"WHAT", "2-8", kNonce})));
    assert_none(parse_write(make.bulk("OK")));
}

void arguments_are_in_the_order_of_the_scripts(void **)
{
    using Texts = std::vector<std::string>;
    const Member self{
        "id", 7, false, Millis(2000), {11, Generation::of(2, 7)}, 5, "edge"};
    assert_true(beat_arguments(self, Generation::of(2, 7), 100, "c") ==
                Texts({"id", "a", "2000", "edge", std::string(kNonce), "2-7",
                       "2-7", "5", "100", "c"}));
    assert_sv_equal(beat_arguments(self, {}, 1, "")[6], "");
    assert_true(append_arguments(
                    11, {"r", PurgeMode::soft, {0x8000000000000001}, Millis(9)},
                    {}, 64, "c") ==
                Texts({std::string(kNonce), "r", "s",
                       std::string(kRow.data(), 8), "9", "", "64", "c", "1", "0"}));
    assert_true(epoch_arguments({}, 3, 11, 4, {&self, 1}) ==
                Texts({"missing", "3", std::string(kNonce), "4", "id",
                       format_member(self)}));
    assert_sv_equal(epoch_arguments(Generation::of(2, 7), 3, 11, 4, {})[0],
                    "2-7");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_nonces_are_read_as_written),
        cmocka_unit_test(a_purge_is_read),
        cmocka_unit_test(a_purge_of_sets_is_read),
        cmocka_unit_test(an_epoch_is_read_with_what_it_was_put_after),
        cmocka_unit_test(a_record_that_cannot_be_read_purges_everything),
        cmocka_unit_test(a_record_of_no_epoch_follows_nothing),
        cmocka_unit_test(a_record_without_a_place_is_none),
        cmocka_unit_test(a_member_is_read_as_written),
        cmocka_unit_test(any_change_of_an_unreadable_member_is_a_beat),
        cmocka_unit_test(a_member_is_forgotten_by_what_the_script_reads_of_it),
        cmocka_unit_test(an_answer_to_a_beat_is_read),
        cmocka_unit_test(a_lost_log_says_what_is_on_top_of_it),
        cmocka_unit_test(a_lost_log_may_end_with_a_foreign_record),
        cmocka_unit_test(what_is_no_answer_to_a_beat_is_none),
        cmocka_unit_test(answers_to_writes_are_read),
        cmocka_unit_test(arguments_are_in_the_order_of_the_scripts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
