// The tokens that the api takes, and what each of them may do.
//
// A line is a token of 16 characters or more, then any of
//   name=NAME         for the audit log; without it "token N", N the line
//   tenants=A,B       purges of these tenants only, never of all ("*");
//                     explains nothing but theirs
//   kinds=tags,url    of tags, url, path, prefix, key, all: these only
//   read              asks only: no purges, nothing is reset
// separated by spaces. A token alone may do everything. Empty lines and lines
// that begin with # mean nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"

namespace edge::conf {

struct Token
{
    Digest digest{};
    std::string name;
    std::vector<std::string> tenants; // empty: any
    std::uint32_t kinds = 0;          // invalidate::PurgeKind bits
    bool may_write = true;
};

// All tokens of a file's text, or what is wrong with it: one sentence that
// never shows a token.
std::variant<std::vector<Token>, std::string>
parse_tokens(std::string_view text);

} // namespace edge::conf
