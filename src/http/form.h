// application/x-www-form-urlencoded: name=value&name=value, as in a query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge::http {

struct FormField
{
    std::string name;
    std::string value;
};

// In their order, decoded: any bytes. nullopt: a % that stands for none.
std::optional<std::vector<FormField>> parse_form(std::string_view text);

} // namespace edge::http
