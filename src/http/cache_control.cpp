#include "http/cache_control.h"

#include <algorithm>
#include <string>

#include "http/directive.h"
#include "http/token.h"

namespace edge::http {

namespace {

using Argument = Directive::Argument;

struct SecondsDirective
{
    std::string_view name;
    std::optional<Seconds> CacheControl::*value;
};

constexpr SecondsDirective kSeconds[] = {
    {"max-age", &CacheControl::max_age},
    {"s-maxage", &CacheControl::s_maxage},
    {"stale-while-revalidate", &CacheControl::stale_while_revalidate},
    {"stale-if-error", &CacheControl::stale_if_error},
    {"min-fresh", &CacheControl::min_fresh},
    {"max-stale", &CacheControl::max_stale},
};

struct Flag
{
    std::string_view name;
    bool CacheControl::*value;
    // A restriction holds even when its argument makes no sense.
    bool restricts;
};

constexpr Flag kFlags[] = {
    {"no-store", &CacheControl::no_store, true},
    {"no-transform", &CacheControl::no_transform, true},
    {"only-if-cached", &CacheControl::only_if_cached, true},
    {"must-revalidate", &CacheControl::must_revalidate, true},
    {"proxy-revalidate", &CacheControl::proxy_revalidate, true},
    {"must-understand", &CacheControl::must_understand, false},
    {"public", &CacheControl::is_public, false},
    {"immutable", &CacheControl::immutable, false},
};

struct Qualified
{
    std::string_view name;
    bool CacheControl::*whole;
};

constexpr Qualified kQualified[] = {
    {"no-cache", &CacheControl::no_cache},
    {"private", &CacheControl::is_private},
};

std::string unescape(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            i++;
        }
        plain.push_back(text[i]);
    }
    return plain;
}

std::optional<Seconds> delta_seconds(const Directive &directive)
{
    const auto value =
        parse_decimal(unescape(directive.value),
                      static_cast<std::uint64_t>(kMaxDeltaSeconds.count()));
    if (!value) {
        return std::nullopt;
    }
    return Seconds(static_cast<std::int64_t>(*value));
}

void take_seconds(std::optional<Seconds> &known, const Directive &directive)
{
    const auto value = delta_seconds(directive);
    if (!value || !known) {
        known = value.value_or(Seconds(0));
    }
}

// False when the argument is no list of field names.
bool add_names(FieldNames &names, const Directive &directive)
{
    bool any = false;
    Split list(directive.value, ',');
    while (const auto name = list.next()) {
        if (name->empty()) {
            continue;
        }
        if (!is_token(*name) || !names.add(*name)) {
            return false;
        }
        any = true;
    }
    return any;
}

template <typename Table> auto find(const Table &table, std::string_view name)
{
    return std::find_if(
        std::begin(table), std::end(table),
        [name](const auto &row) { return equals_ignore_case(row.name, name); });
}

void apply(CacheControl &control, const Directive &directive)
{
    const bool bare = directive.argument == Argument::none;

    if (const auto row = find(kSeconds, directive.name);
        row != std::end(kSeconds)) {
        if (bare && row->value == &CacheControl::max_stale) {
            control.max_stale = control.max_stale.value_or(kMaxDeltaSeconds);
        } else {
            take_seconds(control.*row->value, directive);
        }

    } else if (const auto flag = find(kFlags, directive.name);
               flag != std::end(kFlags)) {
        if (flag->restricts || directive.argument != Argument::malformed) {
            control.*flag->value = true;
        }

    } else if (const auto part = find(kQualified, directive.name);
               part != std::end(kQualified)) {
        if (bare || !add_names(control.withheld, directive)) {
            control.*part->whole = true;
        }
    }
}

} // namespace

bool FieldNames::add(std::string_view name)
{
    if (size_ == capacity) {
        return false;
    }
    names_[size_++] = name;
    return true;
}

bool FieldNames::contains(std::string_view name) const
{
    return std::any_of(
        names_.begin(), names_.begin() + size_,
        [name](std::string_view own) { return equals_ignore_case(own, name); });
}

CacheControl parse_cache_control(Fields fields)
{
    CacheControl control;
    for_each_value(fields, "Cache-Control", [&control](std::string_view line) {
        DirectiveReader directives(line);
        while (const auto directive = directives.next()) {
            apply(control, *directive);
        }
    });
    return control;
}

} // namespace edge::http
