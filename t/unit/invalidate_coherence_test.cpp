#include "invalidate/coherence.h"

#include "generations_memory.h"

using namespace edge_test;

namespace {

constexpr Nonce kOld = 11;
constexpr Nonce kNew = 22;

Record purge_at(const Position &position)
{
    return purge_record(position, 1);
}

BeatReply reply_of(const Position &top, std::vector<Record> records)
{
    BeatReply reply;
    reply.top = top;
    reply.records = std::move(records);
    return reply;
}

// At 3-5, up to date, with a lease, known to all.
Situation situation()
{
    return {{place(kOld, 3, 5), true}, place(kOld, 3, 0), true, true, true};
}

Situation cold()
{
    return {{}, {}, true, false, false};
}

const Record kNewEpoch = epoch_record(place(kNew, 4, 1), place(kOld, 3, 5));

void what_follows_is_applied(void **)
{
    const Record at_five = purge_at(place(kOld, 3, 5));
    const Record at_six = purge_at(place(kOld, 3, 6));
    const Position six = at_six.position;
    for (const BeatReply &reply :
         {reply_of(place(kOld, 3, 5), {at_five}),
          reply_of(six, {at_five, at_six}), reply_of(six, {at_six}),
          reply_of(six, {purge_at(place(kOld, 3, 4)), at_five, at_six})}) {
        const Plan result = plan(reply, situation());
        assert_true(result.step == Step::apply);
        assert_none(result.restart);
    }
}

// Protocol rules 2 and 3: the scripts see the node and the members.
void a_lost_log_is_answered_with_an_epoch(void **)
{
    BeatReply reply = reply_of(place(kOld, 3, 5), {});
    reply.lost = true;
    assert_true(plan(reply, situation()).step == Step::begin_epoch);
    assert_true(plan(reply, cold()).step == Step::begin_epoch);
}

void a_log_that_went_back_is_answered_with_an_epoch(void **)
{
    assert_true(plan(reply_of(place(kOld, 3, 4), {}), situation()).step ==
                Step::begin_epoch);
}

// Protocol rule 9.
void an_epoch_whose_number_was_used_here_is_answered_with_an_epoch(void **)
{
    for (const std::uint64_t number : {2u, 3u}) {
        const Record start = epoch_record(place(kNew, number, 1), {});
        assert_true(plan(reply_of(start.position, {start}), situation()).step ==
                    Step::begin_epoch);
    }
}

// Protocol rule 5.
void a_gap_is_a_doubt(void **)
{
    for (const BeatReply &reply :
         {reply_of(place(kOld, 3, 9), {purge_at(place(kOld, 3, 7))}),
          reply_of(place(kOld, 3, 7),
                   {purge_at(place(kOld, 3, 5)), purge_at(place(kOld, 3, 7))}),
          reply_of(place(kOld, 3, 6), {})}) {
        assert_true(plan(reply, situation()).step == Step::doubt);
    }
}

// Protocol rule 6.
void a_cold_instance_restarts_at_the_first_record_of_the_epoch(void **)
{
    const Plan result =
        plan(reply_of(place(kNew, 4, 9), {purge_at(place(kNew, 4, 7)),
                                          purge_at(place(kNew, 4, 8))}),
             cold());
    assert_true(result.step == Step::apply);
    assert_true(result.restart == place(kNew, 4, 6));
}

void a_cold_instance_does_not_restart_in_an_older_epoch(void **)
{
    for (const BeatReply &reply :
         {reply_of(kNewEpoch.position, {purge_at(place(kOld, 3, 5))}),
          reply_of(kNewEpoch.position, {})}) {
        assert_true(plan(reply, cold()).step == Step::doubt);
    }
}

void an_epoch_that_was_lived_through_is_applied(void **)
{
    const BeatReply reply =
        reply_of(place(kNew, 4, 2), {kNewEpoch, purge_at(place(kNew, 4, 2))});
    assert_true(plan(reply, situation()).step == Step::apply);
    Situation available = situation();
    available.strict = available.has_lease = false;
    assert_true(plan(reply, available).step == Step::apply);
}

// Protocol rule 7.
void an_epoch_after_a_lapsed_lease_is_a_doubt(void **)
{
    Situation lapsed = situation();
    lapsed.has_lease = false;
    assert_true(plan(reply_of(kNewEpoch.position, {kNewEpoch}), lapsed).step ==
                Step::doubt);
    // In the same epoch the log itself shows that nothing is missing.
    assert_true(
        plan(reply_of(place(kOld, 3, 6), {purge_at(place(kOld, 3, 6))}), lapsed)
            .step == Step::apply);
}

// Protocol rule 8.
void an_epoch_before_the_others_knew_of_us_is_a_doubt(void **)
{
    Situation unknown = situation();
    unknown.known_to_others = false;
    assert_true(plan(reply_of(kNewEpoch.position, {kNewEpoch}), unknown).step ==
                Step::doubt);
}

void an_epoch_after_records_that_were_never_seen_is_a_doubt(void **)
{
    const Record start = epoch_record(place(kNew, 4, 1), place(kOld, 3, 6));
    assert_true(plan(reply_of(start.position, {start}), situation()).step ==
                Step::doubt);
    Situation catching_up = situation();
    catching_up.progress.caught_up = false;
    assert_true(
        plan(reply_of(kNewEpoch.position, {kNewEpoch}), catching_up).step ==
        Step::doubt);
}

Member member(std::string_view id, const Position &applied, bool strict = true)
{
    return {std::string(id), 1, strict,         Millis(2000),
            applied,         1, std::string(id)};
}

const Position kRecord = place(kNew, 4, 7);

BeatReply members(std::vector<Member> list)
{
    BeatReply reply = reply_of(kRecord, {});
    reply.members = std::move(list);
    return reply;
}

void a_purge_is_acknowledged_when_every_member_has_applied_it(void **)
{
    const auto result = acknowledge(
        members({member("self", kRecord), member("b", place(kNew, 4, 9))}),
        kRecord, "self", {});
    assert_true(result.complete());
    assert_int_equal(result.live, 2);
    assert_int_equal(result.applied, 2);
}

void who_has_not_applied_it_is_named(void **)
{
    const auto result = acknowledge(
        members({member("self", kRecord), member("b", place(kNew, 4, 6)),
                 member("c", {}, false)}),
        kRecord, "self", {});
    assert_false(result.complete());
    assert_int_equal(result.live, 3);
    assert_int_equal(result.applied, 1);
    assert_true(result.missing == std::vector<Missing>({{"b", Millis(2250)},
                                                        {"c", std::nullopt}}));
}

// Protocol rule 16.
void a_higher_number_of_another_epoch_is_no_acknowledgement(void **)
{
    const auto result = acknowledge(
        members({member("self", kRecord), member("b", place(kOld, 5, 1))}),
        kRecord, "self", {});
    assert_false(result.complete());
    assert_int_equal(result.missing.size(), 1);
}

// Protocol rule 15: who joined before the record is in an answer that has it.
void members_read_before_the_record_say_nothing(void **)
{
    BeatReply reply = members({member("self", kRecord)});
    reply.top = place(kNew, 4, 6);
    assert_false(acknowledge(reply, kRecord, "self", {}).complete());
    reply.top = place(kOld, 5, 1);
    assert_false(acknowledge(reply, kRecord, "self", {}).complete());
}

void whoever_is_no_member_acknowledges_nothing(void **)
{
    const auto result =
        acknowledge(members({member("b", kRecord)}), kRecord, "self", {});
    assert_false(result.complete());
}

void a_silent_strict_member_is_out_of_service_after_its_own_lease(void **)
{
    const BeatReply reply = members(
        {member("self", kRecord), member("b", {}), member("c", {}, false)});
    Watch watch;
    watch.observe(reply, at(0), at(10));
    watch.observe(reply, at(2259), at(2300));
    assert_true(watch.silence("b") == Millis(2249));
    auto result = acknowledge(reply, kRecord, "self", watch);
    assert_true(result.missing ==
                std::vector<Missing>({{"b", Millis(1)}, {"c", std::nullopt}}));

    watch.observe(reply, at(2260), at(2300));
    result = acknowledge(reply, kRecord, "self", watch);
    assert_true(result.missing == std::vector<Missing>({{"c", {}}}));
    assert_int_equal(result.live, 2);
}

void silence_starts_over_with_a_beat_and_with_an_epoch(void **)
{
    BeatReply reply = members({member("b", {})});
    Watch watch;
    watch.observe(reply, at(0), at(0));
    watch.observe(reply, at(5000), at(5000));
    assert_true(watch.silence("b") == Millis(5000));
    reply.members[0].beats++;
    watch.observe(reply, at(6000), at(6000));
    assert_true(watch.silence("b") == Millis(0));
    watch.observe(reply, at(7000), at(7000));
    reply.top.nonce = kOld;
    watch.observe(reply, at(8000), at(8000));
    assert_true(watch.silence("b") == Millis(0));
    assert_true(watch.silence("nobody") == Millis(0));
}

// Protocol rule 17.
void a_young_epoch_waits_for_the_longest_lease(void **)
{
    std::vector<Member> list = {member("a", {}), member("b", {})};
    list[1].lease = Millis(4000);
    assert_true(earliest_acknowledgement(at(100), list) == at(100 + 4450));
}

void known_is_who_every_other_member_has_read_of(void **)
{
    std::vector<Member> list = {member("self", {}), member("b", {}),
                                member("c", {})};
    list[1].version = 5;
    list[2].version = 4;
    assert_false(known_to_others(list, "self", 5));
    assert_true(known_to_others(list, "self", 4));
    assert_true(known_to_others({list.data(), 1}, "self", 9));
}

void strict_serves_with_a_lease_only(void **)
{
    const ServingRule strict{true, Millis(3600'000)};
    assert_true(may_serve(strict, at(2000), at(0), true, at(1999)));
    assert_false(may_serve(strict, at(2000), at(0), true, at(2000)));
}

void available_serves_on_for_most_of_its_isolation(void **)
{
    const ServingRule available{false, Millis(10'000)};
    assert_true(may_serve(available, at(2000), at(0), true, at(9000)));
    assert_false(may_serve(available, at(2000), at(0), true, at(9001)));
    assert_false(may_serve(available, at(2000), at(0), false, at(2000)));
    assert_false(
        may_serve(available, BootTime::min(), BootTime::min(), true, at(0)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_is_applied),
        cmocka_unit_test(a_lost_log_is_answered_with_an_epoch),
        cmocka_unit_test(a_log_that_went_back_is_answered_with_an_epoch),
        cmocka_unit_test(
            an_epoch_whose_number_was_used_here_is_answered_with_an_epoch),
        cmocka_unit_test(a_gap_is_a_doubt),
        cmocka_unit_test(
            a_cold_instance_restarts_at_the_first_record_of_the_epoch),
        cmocka_unit_test(a_cold_instance_does_not_restart_in_an_older_epoch),
        cmocka_unit_test(an_epoch_that_was_lived_through_is_applied),
        cmocka_unit_test(an_epoch_after_a_lapsed_lease_is_a_doubt),
        cmocka_unit_test(an_epoch_before_the_others_knew_of_us_is_a_doubt),
        cmocka_unit_test(
            an_epoch_after_records_that_were_never_seen_is_a_doubt),
        cmocka_unit_test(
            a_purge_is_acknowledged_when_every_member_has_applied_it),
        cmocka_unit_test(who_has_not_applied_it_is_named),
        cmocka_unit_test(
            a_higher_number_of_another_epoch_is_no_acknowledgement),
        cmocka_unit_test(members_read_before_the_record_say_nothing),
        cmocka_unit_test(whoever_is_no_member_acknowledges_nothing),
        cmocka_unit_test(
            a_silent_strict_member_is_out_of_service_after_its_own_lease),
        cmocka_unit_test(silence_starts_over_with_a_beat_and_with_an_epoch),
        cmocka_unit_test(a_young_epoch_waits_for_the_longest_lease),
        cmocka_unit_test(known_is_who_every_other_member_has_read_of),
        cmocka_unit_test(strict_serves_with_a_lease_only),
        cmocka_unit_test(available_serves_on_for_most_of_its_isolation),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
