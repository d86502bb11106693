// Slots, who has them, and what nodes say about it.

#include "redis/cluster.h"

#include <deque>
#include <vector>

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;
using Progress = Topology::Progress;

namespace {

// As CLUSTER KEYSLOT of Redis 7.0 says.
void a_key_is_in_the_slot_of_its_tag(void **)
{
    assert_int_equal(key_slot("123456789"), 12739);
    assert_int_equal(key_slot("foo"), 12182);
    assert_int_equal(key_slot("bar{foo}"), key_slot("foo"));
    assert_int_equal(key_slot("{foo}{bar}"), key_slot("foo"));
    assert_int_equal(key_slot("ec:api:{log}:members"), key_slot("log"));
    for (const char *whole : {"foo{}bar", "{foo", "foo}", "}{"}) {
        assert_true(key_slot(whole) != key_slot("foo") &&
                    key_slot(whole) < kSlots);
    }
}

void a_redirection_names_slot_and_node(void **)
{
    const auto moved = parse_redirection("MOVED 3999 127.0.0.1:6381");
    assert_int_equal(moved->slot, 3999);
    assert_sv_equal(text_of(moved->endpoint), "127.0.0.1:6381");
    const auto ask = parse_redirection("ASK 0 2001:db8::1:7000");
    assert_sv_equal(text_of(ask->endpoint), "[2001:db8::1]:7000");
}

void what_is_no_redirection_is_not_followed(void **)
{
    for (const char *text :
         {"MOVED", "MOVED 3999", "MOVED 16384 a:1", "MOVED x a:1",
          "MOVED -1 a:1", "MOVED 1 a", "MOVED 1 :6379", "MOVED 1 a:0",
          "MOVED 1 a:65536", "MOVED 1 a\r:6379", ""}) {
        assert_none(parse_redirection(text));
    }
}

// A CLUSTER SLOTS reply, built range by range.
class Slots
{
public:
    Slots &range(long first, long last, std::string_view host, long port)
    {
        auto &node = keep({text(host), number(port), text("an id")});
        auto &replica = keep({text("10.9.9.9"), number(1), text("another")});
        auto &range =
            keep({number(first), number(last), array(node), array(replica)});
        ranges_.push_back(array(range));
        return *this;
    }
    Slots &raw(const Reply &reply)
    {
        ranges_.push_back(reply);
        return *this;
    }
    Reply reply() { return array(ranges_); }

    static Reply text(std::string_view bytes)
    {
        return {ReplyType::bulk, bytes, 0, {}};
    }
    static Reply number(long value)
    {
        return {ReplyType::integer, {}, value, {}};
    }
    static Reply array(std::vector<Reply> &elements)
    {
        return {ReplyType::array, {}, 0, elements};
    }

private:
    std::vector<Reply> &keep(std::vector<Reply> elements)
    {
        return kept_.emplace_back(std::move(elements));
    }

    std::deque<std::vector<Reply>> kept_;
    std::vector<Reply> ranges_;
};

Slots three_nodes()
{
    Slots slots;
    slots.range(0, 5460, "10.0.0.1", 6379)
        .range(5461, 10922, "10.0.0.2", 6379)
        .range(10923, 16383, "10.0.0.3", 6379);
    return slots;
}

std::string owner(const Cluster &cluster, std::uint16_t slot)
{
    const Endpoint *endpoint = cluster.slots().find(slot);
    return endpoint != nullptr ? text_of(*endpoint) : "none";
}

void every_slot_has_the_owner_that_was_told(void **)
{
    Cluster cluster;
    Slots slots = three_nodes();
    assert_sv_equal(owner(cluster, 0), "none");
    assert_true(cluster.take(slots.reply()) == Progress::changed);
    assert_true(cluster.take(slots.reply()) == Progress::same);
    assert_int_equal(cluster.slots().nodes().size(), 3);
    assert_sv_equal(owner(cluster, 5460), "10.0.0.1:6379");
    assert_sv_equal(owner(cluster, 5461), "10.0.0.2:6379");
    assert_sv_equal(owner(cluster, 16383), "10.0.0.3:6379");
}

void a_slot_that_nobody_has_is_nobodys(void **)
{
    Cluster cluster;
    Slots slots;
    slots.range(0, 99, "10.0.0.1", 6379).range(101, 16383, "10.0.0.2", 6379);
    cluster.take(slots.reply());
    assert_sv_equal(owner(cluster, 100), "none");
    assert_sv_equal(owner(cluster, 101), "10.0.0.2:6379");
}

void a_moved_slot_is_known_before_it_is_asked_for(void **)
{
    Cluster cluster;
    Slots slots = three_nodes();
    cluster.take(slots.reply());
    assert_true(cluster.move({7, {"10.0.0.4", 6379}}));
    assert_false(cluster.move({7, {"10.0.0.4", 6379}}));
    assert_sv_equal(owner(cluster, 7), "10.0.0.4:6379");
    assert_sv_equal(owner(cluster, 8), "10.0.0.1:6379");
    assert_true(cluster.take(slots.reply()) == Progress::changed);
    assert_sv_equal(owner(cluster, 7), "10.0.0.1:6379");
}

void an_answer_that_is_none_changes_nothing(void **)
{
    Cluster cluster;
    Slots right = three_nodes();
    cluster.take(right.reply());

    Slots reversed, beyond, negative, nameless, portless, short_range, empty;
    reversed.range(9, 8, "10.0.0.9", 6379);
    beyond.range(0, 16384, "10.0.0.9", 6379);
    negative.range(-1, 5, "10.0.0.9", 6379);
    nameless.range(0, 5, "", 6379);
    portless.range(0, 5, "10.0.0.9", 0);
    short_range.raw(Slots::number(3));
    for (Slots *slots : {&reversed, &beyond, &negative, &nameless, &portless,
                         &short_range, &empty}) {
        assert_true(cluster.take(slots->reply()) == Progress::useless);
    }
    assert_true(cluster.take({ReplyType::error,
                              "ERR This instance has "
                              "cluster support disabled",
                              0,
                              {}}) == Progress::useless);
    assert_true(cluster.take({ReplyType::nil, {}, 0, {}}) == Progress::useless);
    assert_true(cluster.take(right.reply()) == Progress::same);
}

void more_nodes_than_there_can_be_are_not_believed(void **)
{
    Slots slots;
    for (long i = 0; i <= long(SlotMap::kMaxNodes); i++) {
        slots.range(i, i, "10.0.0.1", 1 + i);
    }
    Cluster cluster;
    assert_true(cluster.take(slots.reply()) == Progress::useless);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_in_the_slot_of_its_tag),
        cmocka_unit_test(a_redirection_names_slot_and_node),
        cmocka_unit_test(what_is_no_redirection_is_not_followed),
        cmocka_unit_test(every_slot_has_the_owner_that_was_told),
        cmocka_unit_test(a_slot_that_nobody_has_is_nobodys),
        cmocka_unit_test(a_moved_slot_is_known_before_it_is_asked_for),
        cmocka_unit_test(an_answer_that_is_none_changes_nothing),
        cmocka_unit_test(more_nodes_than_there_can_be_are_not_believed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
