// What is to be stored before anybody asks for it: the JSON body of POST warm.
// It is taken as a whole or refused as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/form.h"

namespace edge::cache {

inline constexpr std::size_t kMaxWarmBody = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxWarmUrls = 20'000;
inline constexpr std::size_t kMaxWarmUrl = 4096;
inline constexpr std::uint32_t kWarmConcurrency = 8;
inline constexpr std::uint32_t kMaxWarmConcurrency = 64;

struct WarmList
{
    // Each is one for parse_url().
    std::vector<std::string> urls;
    // Whose they have to be.
    std::optional<std::string> tenant;
    // Sent with each. Valid ones, no Host, and nothing of one exchange.
    std::vector<http::FormField> fields;
    // Of requests at a time.
    std::uint32_t concurrency = kWarmConcurrency;
};

// {"urls": [...], "tenant": text, "headers": {name: text}, "concurrency": n}.
// A URL that is a path alone is one below `base`, such as "http://host"; where
// that is empty there is no such. Otherwise a sentence that says what to do.
std::variant<WarmList, std::string> parse_warm_list(std::string_view body,
                                                    std::string_view base);

} // namespace edge::cache
