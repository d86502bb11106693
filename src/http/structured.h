// Structured fields (RFC 9651), as far as they are needed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/field.h"

namespace edge::http {

// A member's value, as far as anybody here asks for it: other types and inner
// lists are read, and are `other`.
struct StructuredItem
{
    enum class Type : std::uint8_t
    {
        integer,
        boolean,
        string,
        other
    };

    Type type = Type::other;
    // 0 or 1 for a boolean.
    std::int64_t number = 0;
    std::string text;
};

struct DictionaryMember
{
    std::string key;
    StructuredItem value;
};

// The field `name` as a Dictionary, parameters ignored; all its lines are one,
// empty without the field. Of several members with one key the last counts.
// nullopt: it is none, and the whole field is to be ignored.
std::optional<std::vector<DictionaryMember>>
parse_dictionary(Fields fields, std::string_view name);

// The field `name` as a List of Strings, parameters ignored; all its lines are
// one list, empty without the field. nullopt: something else is in it, and the
// whole field is to be ignored (RFC 9651 4.2).
std::optional<std::vector<std::string>>
parse_string_list(Fields fields, std::string_view name);

} // namespace edge::http
