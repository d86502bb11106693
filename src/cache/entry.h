// The byte format of a stored response: one for shared memory and for Redis,
// so that moving an object between tiers is a copy. An encoded entry is a head
// (fixed fields, key, selectors, tags, header fields) followed by the body.
//
// The bytes may come from a store that others can write to (cache/seal.h):
// decode_head() believes nothing. Whatever does not fit is an entry that is
// not there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "cache/reason.h"
#include "http/field.h"
#include "invalidate/generation.h"

namespace edge::cache {

// A resource whose answers carry Vary has a record of kind `vary` under its
// primary key and its objects under the keys of their variants.
enum class EntryKind : std::uint8_t
{
    object = 1,
    vary = 2
};

// RFC 9111 4.2: everything an age or a lifetime is computed from, so that
// every instance and both tiers come to the same figure.
struct EntryTimes
{
    WallTime request{};
    WallTime response{};
    std::optional<WallTime> date;
    Seconds age{0};
    Millis lifetime{0};
    Millis stale_while_revalidate{0};
    Millis stale_if_error{0};
};

// Lists of short strings are stored encoded and walked in place: decoding a
// hit allocates nothing. Iterate with `next()` until nullopt.
class StringList
{
public:
    StringList() = default;
    explicit StringList(std::string_view encoded) : rest_(encoded) {}
    std::optional<std::string_view> next();
    std::string_view encoded() const { return rest_; }
    // Copies of what next() has left.
    std::vector<std::string> strings() const;

private:
    std::string_view rest_;
};

// The next of a list of name, value, name, value ...
inline std::optional<http::Field> next_field(StringList &fields)
{
    const auto name = fields.next();
    const auto value = fields.next();
    if (!name || !value) {
        return std::nullopt;
    }
    return http::Field{*name, *value};
}

// All views point into the encoded bytes (decode) or belong to the caller
// (encode).
struct Entry
{
    EntryKind kind = EntryKind::object;
    std::uint16_t status = 0;
    // must-revalidate, proxy-revalidate: never served stale (RFC 9111 4.2.4).
    bool must_revalidate = false;
    // s-maxage: the same, unless the location relaxes it (RFC 9111 5.2.2.10).
    bool s_maxage = false;
    // public or s-maxage, and a lifetime that the origin itself has given.
    bool explicitly_shared = false;
    // public, s-maxage or must-revalidate: may answer a request with
    // Authorization (RFC 9111 3.5).
    bool authorization_allowed = false;
    invalidate::Ticket ticket;
    EntryTimes times;
    std::string_view key;
    std::string_view tenant;
    // kind vary: the selecting header names, lower case, sorted.
    StringList vary;
    // Hashes of what can purge it, 8 bytes each, little-endian.
    std::string_view selectors;
    StringList tags;
    // name, value, name, value ...
    StringList fields;
    std::uint64_t body_size = 0;
    // Not 0: the body is stored in gzip's format (cache/compression.h), and has
    // so many bytes without.
    std::uint64_t identity_size = 0;

    bool is_compressed() const { return identity_size != 0; }
    std::uint64_t uncompressed_size() const
    {
        return is_compressed() ? identity_size : body_size;
    }
};

// What decode_head() accepts; whoever encodes keeps to it.
inline constexpr std::size_t kMaxKey = 16 * 1024;
inline constexpr std::size_t kMaxTenant = 128;
inline constexpr std::size_t kMaxSelectors = 1024;
inline constexpr std::size_t kMaxFields = 1024;
inline constexpr std::size_t kMaxHead = 256 * 1024;
inline constexpr std::uint64_t kMaxBody = 8 * 1024 * 1024;

// Builds a StringList's bytes.
class StringListBuilder
{
public:
    void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
    void add(std::string_view text);
    StringList list() const { return StringList(bytes_); }
    std::string take() { return std::move(bytes_); }
    bool empty() const { return bytes_.empty(); }

private:
    std::string bytes_;
};

// The head for `entry`; the body of exactly entry.body_size bytes follows it.
// More than kMaxHead bytes: not to be stored (header_too_large).
std::string encode_head(const Entry &entry);

// Size of the head that starts with `bytes` (at least kHeadPrefix of them), or
// nullopt when they start no entry of this version.
inline constexpr std::size_t kHeadPrefix = 16;
std::optional<std::size_t> head_size(std::string_view bytes);

// The head alone, as memory keeps it. Checks its structure: sizes, ranges,
// every list to its end. Allocates nothing. Reason: entry_corrupt,
// entry_version.
std::variant<Entry, Reason> decode_head(std::string_view head);

} // namespace edge::cache
