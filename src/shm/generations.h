// How far an instance has applied the log, and what has been purged since:
// says of every entry whether it may still be used. Everything is answered in
// doubt with "no".
//
// A zone without Redis is its own log: purge() takes the next place in it and
// applies it at once.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock; who
// finds that its last holder died inside calls recover() first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "invalidate/entry_rows.h"
#include "invalidate/generation.h"
#include "invalidate/record.h"
#include "invalidate/selector.h"
#include "shm/exact_rows.h"
#include "shm/purge_rows.h"
#include "shm/tag_sets.h"

namespace edge::shm {

// A purge that is in no log, as Redis was away.
struct LocalPurge
{
    invalidate::RowKey row = 0;
    std::uint64_t local = 0; // the local counter of the purge
    invalidate::PurgeMode mode = invalidate::PurgeMode::hard;
    // This one and the next ones count together (invalidate::Purge).
    std::uint32_t together = 1;
    BootTime at;
    Millis settle{0};
};

// Rows of purges that were applied here and that the log has lost since.
struct LostPurges
{
    std::vector<invalidate::RowKey> hard;
    std::vector<invalidate::RowKey> soft;
    struct Set
    {
        invalidate::PurgeMode mode;
        std::vector<invalidate::RowKey> rows;
    };
    std::vector<Set> sets;
    // The longest of them.
    Millis settle{0};

    bool empty() const { return size() == 0; }
    std::size_t size() const
    {
        return hard.size() + soft.size() + sets.size();
    }
};

// What an instance knows about being up to date.
struct Standing
{
    // Until then no purge is acknowledged without this instance.
    BootTime lease_until = BootTime::min();
    // When the last question was asked whose answer has been applied whole;
    // min() if none since the last doubt.
    BootTime current_at = BootTime::min();
    BootTime joined_at = BootTime::min(); // the present epoch
};

// What an entry is checked for.
struct Use
{
    BootTime now;
    // It has been in memory all the time, and so has been compared with every
    // row that was forgotten. A fill, or what was read from Redis, has not.
    bool in_memory = false;
};

// What is most against an entry, for people: check() says only how much.
struct Objection
{
    enum class Cause : std::uint8_t
    {
        none,
        behind,      // the log has not been read to its end
        epoch,       // it is of a log that this instance did not live through
        floor,       // purges have been forgotten that may have named it
        write_floor, // the same, of unsafe methods
        purge,       // `row` was purged
        local_purge, // the same, while Redis was away: no generation
        write        // an unsafe method has changed `row`
    };

    Usability effect = Usability::usable;
    Cause cause = Cause::none;
    invalidate::RowKey row = 0;
    // Of the purge or write, or what the entry's must not be below.
    invalidate::Generation generation;
};

struct GenerationsConfig
{
    // Distinct names that can be purged before the oldest purge is forgotten
    // and everything older than it goes; at least 2.
    std::uint32_t rows = 65536;
    // Not 0: seed of the table, and the nonce of an own log.
    std::uint64_t random = 0;
    bool own_log = true;
};

class Generations
{
public:
    static constexpr std::size_t kEpochs = 8;
    static constexpr std::size_t kLocalPurges = 64;
    static constexpr std::size_t kAlignment = 8;

    static std::size_t bytes_for(std::uint32_t rows);
    // Of aligned memory of at least bytes_for(rows). nullopt: it is not, or
    // the configuration is none. Nobody uses it yet.
    static std::optional<Generations> format(std::span<std::byte> memory,
                                             const GenerationsConfig &config);
    // What format() left in this memory; nullopt: something else is there.
    static std::optional<Generations> attach(std::span<std::byte> memory);

    // For a fill, before its first byte goes upstream.
    invalidate::Ticket ticket() const;

    // `selectors`: as the entry stores them (invalidate/selector.h). An entry
    // that did not get its ticket here (read from Redis) has local = 0 in it.
    // A fill is stored in memory only if it is usable.
    Usability check(const invalidate::Ticket &ticket,
                    std::string_view selectors, invalidate::TenantHash tenant,
                    const Use &use = {}) const;

    // Why check() says what it says: of several purges the hardest, and of
    // those the last.
    Objection objection(const invalidate::Ticket &ticket,
                        std::string_view selectors,
                        invalidate::TenantHash tenant,
                        const Use &use = {}) const;

    // For how long a fill with that ticket is kept, where it began so soon
    // after a purge, or a write, of what it belongs to that the origin may not
    // have known of it: within what the purge says, and within `least` after
    // any of them. nullopt: for its lifetime. At most kMaxSettle.
    std::optional<Millis> keep_time(const invalidate::Ticket &ticket,
                                    std::string_view selectors,
                                    invalidate::TenantHash tenant,
                                    Millis least) const;

    // Counts whatever can make an entry unusable, from 1. What was usable at
    // the same count still is: a hit is one comparison.
    std::uint64_t changes() const;

    // Nonce 0: in doubt, or never joined. Then nothing is usable until
    // restart() says where to go on, and all that was purged meanwhile has
    // been applied (caught_up()).
    invalidate::Position applied() const;
    invalidate::Progress progress() const;
    // The epoch this instance was last in, sequence 0. Outlasts a doubt.
    invalidate::Position epoch() const;

    // Applies the record that comes next; false, and nothing happens, when it
    // is another one. So readers may repeat and overtake one another.
    // `before_row`: for each exact row, if it has any.
    bool apply(const invalidate::Record &record, BootTime now,
               BeforeRow before_row = {});
    // Records may have been missed after `seen`. Ignored when more has been
    // applied by now.
    void doubt(const invalidate::Position &seen);
    // In doubt only: go on after `position`, the place before the first record
    // of the present epoch that the log still has. Older entries are lost.
    bool restart(const invalidate::Position &position, BootTime now);

    // A question asked at `asked` was answered with `top` as the newest
    // record. If all up to there is applied, the lease begins with the
    // question; otherwise false. After a restart the first question that
    // counts is one asked since.
    bool caught_up(const invalidate::Position &top, BootTime asked,
                   Millis lease);
    const Standing &standing() const;

    // This instance is no member any more: only an answer to a question asked
    // after now makes anything usable again.
    void leave(BootTime now);

    // The next place in the own log.
    invalidate::Generation purge(const invalidate::Purge &purge,
                                 BootTime now);

    // Unsafe methods (protocol 9). At once, here alone: what was asked for
    // before is unusable, and until `hold` is over everything is. The counter
    // stands for it. Renews one exact row for each.
    std::uint64_t invalidate(std::span<const invalidate::RowKey> rows,
                             Millis hold, BootTime now,
                             BeforeRow before_row = {});
    // A record of all these, of this or of another instance, is on its way, or
    // was sent within the window.
    bool is_covered(std::span<const invalidate::RowKey> rows,
                    BootTime now) const;
    // A record of these is about to be written, and leaves at `now` or later;
    // or was not written. Whoever was to send it may die: the window ends by
    // itself.
    void cover(std::span<const invalidate::RowKey> rows, BootTime now);
    void uncover(std::span<const invalidate::RowKey> rows);
    // `record` holds what was invalidated up to the counter `local`.
    void settle_exact(std::span<const invalidate::RowKey> rows,
                      std::uint64_t local, const invalidate::Position &record);
    // Whether an entry in memory was invalidated so: as long as all that were
    // are removed while BeforeRow is called exact_rows() times, none of them
    // is used again.
    bool is_invalidated(const invalidate::Ticket &ticket,
                        std::string_view selectors,
                        invalidate::TenantHash tenant) const;
    std::size_t exact_rows() const { return exact_.size(); }

    // Redis is away. When there are too many, one purge of everything stands
    // for all of them.
    void purge_locally(const invalidate::Purge &purge, BootTime now);
    std::span<const LocalPurge> local_purges() const;
    // `record` holds all local purges up to the counter `local`; they go if
    // it has been applied here, otherwise false.
    bool settle(std::uint64_t local, const invalidate::Position &record);

    // What is to be put into the present epoch again, as others may not have
    // it. A row goes from here once a record of that epoch names it.
    LostPurges lost_purges() const;

    // Makes a valid state of any that a process can have died in: rows are
    // forgotten, and with them every entry that is older.
    void recover();

    std::size_t rows_used() const { return rows_.used(); }
    std::uint64_t rows_dropped() const { return rows_.dropped(); }
    std::size_t sets_used() const { return sets_.used(); }
    // Of these one tag alone is remembered.
    std::uint64_t sets_dropped() const { return sets_.dropped(); }
    invalidate::Generation floor() const;

private:
    struct State;

    struct Parts;
    static Parts divide(std::span<std::byte> memory, std::uint32_t rows);
    explicit Generations(const Parts &parts);

    bool has_applied(const invalidate::Position &record) const;
    bool accepts(const invalidate::Ticket &ticket) const;
    bool is_hit_exactly(invalidate::RowKey row,
                        const invalidate::Ticket &ticket,
                        BootTime now) const;
    Objection objection_to_sets(const invalidate::EntryRows &entry,
                                const invalidate::Ticket &ticket) const;
    void raise_exactly(const invalidate::Purge &purge,
                       invalidate::Generation generation, BootTime now,
                       BeforeRow before_row);
    Usability judge(invalidate::Selector selector,
                    const invalidate::EntryRows &entry,
                    const invalidate::Ticket &ticket) const;
    Usability judge_sets(const invalidate::EntryRows &entry,
                         const invalidate::Ticket &ticket) const;
    Usability judge_local_purges(const invalidate::EntryRows &entry,
                                 const invalidate::Ticket &ticket) const;
    void accept(const invalidate::Position &position);
    void note_loss(const invalidate::Position &after);
    template <typename Matters, typename Use>
    void for_each_set(const invalidate::EntryRows &entry, Matters matters,
                      Use use) const;
    template <typename Use>
    void for_each_local_purge(const invalidate::EntryRows &entry,
                              Use use) const;
    std::optional<Millis> settle_all(const invalidate::Ticket &ticket,
                                     Millis least) const;
    std::optional<Millis> settle_row(invalidate::RowKey key,
                                     const invalidate::Ticket &ticket,
                                     Millis least) const;
    std::optional<Millis> settle_sets(const invalidate::EntryRows &entry,
                                      const invalidate::Ticket &ticket,
                                      Millis least) const;
    std::optional<Millis>
    settle_local_purges(const invalidate::EntryRows &entry,
                        const invalidate::Ticket &ticket, Millis least) const;
    void raise(const invalidate::Purge &purge,
               invalidate::Generation generation, BootTime now);
    void note_settling(BootTime now, Millis settle);
    void forget_settling();
    void raise_row(invalidate::RowKey row, const PurgeMark &mark);
    void raise_set(std::span<const invalidate::RowKey> rows,
                   const PurgeMark &mark);
    void begin_own_log();

    State *state_;
    PurgeRows rows_;
    TagSets sets_;
    ExactRows exact_;
};

} // namespace edge::shm
