#include "limit/fields.h"

#include <algorithm>
#include <cmath>

namespace edge::limit {

namespace {

std::uint64_t whole_seconds(Micros time)
{
    return static_cast<std::uint64_t>(std::ceil(time / 1'000'000));
}

// Within printable ASCII the strings of RFC 9651 3.3.3 and of JSON escape
// alike. Other bytes have no place in a structured field.
void append_quoted(std::string &out, std::string_view text)
{
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c >= 0x20 && c < 0x7f ? c : '?';
    }
    out += '"';
}

void append_parameter(std::string &out, std::string_view name,
                      std::uint64_t value)
{
    out += ';';
    out += name;
    out += '=';
    out += std::to_string(value);
}

template <typename Append>
std::string list_of(Standings standings, Append &&append_parameters)
{
    std::string out;
    for (const Standing &standing : standings) {
        out += out.empty() ? "" : ", ";
        append_quoted(out, standing.policy);
        append_parameters(out, standing);
    }
    return out;
}

bool is_refused(Standings standings)
{
    return std::any_of(standings.begin(), standings.end(),
                       [](const Standing &s) { return s.denied; });
}

// Refusing ones first, then by what is left.
bool is_tighter(const Standing &a, const Standing &b)
{
    return a.denied != b.denied ? a.denied
                                : a.state.remaining < b.state.remaining;
}

std::string problem(std::string_view type, unsigned status,
                    std::string_view detail)
{
    std::string out = "{\"type\":\"https://iana.org/assignments/"
                      "http-problem-types#";
    out += type;
    out += "\",\"status\":";
    out += std::to_string(status);
    out += ",\"detail\":";
    append_quoted(out, detail);
    return out;
}

std::string try_again(std::uint64_t seconds)
{
    return "Try again in " + std::to_string(seconds) +
           (seconds == 1 ? " second." : " seconds.");
}

} // namespace

Policy policy_of(const Figures &figures, Micros now)
{
    const Rate &rate = figures.rate;
    switch (figures.algorithm) {
    case Algorithm::gcra:
        break;
    case Algorithm::window:
        return {rate.units, rate.seconds};
    case Algorithm::quota:
        return {static_cast<std::uint64_t>(figures.quota.units),
                period_seconds(figures.quota, period_end(figures.quota, now))};
    }
    const std::uint64_t periods = (figures.burst + rate.units - 1) / rate.units;
    return {periods * rate.units, periods * rate.seconds};
}

std::string rate_limit_policy(Standings standings)
{
    return list_of(standings, [](std::string &out, const Standing &standing) {
        append_parameter(out, "q", standing.allows.units);
        append_parameter(out, "w", standing.allows.seconds);
    });
}

std::string rate_limit(Standings standings)
{
    const bool refused = is_refused(standings);
    return list_of(standings, [=](std::string &out, const Standing &standing) {
        const std::uint64_t units = standing.state.remaining;
        append_parameter(out, "r", units);
        const auto wait = wait_for(standing.meter, standing.state, units + 1);
        if (wait && standing.denied == refused) {
            append_parameter(out, "t", whole_seconds(*wait));
        }
    });
}

LegacyFields legacy_fields(Standings standings)
{
    const Standing &tightest =
        *std::min_element(standings.begin(), standings.end(), is_tighter);
    return {tightest.allows.units, tightest.state.remaining,
            whole_seconds(tightest.state.time)};
}

std::optional<std::uint64_t> retry_after(Standings standings)
{
    std::uint64_t seconds = 1;
    for (const Standing &standing : standings) {
        if (!standing.denied) {
            continue;
        }
        const auto wait =
            wait_for(standing.meter, standing.state, standing.cost);
        if (!wait) {
            return std::nullopt;
        }
        seconds = std::max(seconds, whole_seconds(*wait));
    }
    return seconds;
}

std::string quota_problem(Standings standings, unsigned status,
                          std::optional<std::uint64_t> seconds)
{
    std::string out =
        problem("quota-exceeded", status,
                seconds ? try_again(*seconds)
                        : "This request costs more than the limit ever allows: "
                          "ask for less at once.");

    out += ",\"violated-policies\":[";
    std::string_view separator;
    for (const Standing &standing : standings) {
        if (standing.denied) {
            out += separator;
            append_quoted(out, standing.policy);
            separator = ",";
        }
    }
    out += "]}";
    return out;
}

std::string capacity_problem(std::uint64_t retry_after, unsigned status)
{
    return problem("temporary-reduced-capacity", status,
                   try_again(retry_after)) +
           "}";
}

} // namespace edge::limit
