// Redis as the protocol sees it: what the scripts do, and what can happen to
// the data.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../generations_memory.h"
#include "invalidate/coherence.h"
#include "rule.h"

namespace edge_test::model {

struct Entry
{
    Ticket ticket;
    std::size_t key = 0;
    int version = 0;
};

struct Data
{
    std::deque<Record> log;
    std::map<std::string, Member> members;
    Nonce members_epoch = 0; // 0: there is no such hash
    std::uint64_t members_node = 0;
    std::uint64_t version = 0;
    std::map<std::size_t, Entry> entries;

    Position top() const
    {
        return log.empty() ? Position{} : log.back().position;
    }
    void lose_members()
    {
        members.clear();
        members_epoch = members_node = version = 0;
    }
};

class Node
{
public:
    Node(Data contents, std::uint64_t identity, Rule broken)
        : data(std::move(contents)), identity_(identity), broken_(broken)
    {
    }

    Data data;
    // Of one replica, as it last heard; nobody hears while it has none.
    Data replica;
    bool has_replica = true;

    BeatReply beat(Member self, Generation from)
    {
        BeatReply reply;
        reply.top = data.top();
        reply.lost = !is_current();
        if (reply.lost) {
            return reply;
        }
        const auto known = data.members.find(self.id);
        if (known == data.members.end()) {
            data.version++;
            self.beats = 1;
        } else {
            self.beats = known->second.beats + 1;
        }
        data.members[self.id] = self;
        reply.version = data.version;
        for (const auto &[id, member] : data.members) {
            reply.members.push_back(member);
        }
        const Generation first =
            from.packed != 0 ? from
                             : Generation::of(reply.top.generation.epoch(), 0);
        for (const Record &record : data.log) {
            if (record.position.generation >= first) {
                reply.records.push_back(record);
            }
        }
        return reply;
    }

    WriteReply append(Nonce nonce, const Purge &purge, Generation expected)
    {
        using Status = WriteReply::Status;
        const Position top = data.top();
        if (!is_current()) {
            return {Status::lost, top.generation, top.nonce};
        }
        if (top.nonce != nonce) {
            return {Status::refused, top.generation, top.nonce};
        }
        for (const Record &record : data.log) {
            const auto *known = std::get_if<Purge>(&record.what);
            if (known != nullptr && known->request == purge.request &&
                record.position.nonce == nonce) {
                return {Status::ok, record.position.generation, 0};
            }
        }
        if (expected.packed != 0 && expected != top.generation) {
            return {Status::refused, top.generation, top.nonce};
        }
        const Generation next{top.generation.packed + 1};
        data.log.push_back({{nonce, next}, purge});
        return {Status::ok, next, 0};
    }

    void begin_epoch(Generation top, std::uint64_t own, Nonce nonce,
                     std::uint64_t version, const std::vector<Member> &known)
    {
        const Position there = data.top();
        if (there.generation != top) {
            return;
        }
        std::map<std::string, Member> members;
        for (const Member &member : known) {
            members[member.id] = member;
        }
        for (const auto &[id, member] : data.members) {
            members[id] = member;
        }
        for (auto &[id, member] : members) {
            member.applied = {};
        }
        data.members = std::move(members);
        data.version = std::max(data.version, version) + 1;
        data.members_epoch = nonce;
        data.members_node = identity_;
        const std::uint64_t number = std::max(top.epoch(), own) + 1;
        data.log.push_back({place(nonce, number, 1), EpochStart{there}});
    }

    void forget(const Member &member)
    {
        const auto known = data.members.find(member.id);
        if (known != data.members.end() &&
            known->second.beats == member.beats) {
            data.members.erase(known);
            data.version++;
        }
    }

    void store(const Entry &entry)
    {
        const auto there = data.entries.find(entry.key);
        if (there == data.entries.end() ||
            there->second.ticket.generation <= entry.ticket.generation) {
            data.entries[entry.key] = entry;
            data.entries[entry.key].ticket.local = 0;
        }
    }

    // WAIT 1.
    std::uint64_t replicate()
    {
        if (has_replica) {
            replica = data;
        }
        return has_replica;
    }

    // Came back from somewhere, or became master.
    void restart(std::uint64_t identity) { identity_ = identity; }

private:
    bool is_current() const
    {
        const bool has_members = data.members_epoch != 0;
        if (data.log.empty() ||
            (!has_members && broken_ != Rule::members_nonce)) {
            return false;
        }
        const bool fits = data.members_epoch == data.top().nonce ||
                          broken_ == Rule::members_nonce;
        const bool is_same = data.members_node == identity_ || !has_members ||
                             broken_ == Rule::identity;
        return fits && is_same;
    }

    std::uint64_t identity_;
    const Rule broken_;
};

} // namespace edge_test::model
