// The words on a new connection, step by step.

#include <string>

#include "redis/handshake.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;
using Progress = Handshake::Progress;

namespace {

std::string next_of(const Handshake &handshake)
{
    std::string out;
    handshake.append_next(out);

    // "*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n" -> "AUTH x": every second line.
    std::string words;
    std::size_t line = 0;
    for (std::size_t at = 0; at < out.size(); line++) {
        const std::size_t end = out.find("\r\n", at);
        if (line > 0 && line % 2 == 0) {
            words += (words.empty() ? "" : " ") + out.substr(at, end - at);
        }
        at = end + 2;
    }
    return words;
}

Progress answer(Handshake &handshake, std::string_view text)
{
    const bool is_error = text != "OK" && text != "PONG";
    return handshake.take(
        {is_error ? ReplyType::error : ReplyType::status, text, 0, {}});
}

void without_options_it_is_a_ping(void **)
{
    Handshake handshake({});
    assert_sv_equal(next_of(handshake), "PING");
    assert_true(answer(handshake, "PONG") == Progress::done);
}

void with_all_options_it_is_four_steps(void **)
{
    Handshake handshake({.user = "edge",
                         .passwords = {"secret"},
                         .db = 3,
                         .client_name = "edge-1"});
    assert_sv_equal(next_of(handshake), "AUTH edge secret");
    assert_true(answer(handshake, "OK") == Progress::next);
    assert_sv_equal(next_of(handshake), "SELECT 3");
    assert_true(answer(handshake, "OK") == Progress::next);
    assert_sv_equal(next_of(handshake), "CLIENT SETNAME edge-1");
    assert_true(answer(handshake, "OK") == Progress::next);
    assert_sv_equal(next_of(handshake), "PING");
    assert_true(answer(handshake, "PONG") == Progress::done);
}

void without_a_user_auth_takes_the_password_alone(void **)
{
    Handshake handshake({.passwords = {"secret"}});
    assert_sv_equal(next_of(handshake), "AUTH secret");
}

void the_second_password_is_tried_after_the_first(void **)
{
    Handshake handshake({.passwords = {"new", "old"}});
    assert_sv_equal(next_of(handshake), "AUTH new");
    assert_true(answer(handshake, "WRONGPASS invalid") == Progress::next);
    assert_sv_equal(next_of(handshake), "AUTH old");
    assert_true(answer(handshake, "OK") == Progress::next);
    assert_sv_equal(next_of(handshake), "PING");
}

void when_no_password_is_right_it_is_refused(void **)
{
    Handshake handshake({.passwords = {"new", "old"}});
    assert_true(answer(handshake, "ERR invalid password") == Progress::next);
    assert_true(answer(handshake, "ERR invalid password") == Progress::failed);
    assert_sv_equal(handshake.failed_step(), "AUTH");
    assert_sv_equal(handshake.failed_code(), "ERR");
}

void a_missing_password_is_a_refusal(void **)
{
    Handshake handshake({});
    assert_true(answer(handshake, "NOAUTH Authentication required.") ==
                Progress::failed);
    assert_true(handshake.failed_state() == NodeState::refused);
    assert_sv_equal(handshake.failed_code(), "NOAUTH");
}

void a_password_nobody_asked_for_is_a_refusal(void **)
{
    Handshake handshake({.passwords = {"secret"}});
    assert_true(answer(handshake, "ERR Client sent AUTH, but no password is "
                                  "set") == Progress::failed);
    assert_true(handshake.failed_state() == NodeState::refused);
}

void a_server_that_is_not_ready_is_tried_again(void **)
{
    for (const char *text :
         {"LOADING Redis is loading the dataset in memory",
          "ERR max number of clients reached", "MASTERDOWN Link with MASTER",
          "BUSY Redis is busy running a script"}) {
        Handshake ping({});
        assert_true(answer(ping, text) == Progress::failed);
        Handshake auth({.passwords = {"secret"}});
        assert_true(answer(auth, text) == Progress::failed);
    }
}

void a_database_that_is_not_there_is_a_failure(void **)
{
    Handshake handshake({.db = 99});
    assert_true(answer(handshake, "ERR DB index is out of range") ==
                Progress::failed);
    assert_sv_equal(handshake.failed_step(), "SELECT");
    assert_true(handshake.failed_state() == NodeState::strange);
}

Handshake::Progress answer_role(Handshake &handshake, std::string_view role)
{
    Reply name{ReplyType::bulk, role, 0, {}};
    return handshake.take({ReplyType::array, {}, 0, {&name, 1}});
}

void what_has_to_be_the_master_is_asked_for_its_role(void **)
{
    Handshake handshake({.has_to_be_master = true});
    assert_sv_equal(next_of(handshake), "ROLE");
    assert_true(answer_role(handshake, "master") == Progress::next);
    assert_sv_equal(next_of(handshake), "PING");
}

void a_replica_is_not_taken_for_the_master(void **)
{
    Handshake handshake({.has_to_be_master = true});
    assert_true(answer_role(handshake, "slave") == Progress::failed);
    assert_sv_equal(handshake.failed_step(), "ROLE");
    assert_true(handshake.failed_state() == NodeState::readonly);
}

void who_may_not_ask_for_the_role_goes_on(void **)
{
    Handshake handshake({.has_to_be_master = true});
    assert_true(answer(handshake, "NOPERM no role") == Progress::next);
}

void name_and_ping_may_be_forbidden(void **)
{
    Handshake handshake({.client_name = "edge"});
    assert_true(answer(handshake, "NOPERM no client|setname") ==
                Progress::next);
    assert_true(answer(handshake, "NOPERM no ping") == Progress::done);
}

void what_it_says_about_a_failure_has_no_password(void **)
{
    Handshake handshake({.passwords = {"secret"}});
    answer(handshake, "ERR unknown command 'AUTH', with args beginning with: "
                      "'secret'");
    assert_sv_equal(handshake.failed_code(), "ERR");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_is_a_ping),
        cmocka_unit_test(with_all_options_it_is_four_steps),
        cmocka_unit_test(without_a_user_auth_takes_the_password_alone),
        cmocka_unit_test(the_second_password_is_tried_after_the_first),
        cmocka_unit_test(when_no_password_is_right_it_is_refused),
        cmocka_unit_test(a_missing_password_is_a_refusal),
        cmocka_unit_test(a_password_nobody_asked_for_is_a_refusal),
        cmocka_unit_test(a_server_that_is_not_ready_is_tried_again),
        cmocka_unit_test(a_database_that_is_not_there_is_a_failure),
        cmocka_unit_test(what_has_to_be_the_master_is_asked_for_its_role),
        cmocka_unit_test(a_replica_is_not_taken_for_the_master),
        cmocka_unit_test(who_may_not_ask_for_the_role_goes_on),
        cmocka_unit_test(name_and_ping_may_be_forbidden),
        cmocka_unit_test(what_it_says_about_a_failure_has_no_password),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
