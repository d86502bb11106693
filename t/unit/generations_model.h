#pragma once

// Purges as a model remembers them, and the entries they name.

#include <array>
#include <cstdint>
#include <random>
#include <string_view>

#include "generations_memory.h"

namespace edge_test {

using Random = std::mt19937_64;
using Time = std::uint64_t;

inline constexpr std::array<std::string_view, 6> kTags = {"a", "b", "c",
                                                          "d", "e", "f"};
inline constexpr std::array<std::string_view, 2> kTenants = {"acme", "other"};

struct KnownPurge
{
    Time time = 0;
    RowKey row = 0;
    PurgeMode mode = PurgeMode::hard;
    // 0: `row` alone; otherwise only what has both.
    RowKey other = 0;
};

inline Purge to_purge(const KnownPurge &known)
{
    Purge purge{"r", known.mode, {known.row}};
    if (known.other != 0) {
        purge.rows.push_back(known.other);
        purge.together = 2;
    }
    return purge;
}

struct Entry
{
    Ticket ticket;
    std::size_t instance = 0;
    Time filled = 0;
    std::string_view tag;
    std::string_view other_tag;
    std::string_view tenant;
};

inline bool has_row(const Entry &entry, RowKey row)
{
    for (const TenantHash tenant : {hash_tenant(entry.tenant), kAllTenants}) {
        if (row == row_of(entry.tag, tenant) ||
            row == row_of(entry.other_tag, tenant) ||
            row == row_key(select_everything(), tenant)) {
            return true;
        }
    }
    return false;
}

inline bool names(const KnownPurge &purge, const Entry &entry)
{
    return has_row(entry, purge.row) &&
           (purge.other == 0 || has_row(entry, purge.other));
}

} // namespace edge_test
