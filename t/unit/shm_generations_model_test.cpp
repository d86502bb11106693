// Instances that lose, trim, replace and read a log at random, against a model
// that remembers every purge: what has been purged, as far as an instance has
// heard of it, is never used there again.

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "generations_model.h"

using namespace edge_test;

namespace {

struct LogRecord
{
    Record record;
    KnownPurge purge; // row 0: none
};

// In Redis. What is trimmed stays in `trimmed`, as a restart counts as having
// heard of it.
struct Log
{
    std::deque<LogRecord> records;
    std::vector<KnownPurge> trimmed;

    const Position &top() const { return records.back().record.position; }
};

struct Instance
{
    explicit Instance(std::uint32_t rows)
        : memory({.rows = rows, .random = 3, .own_log = false}),
          state(memory.attach())
    {
    }

    Memory memory;
    Generations state;
    std::vector<KnownPurge> known;
};

class World
{
public:
    World(std::uint64_t seed, std::uint32_t rows) : random_(seed)
    {
        for (int i = 0; i < 2; i++) {
            instances_.push_back(std::make_unique<Instance>(rows));
        }
    }

    void step()
    {
        time_++;
        Instance &instance = any();
        switch (random_() % 32) {
        case 0:
            lose_log();
            break;
        case 1:
            lose_tail();
            break;
        case 2:
            trim();
            break;
        case 3:
            instance.state.recover();
            break;
        case 4:
            begin_epoch(instance);
            break;
        case 5:
            instance.state.doubt(instance.state.applied());
            break;
        case 6:
            purge_locally(instance);
            break;
        case 7:
            settle(instance);
            break;
        case 8:
        case 9:
        case 10:
        case 11:
        case 12:
            append();
            break;
        case 13:
        case 14:
        case 15:
            fill();
            break;
        default:
            read(instance);
            break;
        }
        check();
    }

    std::size_t used() const { return used_; }

private:
    Instance &any() { return *instances_[random_() % instances_.size()]; }
    PurgeMode mode()
    {
        return random_() % 2 ? PurgeMode::hard : PurgeMode::soft;
    }
    TenantHash tenant()
    {
        const auto i = random_() % 3;
        return i == 2 ? kAllTenants : hash_tenant(kTenants[i]);
    }
    std::string_view tag() { return kTags[random_() % kTags.size()]; }
    KnownPurge some_purge()
    {
        const TenantHash hash = tenant();
        KnownPurge purge{time_, row_of(tag(), hash), mode()};
        if (random_() % 16 == 0) {
            purge.row = row_key(select_everything(), hash);
        } else if (random_() % 4 == 0) {
            purge.other = row_of(tag(), hash);
        }
        return purge;
    }

    void lose_log()
    {
        if (random_() % 4 == 0) {
            log_.records.clear();
            log_.trimmed.clear();
        }
    }

    void lose_tail()
    {
        if (log_.records.size() > 3 && random_() % 2) {
            log_.records.pop_back();
            // The node that lost it is another one than before: nobody goes
            // on in its epoch.
            stale_ = true;
        }
    }

    void trim()
    {
        for (auto n = random_() % 4; n > 0 && log_.records.size() > 1; n--) {
            if (log_.records.front().purge.row != 0) {
                log_.trimmed.push_back(log_.records.front().purge);
            }
            log_.records.pop_front();
        }
    }

    void begin_epoch(Instance &instance)
    {
        const bool missing = log_.records.empty();
        const std::uint64_t own = instance.state.epoch().generation.epoch();
        const std::uint64_t top = missing ? 0 : log_.top().generation.epoch();
        const Position position = place(++nonces_, std::max(own, top) + 1, 1);
        log_.records.push_back(
            {epoch_record(position, missing ? Position{} : log_.top()), {}});
        stale_ = false;
    }

    bool log_is_current() const { return !log_.records.empty() && !stale_; }

    void append_purge(const KnownPurge &purge)
    {
        const Position &top = log_.top();
        const Position position{top.nonce, {top.generation.packed + 1}};
        log_.records.push_back(
            {Record{position, to_purge(purge)}, purge});
    }

    void append()
    {
        if (log_is_current()) {
            append_purge(some_purge());
        }
    }

    void fill()
    {
        const std::size_t i = random_() % instances_.size();
        entries_.push_back({instances_[i]->state.ticket(), i, time_,
                            tag(), tag(),
                            kTenants[random_() % kTenants.size()]});
        if (entries_.size() > 64) {
            entries_.erase(entries_.begin());
        }
    }

    void purge_locally(Instance &instance)
    {
        const KnownPurge purge = some_purge();
        instance.state.purge_locally(to_purge(purge), at(0));
        instance.known.push_back(purge);
    }

    // All rows go into the log one by one; the last record stands for them.
    void settle(Instance &instance)
    {
        const auto purges = instance.state.local_purges();
        if (purges.empty() || !log_is_current()) {
            return;
        }
        const std::uint64_t local = instance.state.ticket().local;
        for (auto rest = purges; !rest.empty();
             rest = rest.subspan(rest.front().together)) {
            const shm::LocalPurge &first = rest.front();
            append_purge({time_, first.row, first.mode,
                          first.together == 2 ? rest[1].row : 0});
        }
        const Position record = log_.top();
        for (int i = 0; i < 8; i++) {
            read(instance);
        }
        instance.state.settle(local, record);
    }

    bool is_behind(const Instance &instance) const
    {
        const Position applied = instance.state.applied();
        const Position epoch = instance.state.epoch();
        const Position &top = log_.top();
        if (top.nonce == epoch.nonce) {
            return applied.nonce == 0 || top.generation >= applied.generation;
        }
        return top.generation.epoch() > epoch.generation.epoch();
    }

    // What a reader does with one answer, in the simplest words.
    void read(Instance &instance)
    {
        if (!log_is_current() || !is_behind(instance)) {
            begin_epoch(instance);
            return;
        }
        const Position applied = instance.state.applied();
        if (applied.nonce == 0) {
            restart(instance);
            return;
        }
        for (const LogRecord &entry : log_.records) {
            if (instance.state.apply(entry.record, at(0))) {
                learn(instance, entry.purge);
                return;
            }
        }
        if (!instance.state.caught_up(log_.top(), at(0), Millis(0))) {
            instance.state.doubt(applied);
        }
    }

    void restart(Instance &instance)
    {
        instance.known.insert(instance.known.end(), log_.trimmed.begin(),
                              log_.trimmed.end());
        for (const LogRecord &entry : log_.records) {
            const Position &first = entry.record.position;
            if (first.nonce == log_.top().nonce) {
                assert_true(instance.state.restart(
                    {first.nonce, {first.generation.packed - 1}}, at(0)));
                return;
            }
            learn(instance, entry.purge);
        }
    }

    static void learn(Instance &instance, const KnownPurge &purge)
    {
        if (purge.row != 0) {
            instance.known.push_back(purge);
        }
    }

    void check()
    {
        for (std::size_t i = 0; i < instances_.size(); i++) {
            for (const Entry &entry : entries_) {
                check(i, entry);
            }
        }
    }

    void check(std::size_t i, const Entry &entry)
    {
        Ticket ticket = entry.ticket;
        if (i != entry.instance) {
            ticket.local = 0;
        }
        const Instance &instance = *instances_[i];
        const std::string all = selectors({entry.tag, entry.other_tag});
        const TenantHash tenant = hash_tenant(entry.tenant);
        const Usability found = instance.state.check(ticket, all, tenant);
        used_ += found == Usability::usable;
        const shm::Objection said =
            instance.state.objection(ticket, all, tenant);
        assert_true(said.effect == found);
        assert_true((said.cause == shm::Objection::Cause::none) ==
                    (found == Usability::usable));
        if (found == Usability::unusable) {
            return;
        }
        for (const KnownPurge &purge : instance.known) {
            if (purge.time > entry.filled && names(purge, entry)) {
                assert_true(purge.mode == PurgeMode::soft);
                assert_true(found == Usability::stale_only);
            }
        }
    }

    Random random_;
    std::vector<std::unique_ptr<Instance>> instances_;
    Log log_;
    bool stale_ = false;
    Nonce nonces_ = 100;
    Time time_ = 0;
    std::deque<Entry> entries_;
    std::size_t used_ = 0;
};

void never_used_once_purged(std::uint32_t rows)
{
    std::size_t used = 0;
    for (std::uint64_t seed = 0; seed < 60; seed++) {
        World world(seed, rows);
        for (int i = 0; i < 200; i++) {
            world.step();
        }
        used += world.used();
    }
    // Not by refusing everything.
    assert_true(used > 5000);
}

void nothing_purged_is_used_whatever_happens_to_the_log(void **)
{
    never_used_once_purged(1024);
}

void nothing_purged_is_used_when_rows_have_to_go(void **)
{
    never_used_once_purged(4);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_purged_is_used_whatever_happens_to_the_log),
        cmocka_unit_test(nothing_purged_is_used_when_rows_have_to_go),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
