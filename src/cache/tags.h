// The tags of a response: names under which it can be purged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cache/policy.h"
#include "cache/reason.h"
#include "http/field.h"

namespace edge::cache {

inline constexpr std::size_t kMaxTags = 256;
inline constexpr std::size_t kMaxTagSize = 1024;
inline constexpr std::size_t kMaxTagBytes = 16 * 1024;

// Surrogate-Key, xkey and Cache-Tag: between the origin and its caches.
bool is_tag_field(std::string_view name);

// Cache-Groups (RFC 9875), ignored as a whole when malformed.
std::vector<std::string> groups(http::Fields response, const Policy &policy);

// Sorted, each once, from Surrogate-Key and xkey (separated by spaces),
// Cache-Tag (by commas), Cache-Groups and `extra`, the value of edge_cache_tags
// (spaces). Case matters.
//
// Over a limit, or with control bytes: tag_limit, and the response must not be
// stored. An object that lost a tag could not be purged by it.
std::variant<std::vector<std::string>, Reason>
collect_tags(http::Fields response, std::string_view extra,
             const Policy &policy);

} // namespace edge::cache
