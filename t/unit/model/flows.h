// What runs in an instance: the reader of its log, purges, writes, requests.
// Each co_await Pause{} is a place where anything else may happen.
#pragma once

#include "log_client.h"

namespace edge_test::model {

class Flows
{
public:
    Flows(Surroundings &surroundings, Instance &instance)
        : all_(surroundings), self_(instance), log_(surroundings, instance)
    {
    }

    Task<Nothing> read_log() { return log_.read_log(); }

    Task<Nothing> purge(std::size_t key)
    {
        const int version = ++all_.origin[key];
        const invalidate::Purge record = purge_of(key, version);
        const BootTime deadline = all_.now + Millis(4000);
        bool confirmed = false;
        do {
            BeatReply members_before;
            if (self_.breaks(Rule::members_first)) {
                const auto heard = co_await log_.beat();
                members_before = heard ? heard->reply : BeatReply{};
            }
            const auto position = co_await log_.write(record);
            if (!position) {
                self_.state.purge_locally(record, all_.now);
                self_.purged_locally_at = self_.state.applied().generation;
                self_.local_floor[key] = version;
                co_return {};
            }
            confirmed =
                co_await log_.acknowledged(*position, deadline, members_before);
        } while (!confirmed && all_.now < deadline);
        if (confirmed) {
            promise(key, version);
        }
        co_return {};
    }

    // An unsafe method, whose answer goes out when it holds everywhere.
    Task<Nothing> write_resource(std::size_t key)
    {
        const int version = ++all_.origin[key];
        const std::vector<RowKey> rows = {Instance::row_of_key(key)};
        if (!self_.state.is_covered(rows, all_.now)) {
            self_.write_records[rows.front()] = {};
            const std::uint64_t counter =
                self_.state.invalidate(rows, kWriteHold, all_.now);
            self_.sweep();
            if (!self_.breaks(Rule::window)) {
                self_.state.cover(rows, all_.now);
            }
            const invalidate::Purge purge{log_.next_request(), PurgeMode::hard,
                                          rows, kWriteHold};
            const auto position = co_await log_.write(purge);
            if (!position) {
                self_.state.uncover(rows);
                co_return {};
            }
            self_.write_records[rows.front()] = position;
            co_await log_.beat();
            self_.state.settle_exact(rows, counter, *position);
        }
        const auto record = self_.write_records[rows.front()];
        if (!record) {
            co_return {};
        }
        const BeatReply none;
        const bool confirmed =
            co_await log_.acknowledged(*record, all_.now + Millis(4000), none);
        if (confirmed && self_.breaks(Rule::window)) {
            self_.state.cover(rows, all_.now);
        }
        if (confirmed) {
            promise(key, version);
        }
        co_return {};
    }

    Task<Nothing> request(std::size_t key)
    {
        const int floor =
            std::max(all_.acknowledged[key], self_.local_floor[key]);
        const Position arrived = self_.state.applied();
        co_await Pause{};
        std::optional<Entry> entry = find_in_memory(key);
        if (!entry && self_.serves(all_.now)) {
            entry = co_await find_in_redis(key);
        }
        if (!entry) {
            entry = co_await wait_or_fill(key, arrived);
        } else {
            all_.hits++;
        }
        all_.reads++;
        all_.stale += entry->version < floor;
        co_return {};
    }

private:
    // By its own tag, or as the one that has both tags.
    invalidate::Purge purge_of(std::size_t key, int version)
    {
        invalidate::Purge purge{log_.next_request(), PurgeMode::hard,
                                {Instance::row_of_key(key)}};
        if (version % 4 == 0) {
            purge.rows.push_back(row_of(Instance::kCommonTag));
            purge.together = 2;
        }
        return purge;
    }

    void promise(std::size_t key, int version)
    {
        all_.acknowledged[key] = std::max(all_.acknowledged[key], version);
        all_.confirmed++;
    }

    // Requests

    std::optional<Entry> find_in_memory(std::size_t key)
    {
        const auto found = self_.cache.find(key);
        const bool is_usable = found != self_.cache.end() &&
                               self_.serves(all_.now) &&
                               self_.is_usable(found->second, {all_.now, true});
        return is_usable ? std::optional(found->second) : std::nullopt;
    }

    Task<std::optional<Entry>> find_in_redis(std::size_t key)
    {
        const auto reply =
            co_await log_.ask([key](Node &node) -> std::optional<Entry> {
                const auto found = node.data.entries.find(key);
                return found != node.data.entries.end()
                           ? std::optional(found->second)
                           : std::nullopt;
            });
        if (!reply || !*reply) {
            co_return std::nullopt;
        }
        Entry entry = **reply;
        const bool is_newer = entry.ticket.generation > self_.purged_locally_at;
        if (self_.breaks(Rule::foreign_ticket) && is_newer) {
            entry.ticket.local = self_.state.ticket().local;
        }
        if (!self_.serves(all_.now) ||
            !self_.is_usable(entry, {all_.now, false})) {
            co_return std::nullopt;
        }
        self_.cache[key] = entry;
        co_return entry;
    }

    bool may_join(const Fill &fill) const
    {
        return !fill.is_over && self_.state.applied().nonce != 0 &&
               (self_.serves(all_.now) || self_.breaks(Rule::join));
    }

    Task<Entry> wait_or_fill(std::size_t key, Position arrived)
    {
        while (const auto running = self_.fills[key]) {
            if (!may_join(*running)) {
                break;
            }
            while (!running->is_over) {
                co_await Pause{};
            }
            if (auto entry = find_in_memory(key)) {
                all_.hits++;
                co_return *entry;
            }
            if (running->entry && is_given_away(*running->entry, arrived)) {
                co_return *running->entry;
            }
        }
        co_return co_await fill(key);
    }

    // Rules 11 and 12 left out.
    bool is_given_away(const Entry &entry, const Position &arrived) const
    {
        if (self_.breaks(Rule::join)) {
            return self_.is_usable(entry, {all_.now, false});
        }
        return self_.breaks(Rule::waiter) && self_.serves(all_.now) &&
               self_.loose.last(Instance::row_of_key(entry.key)) >
                   arrived.generation;
    }

    Task<Entry> fill(std::size_t key)
    {
        auto fill = std::make_shared<Fill>();
        self_.fills[key] = fill;
        Entry entry{self_.state.ticket(), key, 0};
        if (!self_.breaks(Rule::hold_store)) {
            entry.ticket.taken = all_.now;
        }
        co_await Pause{};
        entry.version = all_.origin[key];
        co_await Pause{};
        co_await Pause{};
        if (self_.breaks(Rule::ticket)) {
            entry.ticket = self_.state.ticket();
        }
        const bool usable = self_.is_usable(entry, {all_.now, false});
        entry.ticket.taken = BootTime::min();
        if (usable) {
            self_.cache[key] = entry;
        }
        fill->entry = entry;
        fill->is_over = true;
        if (self_.fills[key] == fill) {
            self_.fills.erase(key);
        }
        if (usable) {
            co_await log_.ask([entry](Node &node) {
                node.store(entry);
                return true;
            });
        }
        co_return entry;
    }

    Surroundings &all_;
    Instance &self_;
    LogClient log_;
};

} // namespace edge_test::model
