// The protocol of invalidation, with the real decisions and the real tables,
// in worlds where anything happens at random: no read sees less than a purge
// that was acknowledged has promised. With one of the rules left out some read
// does: so each of them is needed, and the model would notice.
//
// STEPS in the environment: so many for each profile with all of the rules
// (`make model`).

#include "model/world.h"

#include <cstdio>
#include <cstdlib>

using namespace edge_test;
using namespace edge_test::model;

namespace {

constexpr std::size_t kSteps = 20'000;
constexpr std::size_t kEpisode = 600;
// The search for what a rule left out does.
constexpr std::size_t kMostSteps = 3'000'000;

std::size_t steps_asked_for()
{
    const char *steps = std::getenv("STEPS");
    return steps != nullptr ? std::strtoull(steps, nullptr, 10) : kSteps;
}

Profile everyday(std::string_view name, Rule rule)
{
    Profile profile;
    profile.name = name;
    profile.settings.broken = rule;
    profile.set(Event::step, 600).set(Event::tick, 60).set(Event::wait, 20);
    profile.set(Event::read, 60).set(Event::purge, 12);
    return profile;
}

struct Sum
{
    std::size_t steps = 0;
    std::size_t reads = 0;
    std::size_t hits = 0;
    std::size_t confirmed = 0;
    std::size_t stale = 0;
    std::uint64_t seed = 0; // of the last world
};

// Worlds of some hundred steps each, until one sees something stale.
Sum explore(const Profile &profile, std::size_t steps, std::uint64_t seed = 0)
{
    Sum sum;
    sum.seed = seed;
    while (sum.steps < steps && sum.stale == 0) {
        World world(profile, ++sum.seed);
        std::size_t i = 0;
        for (; i < kEpisode && world.seen().stale == 0; i++) {
            world.step();
        }
        sum.steps += i;
        sum.reads += world.seen().reads;
        sum.hits += world.seen().hits;
        sum.confirmed += world.seen().confirmed;
        sum.stale += world.seen().stale;
    }
    return sum;
}

void tell(const Profile &profile, const Sum &sum)
{
    std::printf("%-16s rule %2d: %8zu steps, %zu reads, %zu hits, %zu purges "
                "confirmed, %zu stale, seed %llu\n",
                std::string(profile.name).c_str(),
                static_cast<int>(profile.settings.broken), sum.steps, sum.reads,
                sum.hits, sum.confirmed, sum.stale,
                static_cast<unsigned long long>(sum.seed));
    std::fflush(stdout);
}

// With the rule nothing is stale; without it something is.  `seed`: before one
// that is known to show it, so that the search is short.
void needs(Profile profile, Rule rule, std::uint64_t seed = 0)
{
    profile.settings.broken = Rule::none;
    const Sum with = explore(profile, steps_asked_for());
    tell(profile, with);
    assert_true(with.stale == 0);
    assert_true(with.hits > 0 && with.confirmed > 0);

    profile.settings.broken = rule;
    const Sum without = explore(profile, kMostSteps, seed);
    tell(profile, without);
    assert_true(without.stale > 0);
}

Profile strict(std::string_view name)
{
    return everyday(name, Rule::none);
}

Profile available(std::string_view name)
{
    Profile profile = everyday(name, Rule::none);
    profile.settings.strict = false;
    return profile;
}

Profile with_replica(std::string_view name)
{
    Profile profile = strict(name);
    profile.settings.wait = true;
    return profile.set(Event::fail_over, 8).set(Event::purge, 30);
}

void a_row_that_is_forgotten_raises_the_floor(void **)
{
    Profile profile = strict("floor");
    profile.settings.rows = 2;
    profile.keys = 4;
    needs(profile.set(Event::purge, 30), Rule::floor);
}

void a_log_belongs_to_the_node_that_answers(void **)
{
    needs(strict("identity")
              .set(Event::cut, 10)
              .set(Event::old_dump, 10)
              .set(Event::freeze, 4),
          Rule::identity);
}

void members_belong_to_their_log(void **)
{
    needs(strict("members' nonce").set(Event::lose_members, 8),
          Rule::members_nonce);
}

void known_members_are_in_the_next_epoch(void **)
{
    needs(available("carry over")
              .set(Event::lose_members, 8)
              .set(Event::flush, 4)
              .set(Event::cut, 10),
          Rule::carry_over, 107);
}

void what_was_trimmed_unread_is_a_doubt(void **)
{
    needs(strict("gap").set(Event::trim, 20).set(Event::cut, 20), Rule::gap);
}

void who_has_just_begun_trusts_nothing_older(void **)
{
    needs(strict("cold")
              .set(Event::restart, 8)
              .set(Event::trim, 12)
              .set(Event::lose_log, 4),
          Rule::cold);
}

void who_had_no_lease_trusts_nothing_in_a_new_epoch(void **)
{
    needs(strict("lapsed")
              .set(Event::cut, 10)
              .set(Event::flush, 6)
              .set(Event::restart, 6)
              .set(Event::wait, 40),
          Rule::lapsed, 1795);
}

void who_is_not_known_to_all_serves_nothing_alone(void **)
{
    needs(available("seen")
              .set(Event::restart, 8)
              .set(Event::flush, 8)
              .set(Event::cut, 8),
          Rule::seen, 1496);
}

void epochs_are_told_apart_by_nonces(void **)
{
    needs(strict("nonce").set(Event::restart, 12).set(Event::lose_log, 12),
          Rule::nonce);
}

void a_ticket_is_taken_before_the_fetch(void **)
{
    needs(strict("ticket"), Rule::ticket);
}

void a_waiter_gets_what_is_usable(void **)
{
    needs(strict("waiter").set(Event::purge, 30), Rule::waiter, 148);
}

void without_a_lease_nobody_joins(void **)
{
    needs(strict("join").set(Event::cut, 10).set(Event::wait, 60), Rule::join,
          480);
}

void a_foreign_ticket_knows_of_no_local_purge(void **)
{
    needs(available("foreign ticket").set(Event::cut, 20),
          Rule::foreign_ticket);
}

void a_local_purge_holds_until_its_record_is_applied(void **)
{
    needs(available("pending").set(Event::cut, 20), Rule::pending);
}

void members_are_read_after_the_record(void **)
{
    needs(strict("members first").set(Event::restart, 12), Rule::members_first,
          218);
}

void what_was_applied_is_of_the_same_epoch(void **)
{
    Profile profile = available("ack by nonce");
    profile.settings.lease = Millis(200);
    needs(profile.set(Event::wait, 40)
              .set(Event::lose_log, 8)
              .set(Event::cut, 4)
              .set(Event::recover, 8),
          Rule::ack_by_nonce, 5644);
}

void nothing_is_acknowledged_in_a_young_epoch(void **)
{
    Profile profile = strict("young epoch");
    profile.settings.lease = Millis(300);
    profile.keys = 1;
    needs(profile.set(Event::purge, 40)
              .set(Event::restart, 6)
              .set(Event::lose_log, 4)
              .set(Event::lose_members, 4),
          Rule::young_epoch, 3034);
}

void a_purge_needs_its_replicas(void **)
{
    needs(with_replica("wait: purge"), Rule::wait_purge);
}

void a_lease_needs_its_replicas(void **)
{
    needs(with_replica("wait: lease"), Rule::wait_lease, 335);
}

void what_is_fetched_in_a_hold_is_not_stored(void **)
{
    needs(strict("hold").set(Event::write, 30).set(Event::purge, 1),
          Rule::hold_store);
}

void a_window_begins_before_its_record_leaves(void **)
{
    needs(strict("window").set(Event::write, 30).set(Event::purge, 1),
          Rule::window);
}

void a_window_elsewhere_begins_with_the_beat_before(void **)
{
    Profile profile = strict("window elsewhere");
    profile.keys = 1;
    needs(profile.set(Event::write, 30).set(Event::purge, 1),
          Rule::window_elsewhere, 177);
}

void everything_at_once(void **)
{
    for (const bool is_strict : {true, false}) {
        Profile profile =
            is_strict ? strict("all, strict") : available("all, available");
        for (std::size_t i = static_cast<std::size_t>(Event::write);
             i < kEvents; i++) {
            profile.weights[i] = 1;
        }
        profile.settings.wait = is_strict;
        if (!is_strict) {
            profile.set(Event::fail_over, 0);
        }
        profile.instances = 3;
        const Sum sum = explore(profile, steps_asked_for());
        tell(profile, sum);
        assert_true(sum.stale == 0);
        assert_true(sum.hits > 0 && sum.confirmed > 0);
    }
}

} // namespace

int main(int count, char **words)
{
    if (count > 1) {
        cmocka_set_test_filter(words[1]);
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_is_forgotten_raises_the_floor),
        cmocka_unit_test(a_log_belongs_to_the_node_that_answers),
        cmocka_unit_test(members_belong_to_their_log),
        cmocka_unit_test(known_members_are_in_the_next_epoch),
        cmocka_unit_test(what_was_trimmed_unread_is_a_doubt),
        cmocka_unit_test(who_has_just_begun_trusts_nothing_older),
        cmocka_unit_test(who_had_no_lease_trusts_nothing_in_a_new_epoch),
        cmocka_unit_test(who_is_not_known_to_all_serves_nothing_alone),
        cmocka_unit_test(epochs_are_told_apart_by_nonces),
        cmocka_unit_test(a_ticket_is_taken_before_the_fetch),
        cmocka_unit_test(a_waiter_gets_what_is_usable),
        cmocka_unit_test(without_a_lease_nobody_joins),
        cmocka_unit_test(a_foreign_ticket_knows_of_no_local_purge),
        cmocka_unit_test(a_local_purge_holds_until_its_record_is_applied),
        cmocka_unit_test(members_are_read_after_the_record),
        cmocka_unit_test(what_was_applied_is_of_the_same_epoch),
        cmocka_unit_test(nothing_is_acknowledged_in_a_young_epoch),
        cmocka_unit_test(a_purge_needs_its_replicas),
        cmocka_unit_test(a_lease_needs_its_replicas),
        cmocka_unit_test(what_is_fetched_in_a_hold_is_not_stored),
        cmocka_unit_test(a_window_begins_before_its_record_leaves),
        cmocka_unit_test(a_window_elsewhere_begins_with_the_beat_before),
        cmocka_unit_test(everything_at_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
