#include "http/targeted.h"

#include <algorithm>

#include "http/directive_table.h"
#include "http/structured.h"

namespace edge::http {

namespace {

using Type = StructuredItem::Type;

// False when the value is of another type than the directive's own.
bool apply(CacheControl &control, const DictionaryMember &member)
{
    const StructuredItem &value = member.value;
    if (const auto *row = find(kSecondsDirectives, member.key)) {
        control.*row->value = std::clamp(
            Seconds(value.number), Seconds(0), kMaxDeltaSeconds);
        return value.type == Type::integer;
    }
    if (const auto *flag = find(kFlagDirectives, member.key)) {
        control.*flag->value = value.number != 0;
        return value.type == Type::boolean;
    }
    if (const auto *part = find(kQualifiedDirectives, member.key)) {
        control.*part->whole = value.type == Type::string || value.number != 0;
        return value.type == Type::string || value.type == Type::boolean;
    }
    return true;
}

} // namespace

std::optional<CacheControl> parse_targeted(Fields response,
                                           std::string_view name)
{
    const auto members = parse_dictionary(response, name);
    if (!members || members->empty()) {
        return std::nullopt;
    }
    CacheControl control;
    const bool valid = std::all_of(
        members->begin(), members->end(),
        [&control](const auto &member) { return apply(control, member); });
    return valid ? std::optional(control) : std::nullopt;
}

} // namespace edge::http
