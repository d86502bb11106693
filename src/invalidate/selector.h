// What can be purged, as 64-bit hashes. Two different names with one hash are
// purged together: that costs a fetch and is never wrong.
//
// An entry stores its selectors without the tenant. The table of purges has
// two rows for each: the tenant's own, and the one of an operator who purges
// for all tenants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edge::invalidate {

using Selector = std::uint64_t;
using TenantHash = std::uint64_t;
using RowKey = std::uint64_t;

// Stands for every tenant; no tenant hashes to it.
inline constexpr TenantHash kAllTenants = 0;

// A deeper path gives no more selectors, and no purge may ask for them.
inline constexpr std::size_t kMaxPrefixes = 32;

// Every entry has this one without storing it: within one tenant it is the
// tenant, within kAllTenants the zone.
Selector select_everything();
Selector select_tag(std::string_view tag);
// Path and query as sent upstream, on any scheme and host.
Selector select_url(std::string_view target);
// `authority` as in the key: lower case, without port and trailing dot.
Selector select_url(std::string_view scheme, std::string_view authority,
                    std::string_view target);
// Any query.
Selector select_path(std::string_view path);
// Starts and ends with '/'.
Selector select_prefix(std::string_view prefix);
// The text of edge_cache_key.
Selector select_key(std::string_view text);

// A group of RFC 9875: means something on its own origin only.
Selector select_group(std::string_view scheme, std::string_view authority,
                      std::string_view group);

TenantHash hash_tenant(std::string_view tenant);
RowKey row_key(Selector selector, TenantHash tenant);

struct EntryNames
{
    std::string_view scheme;
    std::string_view authority;
    // Path and query as sent upstream.
    std::string_view target;
    // The same as the client wrote it, where a rewrite has changed it.
    std::string_view requested;
    // The text of edge_cache_key; empty without one.
    std::string_view custom_key;
    std::span<const std::string> tags;
    std::span<const std::string> groups;
};

// The selectors of an entry as it stores them, 8 bytes each, little-endian:
// those that are known before there is an answer, and those by the tags and
// groups of the answer, which follow.
std::string selectors_of_request(const EntryNames &names);
void add_selectors_of_answer(std::string &bytes, const EntryNames &names);

// A row of the table of purges in words: `kind` is url, path, prefix, key, tag,
// group or all.
struct RowName
{
    std::string_view kind;
    std::string value; // empty for all
    bool of_all_tenants = false;
};

// nullopt: nothing that `names` knows of is purged by that row.
std::optional<RowName> name_of_row(RowKey row, TenantHash tenant,
                                   const EntryNames &names);

} // namespace edge::invalidate
