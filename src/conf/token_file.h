// The tokens that the api takes, and what each of them may do.
//
// A line is a token of 16 characters or more, then any of
//   name=NAME         for the audit log; without it "token N", N the line
//   tenants=A,B       purges of these tenants only, never of all ("*");
//                     explains and warms nothing but theirs
//   kinds=tags,url    of tags, url, path, prefix, key, all: purges by these
//                     only; and warm, which warms up
//   read              asks only: no purges, nothing is reset or warmed
// separated by spaces. A token alone may do everything. Empty lines and lines
// that begin with # mean nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "invalidate/purge_request.h"

namespace edge::conf {

// Besides the bits of invalidate::PurgeKind.
inline constexpr std::uint32_t kWarm = 64;
static_assert(kWarm > invalidate::kPurgeAnything);

struct Token
{
    Digest digest{};
    std::string name;
    std::vector<std::string> tenants; // empty: any
    std::uint32_t kinds = 0;          // bits of what it may do
    bool may_write = true;
};

// All tokens of a file's text, or what is wrong with it: one sentence that
// never shows a token.
std::variant<std::vector<Token>, std::string>
parse_tokens(std::string_view text);

} // namespace edge::conf
