#include "shm/warm_jobs.h"

#include <memory>

#include "cmocka.h"

using namespace edge;
using namespace edge::shm;

namespace {

constexpr OwnerSlot kFirst{1};
constexpr OwnerSlot kSecond{2};
using State = WarmJob::State;

BootTime at(int seconds)
{
    return BootTime(Millis(1000 * seconds));
}

struct Jobs
{
    std::unique_ptr<WarmJobs::Table> table =
        std::make_unique<WarmJobs::Table>();
    WarmJobs jobs{table.get()};

    bool begin(std::uint64_t id, int second = 1, std::uint64_t list = 0,
               OwnerSlot owner = kFirst)
    {
        WarmJob job;
        job.id = id;
        job.list = list;
        job.begun = at(second);
        job.urls = 10;
        job.owner = owner;
        return jobs.begin(job);
    }
    void end(std::uint64_t id, int second)
    {
        jobs.end(*jobs.find(id), State::done, at(second));
    }
};

void a_job_is_found_by_its_id(void **)
{
    Jobs j;
    assert_true(j.begin(7));
    assert_true(j.begin(8));
    WarmJob &job = *j.jobs.find(7);
    job.stored = 3;
    job.found = 2;
    job.failed[static_cast<std::size_t>(cache::Reason::purged)] = 1;
    job.failed[static_cast<std::size_t>(cache::Reason::status)] = 2;
    assert_int_equal(j.jobs.find(7)->failures(), 3);
    assert_int_equal(j.jobs.find(7)->left(), 2);
    assert_int_equal(j.jobs.find(8)->left(), 10);
    assert_null(j.jobs.find(9));
    assert_null(j.jobs.find(0));
}

void only_so_many_run_at_a_time(void **)
{
    Jobs j;
    for (std::uint64_t id = 1; id <= WarmJobs::kRunning; id++) {
        assert_true(j.begin(id));
    }
    assert_false(j.begin(100));
    j.end(2, 5);
    assert_true(j.begin(100));
    assert_false(j.begin(101));
}

void the_one_that_ended_first_makes_room(void **)
{
    Jobs j;
    assert_true(j.begin(1000));
    for (std::uint64_t id = 1; id < WarmJobs::kRows; id++) {
        assert_true(j.begin(id));
        j.end(id, static_cast<int>(100 - id));
    }
    assert_true(j.begin(50));
    assert_null(j.jobs.find(WarmJobs::kRows - 1));
    assert_non_null(j.jobs.find(1000));
    assert_non_null(j.jobs.find(1));
}

void a_list_is_known_by_its_last_job(void **)
{
    Jobs j;
    assert_null(j.jobs.find_list(5));
    assert_true(j.begin(1, 10, 5));
    j.end(1, 20);
    assert_true(j.begin(2, 30, 5));
    assert_true(j.begin(3, 40, 6));
    assert_int_equal(j.jobs.find_list(5)->id, 2);
    assert_true(j.jobs.find_list(5)->state == State::running);
}

void what_a_process_leaves_behind_is_stopped(void **)
{
    Jobs j;
    assert_true(j.begin(1, 1, 0, kFirst));
    assert_true(j.begin(2, 1, 0, kSecond));
    assert_true(j.begin(3, 1, 0, kFirst));
    j.end(3, 2);
    j.jobs.stop_all_of(kFirst, at(9));
    assert_true(j.jobs.find(1)->state == State::stopped);
    assert_true(j.jobs.find(1)->ended == at(9));
    assert_true(j.jobs.find(2)->state == State::running);
    assert_true(j.jobs.find(3)->state == State::done);
    assert_true(j.jobs.find(3)->ended == at(2));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_found_by_its_id),
        cmocka_unit_test(only_so_many_run_at_a_time),
        cmocka_unit_test(the_one_that_ended_first_makes_room),
        cmocka_unit_test(a_list_is_known_by_its_last_job),
        cmocka_unit_test(what_a_process_leaves_behind_is_stopped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
