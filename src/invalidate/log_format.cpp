#include "invalidate/log_format.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

namespace edge::invalidate {

using redis::Reply;
using redis::ReplyType;

namespace {

constexpr std::uint64_t kMaxEpoch = (std::uint64_t{1} << 24) - 1;
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 52;
constexpr std::uint64_t kMaxLease = 24 * 3600 * 1000;
constexpr std::uint64_t kMaxHold = 60'000;

// Unlike parse_decimal(), which caps.
std::optional<std::uint64_t> parse_number(std::string_view text,
                                          std::uint64_t max)
{
    const auto number = parse_decimal(text, max + 1);
    return number && *number <= max ? number : std::nullopt;
}

// Value of a field in a flat list; empty when it is not there.
std::string_view field(std::span<const Reply> fields, std::string_view name)
{
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
        if (fields[i].text == name) {
            return fields[i + 1].text;
        }
    }
    return {};
}

// Cut at spaces; the last one keeps its own.
template <std::size_t N>
std::optional<std::array<std::string_view, N>> cut(std::string_view text)
{
    std::array<std::string_view, N> pieces;
    for (std::size_t i = 0; i + 1 < N; i++) {
        const std::size_t space = text.find(' ');
        if (space == std::string_view::npos) {
            return std::nullopt;
        }
        pieces[i] = text.substr(0, space);
        text.remove_prefix(space + 1);
    }
    pieces[N - 1] = text;
    return pieces;
}

std::optional<Position> parse_position(std::string_view nonce,
                                       std::string_view id)
{
    const auto number = parse_nonce(nonce);
    const auto generation = parse_id(id);
    if (!number || !generation) {
        return std::nullopt;
    }
    return Position{*number, *generation};
}

// Absent in records of releases that purge by single rows only.
std::optional<std::size_t> parse_together(std::string_view text)
{
    const auto together =
        text.empty() ? 1 : parse_number(text, kMaxTogether);
    return together != 0 ? together : std::nullopt;
}

// Absent in records of releases that know no such time.
std::optional<Millis> parse_settle(std::string_view text)
{
    const auto max = static_cast<std::uint64_t>(kMaxSettle.count());
    const auto settle = text.empty() ? 0 : parse_number(text, max);
    return settle ? std::optional<Millis>(*settle) : std::nullopt;
}

std::optional<Purge> parse_purge(std::span<const Reply> fields)
{
    const std::string_view request = field(fields, "r");
    const std::string_view mode = field(fields, "m");
    const std::string_view rows = field(fields, "s");
    const auto hold = parse_number(field(fields, "h"), kMaxHold);
    const auto together = parse_together(field(fields, "w"));
    const auto settle = parse_settle(field(fields, "t"));
    if (request.size() > kMaxRequestId || (mode != "h" && mode != "s") ||
        rows.size() % sizeof(RowKey) != 0 ||
        rows.size() / sizeof(RowKey) > kMaxRows || !hold || !together ||
        !settle ||
        rows.size() % (*together * sizeof(RowKey)) != 0 ||
        (*together > 1 && *hold > 0)) {
        return std::nullopt;
    }

    Purge purge{std::string(request),
                mode == "h" ? PurgeMode::hard : PurgeMode::soft,
                {},
                Millis(*hold),
                *together,
                *settle};
    for (ByteReader in(rows); !in.at_end();) {
        purge.rows.push_back(in.number<RowKey>());
    }
    return purge;
}

std::optional<EpochStart> parse_epoch(std::span<const Reply> fields)
{
    const std::string_view after = field(fields, "a");
    if (after.empty()) {
        return EpochStart{};
    }
    const auto position = parse_position(field(fields, "b"), after);
    if (!position || position->nonce == 0) {
        return std::nullopt;
    }
    return EpochStart{*position};
}

Purge purge_of_everything()
{
    return {{},
            PurgeMode::hard,
            {row_key(select_everything(), kAllTenants)}};
}

std::variant<EpochStart, Purge> parse_what(std::span<const Reply> fields)
{
    const std::string_view kind = field(fields, "k");
    if (kind == "e") {
        if (const auto start = parse_epoch(fields)) {
            return *start;
        }
    } else if (kind == "p") {
        if (auto purge = parse_purge(fields)) {
            return *std::move(purge);
        }
    }
    return purge_of_everything();
}

std::string number(std::uint64_t value)
{
    return std::to_string(value);
}

// Every change of the text counts as a beat.
Member unreadable_member(std::string_view id, std::string_view text)
{
    Member member;
    member.id = id;
    member.beats = hash64(text, 0);
    member.name = text;
    member.is_readable = false;
    return member;
}

bool is_lost(const Reply &status)
{
    return status.text == "LOST";
}

// The newest record, where an answer begins with a status and that. A lost
// log's may be anybody's: only its place matters, to begin an epoch after it.
std::optional<Position> parse_top(std::span<const Reply> parts)
{
    if (parts[1].text.empty()) {
        return Position{};
    }
    const auto place = parse_id(parts[1].text);
    const auto nonce = parse_nonce(parts[2].text);
    if (!place || (!nonce && !is_lost(parts[0]))) {
        return std::nullopt;
    }
    return Position{nonce.value_or(0), *place};
}

bool read_members(BeatReply &beat, std::span<const Reply> flat)
{
    const auto version = parse_number(field(flat, "v"), kMaxNumber);
    if (!version) {
        return false;
    }
    beat.version = *version;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
        const std::string_view name = flat[i].text;
        if (name == "v" || name == "epoch" || name == "node") {
            continue;
        }
        beat.members.push_back(parse_member(name, flat[i + 1].text));
    }
    return true;
}

bool read_records(BeatReply &beat, std::span<const Reply> entries)
{
    for (const Reply &entry : entries) {
        auto record = parse_record(entry);
        if (!record) {
            return false;
        }
        beat.records.push_back(*std::move(record));
    }
    return true;
}

} // namespace

std::string format_id(Generation generation)
{
    return number(generation.epoch()) + '-' + number(generation.sequence());
}

std::optional<Generation> parse_id(std::string_view text)
{
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto epoch = parse_number(text.substr(0, dash), kMaxEpoch);
    const auto sequence =
        parse_number(text.substr(dash + 1), Generation::kMaxSequence);
    if (!epoch || !sequence) {
        return std::nullopt;
    }
    return Generation::of(*epoch, *sequence);
}

std::string format_nonce(Nonce nonce)
{
    if (nonce == 0) {
        return "-";
    }
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx",
                  static_cast<unsigned long long>(nonce));
    return digits;
}

std::optional<Nonce> parse_nonce(std::string_view text)
{
    if (text == "-") {
        return 0;
    }
    Nonce nonce = 0;
    const char *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, nonce, 16);
    if (text.size() != 16 || error != std::errc() || rest != end) {
        return std::nullopt;
    }
    return nonce;
}

std::optional<Record> parse_record(const Reply &entry)
{
    if (entry.elements.size() != 2) {
        return std::nullopt;
    }
    const auto place = parse_id(entry.elements[0].text);
    if (!place) {
        return std::nullopt;
    }
    const std::span<const Reply> fields = entry.elements[1].elements;
    const auto nonce = parse_nonce(field(fields, "n"));
    const bool is_ours = nonce && place->sequence() != 0;
    return Record{{is_ours ? *nonce : 0, *place}, parse_what(fields)};
}

std::string format_member(const Member &member)
{
    if (!member.is_readable) {
        return member.name;
    }
    return number(member.beats) + (member.strict ? " s " : " a ") +
           std::to_string(member.lease.count()) + ' ' +
           format_nonce(member.applied.nonce) + ' ' +
           format_id(member.applied.generation) + ' ' + number(member.version) +
           ' ' + member.name;
}

std::string forget_mark(const Member &member)
{
    if (member.is_readable) {
        return number(member.beats);
    }
    const std::size_t digits = member.name.find_first_not_of("0123456789");
    return digits == 0 ? member.name : member.name.substr(0, digits);
}

Member parse_member(std::string_view id, std::string_view text)
{
    const auto pieces = cut<7>(text);
    if (!pieces) {
        return unreadable_member(id, text);
    }
    const auto &[beats, mode, lease, nonce, place, version, name] = *pieces;
    const auto beat_number = parse_number(beats, kMaxNumber);
    const auto millis = parse_number(lease, kMaxLease);
    const auto applied = parse_position(nonce, place);
    const auto version_number = parse_number(version, kMaxNumber);
    if (!beat_number || (mode != "s" && mode != "a") || !millis || !applied ||
        !version_number) {
        return unreadable_member(id, text);
    }
    return Member{std::string(id),  *beat_number, mode == "s",
                  Millis(*millis),  *applied,     *version_number,
                  std::string(name), true};
}

std::optional<BeatReply> parse_beat(const Reply &reply)
{
    const std::span<const Reply> parts = reply.elements;
    if (parts.size() < 3) {
        return std::nullopt;
    }
    const auto top = parse_top(parts);
    if (!top) {
        return std::nullopt;
    }

    BeatReply beat;
    beat.lost = is_lost(parts[0]);
    beat.top = *top;
    if (beat.lost) {
        return beat;
    }
    if (parts[0].text != "OK" || parts.size() != 5 || top->nonce == 0 ||
        !read_members(beat, parts[3].elements) ||
        !read_records(beat, parts[4].elements)) {
        return std::nullopt;
    }
    return beat;
}

std::optional<WriteReply> parse_write(const Reply &reply)
{
    using Status = WriteReply::Status;
    const std::span<const Reply> parts = reply.elements;
    if (parts.size() == 2 && parts[0].text == "OK") {
        const auto id = parse_id(parts[1].text);
        return id ? std::optional(WriteReply{Status::ok, *id, 0})
                  : std::nullopt;
    }
    if (parts.size() != 3 ||
        (!is_lost(parts[0]) && parts[0].text != "REFUSED")) {
        return std::nullopt;
    }
    const auto top = parse_top(parts);
    if (!top) {
        return std::nullopt;
    }
    return WriteReply{is_lost(parts[0]) ? Status::lost : Status::refused,
                      top->generation, top->nonce};
}

} // namespace edge::invalidate
