// The texts of the log and of its members, as redis/log_scripts.h lays them
// out: to the scripts' arguments and from their replies.
//
// The bytes come from a store that others can write to. A reply that is none
// is nullopt; a record whose place can be read and nothing else stands for a
// purge of everything. One of no epoch has the nonce 0: it follows nothing, so
// that whoever meets it is in doubt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "invalidate/record.h"
#include "redis/reply.h"

namespace edge::invalidate {

// "<epoch>-<sequence>", as IDs of streams are written.
std::string format_id(Generation generation);
std::optional<Generation> parse_id(std::string_view text);

// 16 hexadecimal digits; 0 is "-".
std::string format_nonce(Nonce nonce);
std::optional<Nonce> parse_nonce(std::string_view text);

// `entry`: one element of XRANGE's reply.
std::optional<Record> parse_record(const redis::Reply &entry);

// One instance, as the members hash has it.
struct Member
{
    std::string id;
    std::uint64_t beats = 0;
    bool strict = false;
    Millis lease{0};
    Position applied;
    std::uint64_t version = 0; // highest it has read
    std::string name;
    // What another release, or somebody else, wrote there: `name` is the text
    // as it is. It has applied nothing as far as anybody knows, and is waited
    // for like any other.
    bool is_readable = true;

    friend bool operator==(const Member &, const Member &) = default;
};

std::string format_member(const Member &member);
Member parse_member(std::string_view id, std::string_view text);

// What FORGET compares, to find out that a member has not beaten since.
std::string forget_mark(const Member &member);

struct BeatReply
{
    bool lost = false;
    Position top; // no place: there is no log
    // Not when it is lost:
    std::uint64_t version = 0;
    std::vector<Member> members;
    std::vector<Record> records;
};

std::optional<BeatReply> parse_beat(const redis::Reply &reply);

// What APPEND and EPOCH answer.
struct WriteReply
{
    enum class Status
    {
        ok,
        lost,
        refused
    };
    Status status = Status::ok;
    // ok: the record's ID; otherwise the newest one, 0 when there is no log.
    Generation id;
    Nonce nonce = 0; // not when ok
};

std::optional<WriteReply> parse_write(const redis::Reply &reply);

// ARGV of the scripts. `from` 0: the first record of the newest epoch.
std::vector<std::string> beat_arguments(const Member &self, Generation from,
                                        std::size_t count,
                                        std::string_view channel);
// `expected` 0: wherever the log ends.
std::vector<std::string> append_arguments(Nonce nonce, const Purge &purge,
                                          Generation expected,
                                          std::size_t length,
                                          std::string_view channel);
// `top` 0: there is no log. `own`: the highest epoch number known here.
std::vector<std::string> epoch_arguments(Generation top, std::uint64_t own,
                                         Nonce nonce, std::uint64_t version,
                                         std::span<const Member> known);

} // namespace edge::invalidate
