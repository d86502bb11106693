#include "http/cache_control.h"

#include <algorithm>
#include <string>

#include "http/directive.h"
#include "http/directive_table.h"
#include "http/token.h"

namespace edge::http {

namespace {

using Argument = Directive::Argument;

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

void apply(CacheControl &control, const Directive &directive)
{
    const bool bare = directive.argument == Argument::none;

    if (const auto *row = find(kSecondsDirectives, directive.name)) {
        if (bare && row->value == &CacheControl::max_stale) {
            control.max_stale = control.max_stale.value_or(kMaxDeltaSeconds);
        } else {
            take_seconds(control.*row->value, directive);
        }

    } else if (const auto *flag = find(kFlagDirectives, directive.name)) {
        if (flag->restricts || directive.argument != Argument::malformed) {
            control.*flag->value = true;
        }

    } else if (const auto *part = find(kQualifiedDirectives,
                                       directive.name)) {
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
