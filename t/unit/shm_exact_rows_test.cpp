// What unsafe methods invalidate: a name at a time, whatever their number.

#include "generations_memory.h"

#include <map>
#include <random>

using namespace edge_test;

namespace {

constexpr Nonce kLog = 11;
// The least there is: 16 exact rows.
constexpr std::uint32_t kRows = 64;

class Instance
{
public:
    Instance()
        : memory_({.rows = kRows, .random = 5, .own_log = false}),
          state(memory_.attach())
    {
        state.restart(place(kLog, 1, 0), at(0));
        assert_true(state.apply(epoch_record(place(kLog, 1, 1), {}), at(0)));
        assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    }

private:
    Memory memory_;
    std::uint64_t sequence_ = 1;

public:
    Generations state;

    void apply(std::vector<RowKey> rows, BootTime now,
               Millis hold = kWriteHold, shm::BeforeRow before_row = {})
    {
        assert_true(state.apply({place(kLog, 1, ++sequence_),
                                 Purge{"r", PurgeMode::hard, std::move(rows),
                                       hold}},
                                now, before_row));
    }
    void apply(RowKey row, BootTime now, Millis hold = kWriteHold)
    {
        apply(std::vector{row}, now, hold);
    }
    std::uint64_t write(std::string_view tag, BootTime now,
                        Millis hold = Millis(0))
    {
        const RowKey row = row_of(tag);
        return state.invalidate({&row, 1}, hold, now);
    }
    Ticket fill(BootTime now) const
    {
        Ticket ticket = state.ticket();
        ticket.taken = now;
        return ticket;
    }
    bool usable(Ticket ticket, std::string_view tag, BootTime now,
                bool in_memory = false) const
    {
        return state.check(ticket, selectors({tag}), kAcme,
                           {now, in_memory}) == Usability::usable;
    }
};

// As decoded from a stored entry.
Ticket stored(Ticket ticket)
{
    ticket.taken = BootTime::min();
    return ticket;
}

Ticket foreign(Ticket ticket)
{
    ticket.local = 0;
    return stored(ticket);
}

void a_write_makes_what_was_asked_for_before_unusable(void **)
{
    Instance instance;
    const Ticket before = instance.fill(at(1));
    instance.write("a", at(2));
    const Ticket after = instance.fill(at(3));
    assert_false(instance.usable(before, "a", at(4)));
    assert_false(instance.usable(stored(before), "a", at(4), true));
    assert_true(instance.usable(after, "a", at(4)));
    assert_true(instance.usable(before, "b", at(4)));
}

void while_no_record_stands_for_it_nothing_foreign_is_usable(void **)
{
    Instance instance;
    const std::uint64_t counter = instance.write("a", at(2));
    const Ticket theirs = foreign(instance.fill(at(3)));
    assert_false(instance.usable(theirs, "a", at(4)));
    const RowKey row = row_of("a");
    instance.apply(row, at(5), Millis(1));
    instance.state.settle_exact({&row, 1}, counter, instance.state.applied());
    assert_false(instance.usable(theirs, "a", at(9)));
    assert_true(instance.usable(foreign(instance.fill(at(9))), "a", at(9)));
}

void a_record_of_an_earlier_write_does_not_stand_for_a_later_one(void **)
{
    Instance instance;
    const std::uint64_t first = instance.write("a", at(2));
    instance.write("a", at(3));
    const RowKey row = row_of("a");
    instance.apply(row, at(5), Millis(1));
    instance.state.settle_exact({&row, 1}, first, instance.state.applied());
    assert_false(
        instance.usable(foreign(instance.fill(at(9))), "a", at(9)));
}

// Rule 20.
void what_was_asked_for_while_it_holds_is_not_stored(void **)
{
    Instance instance;
    instance.apply(row_of("a"), at(100), Millis(1000));
    const Ticket in_hold = instance.fill(at(1099));
    assert_false(instance.usable(in_hold, "a", at(1099)));
    assert_false(instance.usable(in_hold, "a", at(5000)));
    assert_true(instance.usable(in_hold, "b", at(1099)));
    assert_true(instance.usable(instance.fill(at(1100)), "a", at(1100)));
}

// Rule 21.
void the_window_begins_when_the_record_is_sent(void **)
{
    Instance instance;
    const RowKey row = row_of("a");
    const std::span<const RowKey> rows(&row, 1);
    assert_false(instance.state.is_covered(rows, at(1)));
    instance.write("a", at(1), kWriteHold);
    instance.state.cover(rows, at(1));
    assert_true(instance.state.is_covered(rows, at(1000)));
    // Whoever was to send the record has died.
    assert_false(instance.state.is_covered(rows, at(1001)));
    instance.state.cover(rows, at(50));
    assert_true(instance.state.is_covered(rows, at(1049)));
    assert_false(instance.state.is_covered(rows, at(1050)));
    // Whatever is covered is held; what was usable a moment ago, too.
    assert_false(
        instance.usable(instance.fill(at(1049)), "a", at(1049)));
    const std::uint64_t before = instance.state.changes();
    instance.state.cover(rows, at(50));
    assert_true(instance.state.changes() > before);
    instance.state.uncover(rows);
    assert_false(instance.state.is_covered(rows, at(51)));
}

// Rule 21, where another instance wrote it: when it was sent is not known, but
// when the log did not have it yet.
void a_record_from_elsewhere_covers_from_the_beat_before(void **)
{
    Instance instance;
    const RowKey row = row_of("a");
    const std::span<const RowKey> rows(&row, 1);
    const auto beat = [&](std::int64_t asked) {
        assert_true(instance.state.caught_up(instance.state.applied(),
                                             at(asked), Millis(0)));
    };
    beat(400);
    instance.apply(row, at(700));
    beat(800);
    assert_true(instance.state.is_covered(rows, at(1399)));
    assert_false(instance.state.is_covered(rows, at(1400)));
    // Whatever is covered is held.
    assert_false(
        instance.usable(instance.fill(at(1399)), "a", at(1399)));
}

void a_name_that_was_forgotten_lets_nothing_older_in(void **)
{
    Instance instance;
    const Ticket before = instance.fill(at(1));
    const Ticket theirs = foreign(before);
    instance.write("a", at(2));
    const Ticket after = instance.fill(at(3));
    for (int i = 0; i < 40; i++) {
        instance.write("x" + std::to_string(i), at(4));
    }
    for (const Ticket &ticket : {before, theirs}) {
        assert_false(instance.usable(ticket, "a", at(5)));
    }
    assert_false(instance.usable(after, "a", at(5)));
    assert_true(instance.usable(instance.fill(at(6)), "a", at(6)));
}

void writes_take_nothing_from_memory_but_what_they_name(void **)
{
    Instance instance;
    const Ticket ticket = stored(instance.fill(at(1)));
    for (int i = 0; i < 1000; i++) {
        instance.write("x" + std::to_string(i), at(2));
        instance.apply(row_of("y" + std::to_string(i)), at(2));
    }
    assert_true(instance.usable(ticket, "b", at(3), true));
    assert_int_equal(instance.state.rows_used(), 0);
    assert_int_equal(instance.state.floor().packed,
                     Generation::of(1, 0).packed);
}

// Objects that are swept as the zone does it: one is compared for each row, as
// many as there are rows altogether.
class SweptMemory
{
public:
    struct Object
    {
        Ticket ticket;
        std::uint64_t filled = 0; // 0: none
    };

    explicit SweptMemory(const Instance &instance)
        : instance_(instance), objects_(instance.state.exact_rows())
    {
    }

    static std::string name(std::size_t i) { return "n" + std::to_string(i); }
    Object &operator[](std::size_t i) { return objects_[i]; }
    shm::BeforeRow sweep() { return {&SweptMemory::compare_next, this}; }

private:
    static void compare_next(void *data)
    {
        auto *self = static_cast<SweptMemory *>(data);
        Object &object = self->objects_[self->cursor_];
        if (object.filled != 0 &&
            self->instance_.state.is_invalidated(
                stored(object.ticket), selectors({name(self->cursor_)}),
                kAcme)) {
            object = {};
        }
        self->cursor_ = (self->cursor_ + 1) % self->objects_.size();
    }

    const Instance &instance_;
    std::vector<Object> objects_;
    std::size_t cursor_ = 0;
};

// One of them at most has a name that is used again.
std::vector<RowKey> random_rows(std::mt19937_64 &random, std::size_t i,
                                std::uint64_t time, std::size_t room)
{
    std::vector<RowKey> rows;
    const std::size_t most = random() % 4 == 0 ? 3 * room : 3;
    for (std::size_t n = random() % most; n > 0; n--) {
        rows.push_back(row_of("o" + std::to_string(time * 100 + n)));
    }
    const std::size_t at = random() % (rows.size() + 1);
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(at),
                row_of(SweptMemory::name(i)));
    return rows;
}

// Rows that come together, more than there is room for, too.
void what_is_written_is_never_used_again(void **)
{
    std::mt19937_64 random(3);
    Instance instance;
    SweptMemory memory(instance);
    const std::size_t room = instance.state.exact_rows();
    std::vector<std::uint64_t> written(room, 0);
    std::vector<std::pair<std::size_t, SweptMemory::Object>> fills;
    std::size_t used = 0;
    for (std::uint64_t time = 1; time < 1'000'000; time++) {
        const std::size_t i = random() % room;
        const BootTime now = at(static_cast<std::int64_t>(time));
        const auto action = random() % 8;
        if (action == 0) {
            const auto rows = random_rows(random, i, time, room);
            if (random() % 2) {
                instance.state.invalidate(rows, Millis(0), now,
                                          memory.sweep());
            } else {
                instance.apply(rows, now, Millis(1), memory.sweep());
            }
            written[i] = time;
        } else if (action == 1) {
            fills.push_back({i, {instance.fill(now), time}});
        } else if (action == 2 && !fills.empty()) {
            const auto [name, object] = fills[random() % fills.size()];
            if (instance.usable(object.ticket, memory.name(name), now)) {
                assert_true(object.filled > written[name]);
                memory[name] = object;
            }
            fills.clear();
        } else if (memory[i].filled != 0 &&
                   instance.usable(stored(memory[i].ticket), memory.name(i),
                                   now, true)) {
            assert_true(memory[i].filled > written[i]);
            used++;
        }
    }
    assert_true(used > 10'000);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_write_makes_what_was_asked_for_before_unusable),
        cmocka_unit_test(
            while_no_record_stands_for_it_nothing_foreign_is_usable),
        cmocka_unit_test(
            a_record_of_an_earlier_write_does_not_stand_for_a_later_one),
        cmocka_unit_test(what_was_asked_for_while_it_holds_is_not_stored),
        cmocka_unit_test(the_window_begins_when_the_record_is_sent),
        cmocka_unit_test(a_record_from_elsewhere_covers_from_the_beat_before),
        cmocka_unit_test(a_name_that_was_forgotten_lets_nothing_older_in),
        cmocka_unit_test(writes_take_nothing_from_memory_but_what_they_name),
        cmocka_unit_test(what_is_written_is_never_used_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
