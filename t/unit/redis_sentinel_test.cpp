// What Sentinels say, and what follows for the master's address.

#include "redis/sentinel.h"

#include <vector>

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;
using Progress = Topology::Progress;

namespace {

Reply bulk(std::string_view text)
{
    return {ReplyType::bulk, text, 0, {}};
}

Progress take(Sentinel &sentinel, std::vector<Reply> elements)
{
    return sentinel.take({ReplyType::array, {}, 0, elements});
}

Progress address(Sentinel &sentinel, std::string_view host,
                 std::string_view port)
{
    return take(sentinel, {bulk(host), bulk(port)});
}

Progress message(Sentinel &sentinel, std::string_view text)
{
    return take(sentinel,
                {bulk("message"), bulk("+switch-master"), bulk(text)});
}

std::string master_of(const Sentinel &sentinel)
{
    return sentinel.master() ? text_of(*sentinel.master()) : "none";
}

void the_master_is_known_once_it_is_told(void **)
{
    Sentinel sentinel("main");
    assert_sv_equal(master_of(sentinel), "none");
    assert_true(address(sentinel, "10.0.0.1", "6379") == Progress::changed);
    assert_sv_equal(master_of(sentinel), "10.0.0.1:6379");
    assert_true(address(sentinel, "10.0.0.1", "6379") == Progress::same);
    assert_true(address(sentinel, "10.0.0.2", "6379") == Progress::changed);
    assert_sv_equal(master_of(sentinel), "10.0.0.2:6379");
}

void a_switch_is_followed_at_once(void **)
{
    Sentinel sentinel("main");
    address(sentinel, "10.0.0.1", "6379");
    assert_true(message(sentinel, "main 10.0.0.1 6379 ::1 6380") ==
                Progress::changed);
    assert_sv_equal(master_of(sentinel), "[::1]:6380");
}

void the_switch_of_another_master_is_not(void **)
{
    Sentinel sentinel("main");
    address(sentinel, "10.0.0.1", "6379");
    assert_true(message(sentinel, "main2 10.0.0.1 6379 10.0.0.9 6379") ==
                Progress::same);
    assert_true(message(sentinel, "") == Progress::same);
    assert_sv_equal(master_of(sentinel), "10.0.0.1:6379");
}

void a_sentinel_that_knows_nothing_is_useless(void **)
{
    Sentinel sentinel("main");
    address(sentinel, "10.0.0.1", "6379");
    assert_true(sentinel.take({ReplyType::nil, {}, 0, {}}) ==
                Progress::useless);
    assert_true(sentinel.take({ReplyType::error, "ERR unknown", 0, {}}) ==
                Progress::useless);
    assert_true(take(sentinel, {}) == Progress::useless);
    assert_true(address(sentinel, "a host", "6379") == Progress::useless);
    assert_true(address(sentinel, "10.0.0.1", "0") == Progress::useless);
    assert_true(address(sentinel, "10.0.0.1", "65536") == Progress::useless);
    assert_true(message(sentinel, "main 10.0.0.1 6379") == Progress::useless);
    assert_sv_equal(master_of(sentinel), "10.0.0.1:6379");
}

void what_only_confirms_is_waited_through(void **)
{
    Sentinel sentinel("main");
    assert_true(take(sentinel, {bulk("subscribe"),
                                bulk("+switch-master"),
                                {ReplyType::integer, {}, 1, {}}}) ==
                Progress::waiting);
    assert_true(take(sentinel, {bulk("unsubscribe"),
                                bulk("+switch-master"),
                                {ReplyType::integer, {}, 0, {}}}) ==
                Progress::waiting);
}

void a_question_leaves_the_subscription_first(void **)
{
    std::string out;
    Sentinel("main").append_query(out);
    assert_sv_equal(out,
                    "*2\r\n$11\r\nUNSUBSCRIBE\r\n$14\r\n+switch-master\r\n"
                    "*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n"
                    "$4\r\nmain\r\n"
                    "*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\n+switch-master\r\n");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_master_is_known_once_it_is_told),
        cmocka_unit_test(a_switch_is_followed_at_once),
        cmocka_unit_test(the_switch_of_another_master_is_not),
        cmocka_unit_test(a_sentinel_that_knows_nothing_is_useless),
        cmocka_unit_test(what_only_confirms_is_waited_through),
        cmocka_unit_test(a_question_leaves_the_subscription_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
