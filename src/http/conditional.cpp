#include "http/conditional.h"

#include <algorithm>
#include <optional>

#include "http/date.h"
#include "http/etag.h"

namespace edge::http {

namespace {

// The value of a field that must not be repeated; nullopt also when it is.
std::optional<std::string_view> single(Fields fields, std::string_view name)
{
    std::optional<std::string_view> value;
    std::size_t lines = 0;
    for_each_value(fields, name, [&](std::string_view line) {
        value = trim_ows(line);
        lines++;
    });
    return lines == 1 ? value : std::nullopt;
}

bool line_matches(std::string_view line, const std::optional<EntityTag> &stored)
{
    if (trim_ows(line) == "*") {
        return true;
    }
    EntityTagReader tags(line);
    while (const auto tag = tags.next()) {
        if (stored && matches_weakly(*tag, *stored)) {
            return true;
        }
    }
    return false;
}

// nullopt without If-None-Match.
std::optional<bool> none_match(Fields request, std::string_view etag)
{
    const auto stored = parse_entity_tag(etag);
    std::optional<bool> matched;
    for_each_value(request, "If-None-Match", [&](std::string_view line) {
        matched = matched.value_or(false) || line_matches(line, stored);
    });
    return matched;
}

// Last-Modified <= If-Modified-Since; without Last-Modified the response was
// not modified after its Date (RFC 9111 4.3.2).
bool unmodified_since(Fields request, const Validators &stored, WallTime now)
{
    const auto value = single(request, "If-Modified-Since");
    const auto since = value ? parse_date(*value, now) : std::nullopt;
    if (!since) {
        return false;
    }
    const auto modified = parse_date(trim_ows(stored.last_modified), now);
    return modified.value_or(stored.date) <= *since;
}

// A date is a strong validator once a second change within its own second can
// be ruled out, by the clock that has told both (RFC 9110 8.8.2.2).
bool date_matches(std::string_view value, const Validators &stored,
                  WallTime now)
{
    const auto modified = parse_date(trim_ows(stored.last_modified), now);
    const auto wanted = parse_date(value, now);
    return modified && wanted && *modified == *wanted && stored.is_dated &&
           stored.date - *modified >= Seconds(1);
}

} // namespace

bool is_not_modified(Fields request, const Validators &stored, WallTime now)
{
    if (stored.status != 200) {
        return false;
    }
    if (const auto matched = none_match(request, stored.etag)) {
        return *matched;
    }
    return unmodified_since(request, stored, now);
}

bool if_range_holds(Fields request, const Validators &stored, WallTime now)
{
    const auto is_if_range = [](const Field &field) {
        return is_field(field, "If-Range");
    };
    if (std::none_of(request.begin(), request.end(), is_if_range)) {
        return true;
    }

    const auto value = single(request, "If-Range");
    if (!value) {
        return false;
    }
    if (const auto wanted = parse_entity_tag(*value)) {
        const auto own = parse_entity_tag(stored.etag);
        return own && matches_strongly(*wanted, *own);
    }
    return date_matches(*value, stored, now);
}

bool has_origin_precondition(Fields request)
{
    return std::any_of(request.begin(), request.end(), [](const Field &field) {
        return is_field(field, "If-Match") ||
               is_field(field, "If-Unmodified-Since");
    });
}

} // namespace edge::http
