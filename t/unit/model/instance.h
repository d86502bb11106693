// One instance: the real table of purges and the real decisions, with what
// tier/ does around them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "limit/gcra.h"
#include "redis.h"
#include "task.h"

namespace edge_test::model {

struct Settings
{
    Rule broken = Rule::none;
    bool strict = true;
    bool wait = false; // for one replica
    Millis lease{1000};
    Millis isolation{20000};
    std::uint32_t rows = 64;
};

// What an instance would know that did not follow a rule about its table.
class LooseTable
{
public:
    void restart(Nonce nonce, std::uint64_t number, Generation floor)
    {
        nonces_ = {nonce};
        numbers_ = {number};
        floor_ = floor;
    }
    void doubt()
    {
        nonces_.clear();
        numbers_.clear();
    }
    void apply(const Record &record, std::size_t room)
    {
        nonces_.insert(record.position.nonce);
        numbers_.insert(record.position.generation.epoch());
        const auto *purge = std::get_if<Purge>(&record.what);
        if (purge == nullptr || purge->hold > Millis(0)) {
            return;
        }
        for (const RowKey row : purge->rows) {
            std::erase(order_, row);
            order_.push_back(row);
            last_[row] = record.position.generation;
            if (order_.size() > room) {
                last_.erase(order_.front());
                order_.pop_front();
            }
        }
    }

    Generation last(RowKey row) const
    {
        const auto found = last_.find(row);
        return found == last_.end() ? Generation{} : found->second;
    }
    // Without `broken`.
    bool is_usable(const Ticket &ticket, const std::vector<RowKey> &rows,
                   Rule broken) const
    {
        const bool is_accepted =
            broken == Rule::cold ||
            (broken == Rule::nonce
                 ? numbers_.contains(ticket.generation.epoch())
                 : nonces_.contains(ticket.nonce));
        const bool is_above =
            broken == Rule::cold || ticket.generation >= floor_;
        return is_accepted && is_above &&
               std::ranges::all_of(rows, [&](RowKey row) {
                   return last(row) <= ticket.generation;
               });
    }

private:
    std::set<Nonce> nonces_;
    std::set<std::uint64_t> numbers_;
    Generation floor_;
    std::deque<RowKey> order_;
    std::map<RowKey, Generation> last_;
};

struct Fill
{
    Ticket ticket;
    bool is_over = false;
    std::optional<Entry> entry;
};

class Instance
{
public:
    Instance(const Settings &chosen, std::string identifier,
             std::string its_name, std::uint64_t random)
        : settings(chosen), id(std::move(identifier)),
          name(std::move(its_name)),
          memory_({.rows = chosen.rows, .random = random, .own_log = false}),
          state(memory_.attach())
    {
    }

    const Settings settings;
    const std::string id;
    const std::string name;

private:
    Memory memory_;

public:
    Generations state;
    LooseTable loose;
    Watch watch;
    std::vector<Member> members;
    Node *node = nullptr;
    bool is_cut_off = false;
    bool is_frozen = false;

    std::uint64_t version = 0;
    std::uint64_t joined_version = 0;
    Nonce joined_epoch = 0;
    bool is_known = false;
    edge::limit::Micros epochs_tat = 0;

    std::map<std::size_t, Entry> cache;
    std::map<std::size_t, std::shared_ptr<Fill>> fills;
    // Purged here alone: key -> version.
    std::map<std::size_t, int> local_floor;
    Generation purged_locally_at;
    // The record that covers writes of a row.
    std::map<RowKey, std::optional<Position>> write_records;
    std::vector<Flow> flows;

    bool breaks(Rule rule) const { return settings.broken == rule; }

    Member self() const
    {
        Member member;
        member.id = id;
        member.strict = settings.strict;
        member.lease = settings.lease;
        member.applied = state.applied();
        member.version = version;
        member.name = name;
        return member;
    }

    bool serves(BootTime now) const
    {
        const shm::Standing &standing = state.standing();
        return may_serve({settings.strict, settings.isolation},
                         standing.lease_until, standing.current_at,
                         is_known || breaks(Rule::seen), now);
    }

    Plan plan_after(const BeatReply &reply, BootTime now) const
    {
        Situation situation;
        situation.progress = state.progress();
        situation.epoch = state.epoch();
        situation.strict = settings.strict;
        situation.has_lease =
            now < state.standing().lease_until || breaks(Rule::lapsed);
        situation.known_to_others = is_known || breaks(Rule::seen);
        return plan(reply, situation);
    }

    void doubt()
    {
        state.doubt(state.applied());
        loose.doubt();
    }
    void restart(const Position &position, BootTime now)
    {
        state.restart(position, now);
        loose.restart(position.nonce, position.generation.epoch(),
                      position.generation);
    }
    void apply(const Record &record, BootTime now)
    {
        if (!state.apply(record, now)) {
            return;
        }
        loose.apply(record, settings.rows);
        const auto *purge = std::get_if<Purge>(&record.what);
        if (purge != nullptr && purge->hold > Millis(0)) {
            sweep();
            write_records[purge->rows.front()] = record.position;
            if (breaks(Rule::window_elsewhere)) {
                state.cover(purge->rows, now);
            }
        }
    }

    void note_members(const BeatReply &reply)
    {
        const Nonce epoch = state.epoch().nonce;
        if (joined_epoch != epoch) {
            joined_epoch = epoch;
            joined_version = reply.version;
            is_known = false;
        }
        version = std::max(version, reply.version);
        is_known |= known_to_others(reply.members, id, joined_version);
    }

    // What the zone does with objects in memory after an unsafe method.
    void sweep()
    {
        std::erase_if(cache, [this](const auto &item) {
            return state.is_invalidated(item.second.ticket,
                                        selectors_of_key(item.first), kAcme);
        });
    }

    static std::string tag_of(std::size_t key)
    {
        return "tag" + std::to_string(key);
    }
    static constexpr std::string_view kCommonTag = "common";

    static std::string selectors_of_key(std::size_t key)
    {
        return selectors({tag_of(key), kCommonTag});
    }
    static RowKey row_of_key(std::size_t key) { return row_of(tag_of(key)); }

    bool is_usable(const Entry &entry, const shm::Use &use) const
    {
        const bool usable =
            state.check(entry.ticket, selectors_of_key(entry.key), kAcme,
                        use) == Usability::usable;
        if (usable || !is_about_the_table() || state.applied().nonce == 0 ||
            !state.progress().caught_up) {
            return usable;
        }
        return loose.is_usable(entry.ticket,
                               {row_of_key(entry.key),
                                row_of(tag_of(entry.key), kAllTenants),
                                row_key(select_everything(), kAllTenants)},
                               settings.broken);
    }

private:
    bool is_about_the_table() const
    {
        return breaks(Rule::floor) || breaks(Rule::cold) || breaks(Rule::nonce);
    }
};

} // namespace edge_test::model
