#include "http/freshness.h"

#include <algorithm>

#include "http/date.h"

namespace edge::http {

namespace {

// The date on the first line of the field.
std::optional<WallTime> first_date(Fields response, std::string_view name,
                                   WallTime now)
{
    for (const Field &field : response) {
        if (is_field(field, name)) {
            return parse_date(trim_ows(field.value), now);
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<Seconds> parse_age(Fields response)
{
    for (const Field &field : response) {
        if (!is_field(field, "Age")) {
            continue;
        }
        const auto age = parse_decimal(
            Split(field.value, ',').next().value_or(std::string_view{}),
            static_cast<std::uint64_t>(kMaxDeltaSeconds.count()));
        if (!age) {
            return std::nullopt;
        }
        return Seconds(static_cast<std::int64_t>(*age));
    }
    return std::nullopt;
}

std::optional<WallTime> parse_date_field(Fields response, WallTime now)
{
    return first_date(response, "Date", now);
}

std::optional<Millis> expires_lifetime(Fields response, WallTime received)
{
    std::size_t lines = 0;
    std::optional<WallTime> expires;
    for_each_value(response, "Expires", [&](std::string_view value) {
        lines++;
        expires = parse_date(trim_ows(value), received);
    });

    if (lines == 0) {
        return std::nullopt;
    }
    if (lines > 1 || !expires) {
        return Millis(0);
    }
    const WallTime date =
        parse_date_field(response, received).value_or(received);
    return std::max(*expires - date, Millis(0));
}

std::optional<Seconds> directive_lifetime(const CacheControl &control)
{
    return control.s_maxage ? control.s_maxage : control.max_age;
}

std::optional<Millis> unmodified_time(Fields response, WallTime received)
{
    const auto modified = first_date(response, "Last-Modified", received);
    const WallTime date =
        parse_date_field(response, received).value_or(received);
    if (!modified || *modified >= date) {
        return std::nullopt;
    }
    return date - *modified;
}

Millis initial_age(WallTime request, WallTime response,
                   std::optional<WallTime> date, Seconds age)
{
    // Date has whole seconds: what is below one says nothing.
    const Millis apparent =
        date ? std::max<Millis>(
                   std::chrono::floor<Seconds>(response - *date), Millis(0))
             : Millis(0);
    const Millis delay = std::max(response - request, Millis(0));
    return std::max(apparent, age + delay);
}

} // namespace edge::http
