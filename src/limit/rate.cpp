#include "limit/rate.h"

#include "base/text.h"

namespace edge::limit {

namespace {

std::optional<std::uint64_t> seconds_of(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return std::nullopt;
    }
}

} // namespace

std::optional<Rate> parse_rate(std::string_view text)
{
    const std::size_t end = text.find("r/");
    if (end == std::string_view::npos || end + 3 != text.size()) {
        return std::nullopt;
    }

    const auto seconds = seconds_of(text.back());
    if (!seconds) {
        return std::nullopt;
    }

    const std::uint64_t most = kMaxRate * *seconds;
    const auto units = parse_decimal(text.substr(0, end), most + 1);
    if (!units || *units == 0 || *units > most) {
        return std::nullopt;
    }
    return Rate{*units, *seconds};
}

std::optional<std::uint64_t> parse_burst(std::string_view text)
{
    const auto burst = parse_decimal(text, kMaxBurst + 1);
    if (!burst || *burst == 0 || *burst > kMaxBurst) {
        return std::nullopt;
    }
    return burst;
}

Micros emission_interval(const Rate &rate)
{
    const std::uint64_t quarters = rate.seconds * 4'000'000;
    return static_cast<double>((quarters + rate.units - 1) / rate.units) / 4;
}

} // namespace edge::limit
