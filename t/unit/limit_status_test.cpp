#include "cmocka.h"

#include "limit/status.h"

using namespace edge::limit;

namespace {

void names_are_those_of_the_variables(void **)
{
    assert_sv_equal(name(Status::passed), "PASSED");
    assert_sv_equal(name(Status::rejected), "REJECTED");
    assert_sv_equal(name(Status::stale), "STALE");
    assert_sv_equal(name(Status::rejected_dry_run), "REJECTED_DRY_RUN");
    assert_sv_equal(name(Status::exempt), "EXEMPT");
    assert_sv_equal(name(Status::unlimited), "UNLIMITED");
    assert_sv_equal(name(Source::redis), "redis");
    assert_sv_equal(name(Source::lease), "lease");
    assert_sv_equal(name(Source::denied_cache), "denied_cache");
    assert_sv_equal(name(Source::local), "local");
    assert_sv_equal(name(Source::open), "open");
    assert_sv_equal(name(Source::closed), "closed");
}

void only_a_limit_out_of_dry_run_rejects(void **)
{
    assert_true(status_of(0b00, 0b00) == Status::passed);
    assert_true(status_of(0b00, 0b11) == Status::passed);
    assert_true(status_of(0b10, 0b10) == Status::rejected_dry_run);
    assert_true(status_of(0b10, 0b01) == Status::rejected);
    assert_true(status_of(0b11, 0b01) == Status::rejected);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_variables),
        cmocka_unit_test(only_a_limit_out_of_dry_run_rejects),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
