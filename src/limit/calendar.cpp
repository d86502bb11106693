#include "limit/calendar.h"

#include <chrono>
#include <cmath>

#include "base/text.h"

namespace edge::limit {

namespace {

constexpr std::uint64_t kMostUnits = 1'000'000'000'000;
constexpr std::int64_t kDay = 86400;
// The first Monday after 1970 began.
constexpr std::int64_t kMonday = 4 * kDay;

std::optional<Calendar> parse_period(std::string_view text)
{
    constexpr std::string_view names[] = {"hour", "day", "week", "month"};
    for (std::size_t i = 0; i < std::size(names); i++) {
        if (names[i] == text) {
            return static_cast<Calendar>(i);
        }
    }
    return std::nullopt;
}

std::int64_t floor_to(std::int64_t seconds, std::int64_t length)
{
    const std::int64_t rest = seconds % length;
    return seconds - (rest < 0 ? rest + length : rest);
}

std::chrono::sys_days first_of_month(std::int64_t seconds, int months_later)
{
    using namespace std::chrono;

    const year_month_day day(sys_days(days(floor_to(seconds, kDay) / kDay)));
    return sys_days(day.year() / day.month() / 1 + months(months_later));
}

std::int64_t seconds_of(std::chrono::sys_days day)
{
    return std::int64_t{day.time_since_epoch().count()} * kDay;
}

// Of the local time `seconds`.
std::int64_t local_end(Calendar period, std::int64_t seconds)
{
    switch (period) {
    case Calendar::hour:
        return floor_to(seconds, 3600) + 3600;
    case Calendar::day:
        return floor_to(seconds, kDay) + kDay;
    case Calendar::week:
        return floor_to(seconds - kMonday, 7 * kDay) + kMonday + 7 * kDay;
    case Calendar::month:
        break;
    }
    return seconds_of(first_of_month(seconds, 1));
}

} // namespace

std::optional<Quota> parse_quota(std::string_view text)
{
    const std::size_t slash = text.find('/');
    if (slash == text.npos) {
        return std::nullopt;
    }
    const auto units = parse_decimal(text.substr(0, slash), kMostUnits + 1);
    const auto period = parse_period(text.substr(slash + 1));
    if (!units || *units == 0 || *units > kMostUnits || !period) {
        return std::nullopt;
    }
    return Quota{static_cast<double>(*units), *period, 0};
}

std::optional<std::int32_t> parse_offset(std::string_view text)
{
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') ||
        text[3] != ':') {
        return std::nullopt;
    }
    const auto hours = parse_decimal(text.substr(1, 2), 99);
    const auto minutes = parse_decimal(text.substr(4, 2), 99);
    if (!hours || !minutes || *minutes > 59 || *hours * 60 + *minutes > 840) {
        return std::nullopt;
    }
    const auto seconds =
        static_cast<std::int32_t>((*hours * 60 + *minutes) * 60);
    return text[0] == '-' ? -seconds : seconds;
}

Micros period_end(const Quota &quota, Micros now)
{
    const auto seconds = static_cast<std::int64_t>(std::floor(now / 1e6));
    const std::int64_t end = local_end(quota.period, seconds + quota.offset);
    return static_cast<double>(end - quota.offset) * 1e6;
}

QuotaCount roll(const Quota &quota, const QuotaCount &count, Micros now)
{
    const Micros end = period_end(quota, now);
    if (count.ends == end || count.ends == period_end(quota, end)) {
        return count;
    }
    return {end, 0};
}

std::uint64_t period_seconds(const Quota &quota, Micros ends)
{
    switch (quota.period) {
    case Calendar::hour:
        return 3600;
    case Calendar::day:
        return kDay;
    case Calendar::week:
        return 7 * kDay;
    case Calendar::month:
        break;
    }
    const auto last = static_cast<std::int64_t>(ends / 1e6) + quota.offset - 1;
    return static_cast<std::uint64_t>(seconds_of(first_of_month(last, 1)) -
                                      seconds_of(first_of_month(last, 0)));
}

} // namespace edge::limit
