#include "http/preference.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "http/lower_case.h"
#include "http/token.h"

namespace edge::http {

namespace {

// The end of a list's first member: commas in quotes separate nothing.
std::size_t member_size(std::string_view text)
{
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '"') {
            quoted = !quoted;
        } else if (quoted && text[i] == '\\') {
            i++;
        } else if (!quoted && text[i] == ',') {
            return i;
        }
    }
    return text.size();
}

std::string normalised_list(std::string_view value)
{
    std::string list;
    while (!value.empty()) {
        const std::size_t size = member_size(value);
        const std::string_view member = trim_ows(value.substr(0, size));
        if (!member.empty()) {
            list.append(list.empty() ? "" : ",").append(member);
        }
        value.remove_prefix(std::min(size + 1, value.size()));
    }
    return list;
}

// Thousandths.
using Weight = std::uint64_t;
constexpr Weight kFull = 1000;

// qvalue (RFC 9110 12.4.2)
std::optional<Weight> parse_weight(std::string_view text)
{
    const std::string_view fraction = text.size() > 2 ? text.substr(2) : "";
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.')) {
        return std::nullopt;
    }
    Weight weight = text[0] == '1' ? kFull : 0;
    Weight place = 100;
    for (const char c : fraction) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        weight += static_cast<Weight>(c - '0') * place;
        place /= 10;
    }
    return weight <= kFull ? std::optional(weight) : std::nullopt;
}

struct Preference
{
    std::string name;
    Weight weight = kFull;

    bool operator==(const Preference &) const = default;
};

// token [ ";" "q=" qvalue ]
std::optional<Preference> parse_preference(std::string_view member)
{
    Split parts(member, ';');
    const std::string_view name = parts.next().value_or("");
    if (!is_token(name)) {
        return std::nullopt;
    }
    Preference preference{lower_case(name)};
    if (const auto parameter = parts.next()) {
        const auto weight =
            equals_ignore_case(parameter->substr(0, 2), "q=")
                ? parse_weight(parameter->substr(2))
                : std::nullopt;
        if (!weight) {
            return std::nullopt;
        }
        preference.weight = *weight;
    }
    return parts.next() ? std::nullopt : std::optional(preference);
}

std::optional<std::vector<Preference>> parse_preferences(std::string_view value)
{
    std::vector<Preference> all;
    Split members(value, ',');
    while (const auto member = members.next()) {
        if (member->empty()) {
            continue;
        }
        const auto preference = parse_preference(*member);
        if (!preference) {
            return std::nullopt;
        }
        all.push_back(*preference);
    }
    return all;
}

// Sorts by name, and keeps each once; false when one name is there with
// two weights.
bool make_set(std::vector<Preference> &all)
{
    std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) {
        return a.name != b.name ? a.name < b.name : a.weight < b.weight;
    });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return std::adjacent_find(all.begin(), all.end(),
                              [](const auto &a, const auto &b) {
                                  return a.name == b.name;
                              }) == all.end();
}

std::string without_alias(const std::string &coding)
{
    return coding == "x-gzip" || coding == "x-compress" ? coding.substr(2)
                                                        : coding;
}

// The acceptable codings, and "!" before those that are not although "*", or
// for identity nothing at all, would make them so.
std::optional<std::string> normalised_encoding(std::string_view value)
{
    auto codings = parse_preferences(value);
    if (!codings) {
        return std::nullopt;
    }
    for (Preference &coding : *codings) {
        coding.name = without_alias(coding.name);
        coding.weight = coding.weight != 0;
    }
    if (!make_set(*codings)) {
        return std::nullopt;
    }
    const auto has = [&](std::string_view name, Weight weight) {
        return std::find(codings->begin(), codings->end(),
                         Preference{std::string(name), weight}) !=
               codings->end();
    };
    const bool refuses_identity =
        has("identity", 0) || (has("*", 0) && !has("identity", 1));

    std::string set = refuses_identity ? "!identity" : "";
    for (const Preference &coding : *codings) {
        const bool accepted = coding.weight != 0;
        if (coding.name != "identity" && (accepted || has("*", 1))) {
            set.append(accepted ? "," : ",!").append(coding.name);
        }
    }
    return set;
}

std::optional<std::string> normalised_language(std::string_view value)
{
    auto languages = parse_preferences(value);
    if (!languages || !make_set(*languages)) {
        return std::nullopt;
    }
    std::stable_sort(
        languages->begin(), languages->end(),
        [](const auto &a, const auto &b) { return a.weight > b.weight; });

    std::string list;
    for (const Preference &language : *languages) {
        list.append(language.name).append(";");
        list.append(std::to_string(language.weight)).append(",");
    }
    return list;
}

bool begins_with(std::string_view language, std::string_view range)
{
    return language.starts_with(range) &&
           (language.size() == range.size() || language[range.size()] == '-');
}

// By the most specific range that answers it.
Weight weight_of(std::string_view language,
                 const std::vector<Preference> &ranges)
{
    std::size_t longest = 0;
    Weight weight = 0;
    for (const Preference &range : ranges) {
        const bool matches = begins_with(language, range.name) ||
                             begins_with(range.name, language);
        const std::size_t size = matches ? range.name.size() + 1 : 1;
        if ((matches || range.name == "*") && size > longest) {
            longest = size;
            weight = range.weight;
        }
    }
    return weight;
}

} // namespace

std::optional<std::string>
best_languages(std::string_view value,
               std::span<const std::string_view> offered)
{
    auto ranges = parse_preferences(value);
    if (!ranges || !make_set(*ranges)) {
        return std::nullopt;
    }
    Weight best = 1;
    std::string list;
    for (const std::string_view language : offered) {
        const Weight weight = weight_of(language, *ranges);
        if (weight > best) {
            list.clear();
            best = weight;
        }
        if (weight == best) {
            list.append(language).append(",");
        }
    }
    return list;
}

bool accepts_coding(std::string_view value, std::string_view coding)
{
    std::optional<Weight> named;
    Weight others = 0;
    Split members(value, ',');
    while (const auto member = members.next()) {
        const auto preference = parse_preference(*member);
        if (!preference && !member->empty()) {
            return false;
        }
        if (preference && without_alias(preference->name) == coding) {
            named = preference->weight;
        } else if (preference && preference->name == "*") {
            others = preference->weight;
        }
    }
    return named.value_or(others) != 0;
}

std::optional<std::string> normalise(Normaliser normaliser,
                                     std::string_view value)
{
    switch (normaliser) {
    case Normaliser::list:
        return normalised_list(value);
    case Normaliser::encoding:
        return normalised_encoding(value);
    case Normaliser::language:
        return normalised_language(value);
    default:
        return std::nullopt;
    }
}

} // namespace edge::http
