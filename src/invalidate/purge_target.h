// The names in a purge request, as selectors. Whatever no entry can be named
// is refused: it would purge nothing and look as if it had.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "invalidate/selector.h"

namespace edge::invalidate {

// All of these: nullopt when the text is no such name.
std::optional<Selector> parse_tag(std::string_view text);
// "/p?x=1", or "https://host/p?x=1"; the host's case, port and trailing dot do
// not count, as in the key.
std::optional<Selector> parse_url(std::string_view text);
std::optional<Selector> parse_path(std::string_view text);
std::optional<Selector> parse_prefix(std::string_view text);
std::optional<Selector> parse_key(std::string_view text);

// Of an authority, as in the key: without port and trailing dot, in lower
// case; empty when it is none.
std::string host_of(std::string_view authority);

bool is_tenant(std::string_view text);

// "500ms", "2s", "2.4s".
std::optional<Millis> parse_wait(std::string_view text);

} // namespace edge::invalidate
