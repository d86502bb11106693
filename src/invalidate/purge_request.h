// What an operator asks to be purged: the JSON body of POST purge, or header
// fields alone. Either is taken as a whole or refused as a whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "http/field.h"
#include "invalidate/generation.h"
#include "invalidate/record.h"
#include "invalidate/selector.h"

namespace edge::invalidate {

inline constexpr std::size_t kMaxPurgeBody = 256 * 1024;
inline constexpr std::size_t kMaxPurgeSelectors = 1000;
inline constexpr Millis kMaxPurgeWait{10000};

// What a request names, as bits.
enum PurgeKind : std::uint32_t
{
    kPurgeTags = 1,
    kPurgeUrl = 2,
    kPurgePath = 4,
    kPurgePrefix = 8,
    kPurgeKey = 16,
    kPurgeAll = 32,
    kPurgeAnything = 63,
};

struct PurgeRequest
{
    // Absent: none named. `all_tenants`: "*".
    std::optional<std::string> tenant;
    bool all_tenants = false;
    PurgeMode mode = PurgeMode::hard;
    std::optional<std::string> zone; // absent: all zones
    std::optional<Millis> wait;
    // Never empty. "all" is select_everything(), and `everything` is set.
    std::vector<Selector> selectors;
    // The tags among them, as they were written.
    std::vector<std::string> tags;
    bool everything = false;
    // Only what has all of them: tags, 2 to kMaxTogether.
    bool match_all = false;
    // Of invalidate::Purge.
    Millis settle{0};
    std::uint32_t kinds = 0; // PurgeKind bits
    // For the audit log: `tags=a,b url=/p`, cut when it is long.
    std::string what;
};

struct PurgeRefusal
{
    int status = 400;   // 400 or 413
    std::string detail; // one sentence, says what to do
};

using PurgeParse = std::variant<PurgeRequest, PurgeRefusal>;

PurgeParse parse_purge_body(std::string_view body);

// Surrogate-Key (separated by spaces) or Cache-Tag (by commas), Edge-Tenant,
// Edge-Purge: soft | hard, Edge-Match: any | all, Edge-Settle: 2s.
PurgeParse parse_purge_fields(http::Fields fields);

// Without a request id. Where no tenant is configured, none is named and the
// unnamed one is meant.
Purge purge_of(const PurgeRequest &request);

// Of the one that is meant, or of all.
TenantHash tenant_of(const PurgeRequest &request);

} // namespace edge::invalidate
