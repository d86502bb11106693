// Error replies as Redis 5 to 8 send them, and what follows from each.

#include "redis/error.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;

namespace {

struct Case
{
    const char *text;
    const char *name;
    ErrorEffect effect;
};

constexpr Case kCases[] = {
    {"NOSCRIPT No matching script. Please use EVAL.", "noscript",
     ErrorEffect::miss},
    {"LOADING Redis is loading the dataset in memory", "loading",
     ErrorEffect::connection},
    {"BUSY Redis is busy running a script. You can only call SCRIPT KILL or "
     "SHUTDOWN NOSAVE.",
     "busy", ErrorEffect::failure},
    {"OOM command not allowed when used memory > 'maxmemory'.", "oom",
     ErrorEffect::miss},
    {"MISCONF Redis is configured to save RDB snapshots, but ...", "misconf",
     ErrorEffect::miss},
    {"READONLY You can't write against a read only replica.", "readonly",
     ErrorEffect::elsewhere},
    {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is "
     "set to 'no'.",
     "masterdown", ErrorEffect::failure},
    {"NOREPLICAS Not enough good replicas to write.", "noreplicas",
     ErrorEffect::miss},
    {"NOAUTH Authentication required.", "noauth", ErrorEffect::connection},
    {"WRONGPASS invalid username-password pair or user is disabled.",
     "wrongpass", ErrorEffect::connection},
    {"ERR invalid password", "wrongpass", ErrorEffect::connection},
    {"NOPERM this user has no permissions to run the 'get' command", "noperm",
     ErrorEffect::miss},
    {"ERR ACL failure in script: User edge has no permissions to run the "
     "'xadd' command script: f2, on @user_script:1.",
     "noperm", ErrorEffect::miss},
    {"WRONGTYPE Operation against a key holding the wrong kind of value",
     "wrongtype", ErrorEffect::miss},
    {"CLUSTERDOWN Hash slot not served", "clusterdown", ErrorEffect::failure},
    {"MOVED 12182 127.0.0.1:7404", "moved", ErrorEffect::miss},
    {"ASK 12182 127.0.0.1:7404", "ask", ErrorEffect::miss},
    {"TRYAGAIN Multiple keys request during rehashing of slot", "tryagain",
     ErrorEffect::miss},
    {"ERR max number of clients reached", "maxclients",
     ErrorEffect::connection},
    {"ERR syntax error", "other", ErrorEffect::miss},
    {"", "other", ErrorEffect::miss},
    // Longer words that begin alike.
    {"BUSYGROUP Consumer Group name already exists", "other",
     ErrorEffect::miss},
    {"ASKING", "other", ErrorEffect::miss},
};

void every_error_has_its_kind_and_effect(void **)
{
    for (const Case &c : kCases) {
        assert_sv_equal(error_name(error_kind(c.text)), c.name);
        assert_true(error_effect(error_kind(c.text)) == c.effect);
    }
}

void an_error_inside_a_script_is_the_same_error(void **)
{
    assert_true(error_kind("OOM command not allowed when used memory > "
                           "'maxmemory'. script: 1f8f, on @user_script:1.") ==
                ErrorKind::oom);
    assert_true(
        error_kind("ERR Error running script (call to f_1f8f): "
                   "@user_script:1: -OOM command not allowed when ...") ==
        ErrorKind::oom);
    assert_true(error_kind("ERR The user executing the script can't run this "
                           "command or subcommand script: 620c, on @user:1.") ==
                ErrorKind::noperm);
}

void words_of_a_stranger_are_no_code(void **)
{
    assert_true(error_kind("ERR unknown command 'x: -LOADING'") ==
                ErrorKind::other);
}

// "ERR unknown command 'AUTH', with args beginning with: 'secret'".
void the_code_alone_is_safe_to_log(void **)
{
    assert_sv_equal(error_code("WRONGPASS invalid username"), "WRONGPASS");
    assert_sv_equal(error_code("ERR unknown 'secret'"), "ERR");
    assert_sv_equal(error_code("secret"), "ERR");
    assert_sv_equal(error_code("SECRETPASSWORDLONGERTHANANYCODE"), "ERR");
    assert_sv_equal(error_code(""), "ERR");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_kind_and_effect),
        cmocka_unit_test(an_error_inside_a_script_is_the_same_error),
        cmocka_unit_test(words_of_a_stranger_are_no_code),
        cmocka_unit_test(the_code_alone_is_safe_to_log),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
