// What is told about a node that does not do all that is asked of it.

#include "redis/impairment.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;
using namespace std::chrono_literals;

namespace {

void the_first_error_is_news_and_the_next_is_not(void **)
{
    Impairment impairment;
    assert_true(impairment.state() == NodeState::up);
    assert_true(impairment.note(NodeState::oom, 1s));
    assert_false(impairment.note(NodeState::oom, 2s));
    assert_true(impairment.state() == NodeState::oom);
    assert_true(impairment.note(NodeState::noperm, 3s));
}

void what_lasts_is_told_once_a_minute(void **)
{
    Impairment impairment;
    int told = 0;
    for (Micros now = 1s; now < 121s; now += 1s) {
        told += impairment.note(NodeState::noperm, now);
    }
    assert_int_equal(told, 2);
}

void it_is_over_when_no_such_error_came_for_a_while(void **)
{
    Impairment impairment;
    assert_false(impairment.recover(1s));
    impairment.note(NodeState::readonly, 1s);
    impairment.note(NodeState::readonly, 5s);
    assert_false(impairment.recover(14s));
    assert_true(impairment.recover(15s));
    assert_true(impairment.state() == NodeState::up);
    assert_false(impairment.recover(16s));
    assert_true(impairment.note(NodeState::readonly, 17s));
}

struct Missing
{
    const char *text;
    const char *what;
};

constexpr Missing kMissing[] = {
    {"NOPERM this user has no permissions to run the 'get' command", "get"},
    {"NOPERM User edge has no permissions to run the 'client|setname' command",
     "client|setname"},
    {"NOPERM this user has no permissions to access one of the keys used as "
     "arguments",
     "a key"},
    {"NOPERM this user has no permissions to access one of the channels used "
     "as arguments",
     "a channel"},
    {"ERR The user executing the script can't run this command or subcommand "
     "script: f2, on @user_script:1.",
     "something inside a script"},
    {"ERR ACL failure in script: User edge has no permissions to run the "
     "'xadd' command script: f2, on @user_script:1.",
     "something inside a script"},
    {"NOPERM No permissions to access a key", "a key"},
    {"NOPERM User edge has no permissions to access the 'secret' key",
     "a key"},
    {"NOPERM No permissions to access a channel", "a channel"},
    {"NOPERM run the 'GET\r\nx' command", "a command"},
    {"NOPERM '", "a command"},
    {"NOPERM", "a command"},
    {"", "a command"},
};

void a_missing_permission_has_a_name(void **)
{
    for (const Missing &c : kMissing) {
        assert_sv_equal(missing_permission(c.text), c.what);
    }
}

struct Named
{
    const char *error;
    const char *state;
};

constexpr Named kNamed[] = {
    {"LOADING Redis is loading", "loading"},
    {"BUSY Redis is busy", "busy"},
    {"OOM command not allowed", "oom"},
    {"MISCONF Redis is configured", "misconf"},
    {"READONLY You can't write", "readonly"},
    {"MASTERDOWN Link with MASTER is down", "masterdown"},
    {"NOREPLICAS Not enough good replicas", "noreplicas"},
    {"NOAUTH Authentication required.", "refused"},
    {"WRONGPASS invalid username-password pair", "refused"},
    {"NOPERM this user has no permissions", "noperm"},
    {"CLUSTERDOWN The cluster is down", "clusterdown"},
    {"ERR max number of clients reached", "maxclients"},
    {"WRONGTYPE Operation against a key", "up"},
    {"ERR syntax error", "up"},
};

void an_error_about_the_node_has_a_state(void **)
{
    for (const Named &c : kNamed) {
        const NodeState state = state_of(error_kind(c.error));
        assert_sv_equal(state_name(state), c.state);
        assert_false(state_meaning(state).empty());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_is_news_and_the_next_is_not),
        cmocka_unit_test(what_lasts_is_told_once_a_minute),
        cmocka_unit_test(it_is_over_when_no_such_error_came_for_a_while),
        cmocka_unit_test(a_missing_permission_has_a_name),
        cmocka_unit_test(an_error_about_the_node_has_a_state),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
