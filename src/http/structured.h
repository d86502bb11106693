// Structured fields (RFC 9651), as far as they are needed here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/field.h"

namespace edge::http {

// The field `name` as a List of Strings, parameters ignored; all its lines are
// one list, empty without the field. nullopt: something else is in it, and the
// whole field is to be ignored (RFC 9651 4.2).
std::optional<std::vector<std::string>>
parse_string_list(Fields fields, std::string_view name);

} // namespace edge::http
