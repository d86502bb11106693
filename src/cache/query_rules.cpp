#include "cache/query_rules.h"

#include <algorithm>

namespace edge::cache {

namespace {

std::string_view name_of(std::string_view argument)
{
    return argument.substr(0, argument.find('='));
}

std::vector<std::string_view> split(std::string_view query)
{
    std::vector<std::string_view> arguments;
    for (std::size_t start = 0; start <= query.size();) {
        const std::size_t end = std::min(query.find('&', start), query.size());
        arguments.push_back(query.substr(start, end - start));
        start = end + 1;
    }
    return arguments;
}

bool matches(std::string_view pattern, std::string_view name)
{
    if (!pattern.ends_with('*')) {
        return pattern == name;
    }
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_dropped(const QueryRules &rules, std::string_view argument)
{
    const std::string_view name = name_of(argument);
    const bool named =
        std::any_of(rules.names.begin(), rules.names.end(),
                    [name](auto pattern) { return matches(pattern, name); });
    switch (rules.choice) {
    case QueryRules::Choice::keep:
        return !named;
    case QueryRules::Choice::drop:
        return named;
    default:
        return false;
    }
}

} // namespace

std::optional<std::string> apply(const QueryRules &rules,
                                 std::string_view query)
{
    if (query.empty()) {
        return std::nullopt;
    }
    auto arguments = split(query);
    std::erase_if(arguments, [&rules](auto argument) {
        return is_dropped(rules, argument);
    });
    if (rules.sort) {
        std::stable_sort(
            arguments.begin(), arguments.end(),
            [](auto a, auto b) { return name_of(a) < name_of(b); });
    }

    std::string result;
    for (const std::string_view argument : arguments) {
        if (argument.data() != arguments.front().data()) {
            result.push_back('&');
        }
        result.append(argument);
    }
    return result == query ? std::nullopt : std::optional(result);
}

} // namespace edge::cache
