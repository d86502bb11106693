// Header fields as a flat list: what a decision needs to see of a message.
#pragma once

#include <span>
#include <string_view>

#include "base/text.h"

namespace edge::http {

// Both views belong to whoever made the list.
struct Field
{
    std::string_view name;
    std::string_view value;
};

using Fields = std::span<const Field>;

inline bool is_field(const Field &field, std::string_view name)
{
    return equals_ignore_case(field.name, name);
}

// Calls `visit(value)` for every line of the field `name`, in order.
template <typename Visit>
void for_each_value(Fields fields, std::string_view name, Visit &&visit)
{
    for (const Field &field : fields) {
        if (is_field(field, name)) {
            visit(field.value);
        }
    }
}

} // namespace edge::http
