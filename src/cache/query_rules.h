// What a location makes of a request's query before the key is made of it and
// the origin is asked by it: both always have the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge::cache {

struct QueryRules
{
    enum class Choice
    {
        all,
        keep,
        drop
    };

    Choice choice = Choice::all;
    // As written; "x*" stands for all that begin with x.
    std::vector<std::string_view> names;
    bool sort = false;

    bool empty() const { return choice == Choice::all && !sort; }
};

// The query by `rules`; nullopt when they change nothing. Arguments are what
// "&" separates, their names end at the first "=", and both are compared byte
// by byte. Sorting keeps the order of arguments with one name.
std::optional<std::string> apply(const QueryRules &rules,
                                 std::string_view query);

} // namespace edge::cache
