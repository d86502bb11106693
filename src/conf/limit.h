// What edge_limit and its kin say of a location.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "limit/calendar.h"
#include "limit/rate.h"
#include "ngx/nginx.h"
#include "ngx/value.h"

namespace edge::tier {
class LimitZone;
}

namespace edge::conf {

// A figure that is written out, or one with variables; or neither, and the
// usual one counts.
template <typename T> struct Figure
{
    std::optional<T> constant;
    ngx::Value *variable = nullptr;

    bool given() const { return constant || variable != nullptr; }
};

template <typename T> struct FigureSyntax
{
    std::optional<T> (*parse)(std::string_view text);
    std::string_view help; // what to write
};

// How many units a request takes: 0 to 2147483647.
std::optional<std::uint64_t> parse_cost(std::string_view text);

inline constexpr FigureSyntax<std::uint64_t> kCost{
    &parse_cost, "a cost is a number from 0 to 2147483647: how many requests "
                 "this one counts for"};
inline constexpr FigureSyntax<limit::Rate> kRate{&limit::parse_rate,
                                                 limit::kRateSyntax};
inline constexpr FigureSyntax<std::uint64_t> kBurst{&limit::parse_burst,
                                                    limit::kBurstSyntax};
inline constexpr FigureSyntax<limit::Quota> kQuota{&limit::parse_quota,
                                                   limit::kQuotaSyntax};

// Where on a request's way limits are decided, in its order.
enum class LimitPoint : std::uint8_t
{
    preaccess, // before anybody is asked who the client is
    request,   // before the cache
    miss       // before the API
};
inline constexpr std::size_t kLimitPoints = 3;

// Who decides of a zone with redis=.
enum class LimitSync : std::uint8_t
{
    exact, // Redis, each request
    lease, // Redis, several requests ahead
    local  // this instance, at its share
};

// One edge_limit line.
struct LimitUse
{
    tier::LimitZone *zone = nullptr;
    LimitPoint point = LimitPoint::request;
    LimitSync sync = LimitSync::exact;
    bool by_answer = false; // decided by a look; charged when it has ended
    bool stale = false;     // sent, if there is something, instead of a refusal
    ngx::Value *condition = nullptr; // if=; null: always
    Figure<std::uint64_t> cost;      // 1
    Figure<limit::Rate> rate;        // the zone's
    Figure<std::uint64_t> burst;     // the zone's
    Figure<limit::Quota> quota;      // the zone's; its offset in any case
    bool dry_run = false;

    bool is_leased() const { return sync == LimitSync::lease; }
};

// What clients are told about limits they have kept, or not.
struct LimitHeaders
{
    enum class Kind : std::uint8_t
    {
        off,
        draft,
        legacy,
        both
    };

    Kind kind = Kind::draft;
    bool epoch = false;       // X-RateLimit-Reset as a time, not a delay
    std::uint64_t jitter = 0; // percent that Retry-After may be longer
};

// What a refused client reads, unless error_page has something for it.
struct LimitBody
{
    enum class Kind : std::uint8_t
    {
        problem,
        none,
        custom
    };

    Kind kind = Kind::problem;
    ngx::Value *text = nullptr; // of `custom`, with its type
    ngx_str_t type{};
};

// What counts while Redis does not answer.
struct LimitFallback
{
    enum class Kind : std::uint8_t
    {
        local,
        open,
        closed
    };

    Kind kind = Kind::local;
    std::uint64_t instances = 0; // that share the rate; 0: as many as live
    Millis after{5};             // how long an answer is waited for
};

} // namespace edge::conf
