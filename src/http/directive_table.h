// Which directive sets which member of CacheControl, however it is written.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "http/cache_control.h"

namespace edge::http {

struct SecondsDirective
{
    std::string_view name;
    std::optional<Seconds> CacheControl::*value;
};

inline constexpr SecondsDirective kSecondsDirectives[] = {
    {"max-age", &CacheControl::max_age},
    {"s-maxage", &CacheControl::s_maxage},
    {"stale-while-revalidate", &CacheControl::stale_while_revalidate},
    {"stale-if-error", &CacheControl::stale_if_error},
    {"min-fresh", &CacheControl::min_fresh},
    {"max-stale", &CacheControl::max_stale},
};

struct FlagDirective
{
    std::string_view name;
    bool CacheControl::*value;
    // A restriction holds even when its argument makes no sense.
    bool restricts;
};

inline constexpr FlagDirective kFlagDirectives[] = {
    {"no-store", &CacheControl::no_store, true},
    {"no-transform", &CacheControl::no_transform, true},
    {"only-if-cached", &CacheControl::only_if_cached, true},
    {"must-revalidate", &CacheControl::must_revalidate, true},
    {"proxy-revalidate", &CacheControl::proxy_revalidate, true},
    {"must-understand", &CacheControl::must_understand, false},
    {"public", &CacheControl::is_public, false},
    {"immutable", &CacheControl::immutable, false},
};

struct QualifiedDirective
{
    std::string_view name;
    bool CacheControl::*whole;
};

inline constexpr QualifiedDirective kQualifiedDirectives[] = {
    {"no-cache", &CacheControl::no_cache},
    {"private", &CacheControl::is_private},
};

// The row of a directive; null for one that is in another table, or unknown.
template <typename Row, std::size_t N>
const Row *find(const Row (&table)[N], std::string_view name)
{
    const auto row = std::find_if(
        std::begin(table), std::end(table),
        [name](const Row &it) { return equals_ignore_case(it.name, name); });
    return row == std::end(table) ? nullptr : &*row;
}

} // namespace edge::http
