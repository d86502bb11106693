#include "cache/vary_key.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace edge::cache {

namespace {

enum class Kind : char
{
    absent = 'a',
    text = 't',
    meaning = 'm'
};

void append(std::string &key, std::string_view text)
{
    const auto length = static_cast<std::uint32_t>(text.size());
    key.append(reinterpret_cast<const char *>(&length), sizeof(length));
    key.append(text);
}

void append(std::string &key, Kind kind, std::string_view text)
{
    key.push_back(static_cast<char>(kind));
    append(key, text);
}

std::optional<std::string> joined_lines(http::Fields request,
                                        std::string_view name)
{
    std::optional<std::string> all;
    http::for_each_value(request, name, [&all](std::string_view value) {
        all = all ? *all + ", " : std::string();
        all->append(trim_ows(value));
    });
    return all;
}

// Null: the text counts.
const VaryRule *rule_of(std::span<const VaryRule> rules, std::string_view name)
{
    const auto rule = std::find_if(
        rules.begin(), rules.end(), [name](const VaryRule &candidate) {
            return candidate.normaliser != http::Normaliser::none &&
                   candidate.name == name;
        });
    return rule == rules.end() ? nullptr : &*rule;
}

std::optional<std::string> meaning_of(const VaryRule *rule,
                                      std::string_view value)
{
    if (rule == nullptr) {
        return std::nullopt;
    }
    return rule->offered.empty() ? http::normalise(rule->normaliser, value)
                                 : http::best_languages(value, rule->offered);
}

} // namespace

std::string vary_key(StringList names, http::Fields request,
                     std::span<const VaryRule> rules)
{
    std::string key;
    while (const auto name = names.next()) {
        append(key, *name);
        const auto value = joined_lines(request, *name);
        if (!value) {
            append(key, Kind::absent, {});
            continue;
        }
        const auto meaning = meaning_of(rule_of(rules, *name), *value);
        append(key, meaning ? Kind::meaning : Kind::text,
               meaning ? *meaning : *value);
    }
    return key;
}

} // namespace edge::cache
