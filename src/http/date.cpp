#include "http/date.h"

#include <algorithm>

#include "base/text.h"

namespace edge::http {

namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed",
                                      "Thu", "Fri", "Sat"};
constexpr std::string_view kLongDays[] = {"Sunday",    "Monday",   "Tuesday",
                                          "Wednesday", "Thursday", "Friday",
                                          "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr",
                                        "May", "Jun", "Jul", "Aug",
                                        "Sep", "Oct", "Nov", "Dec"};

struct Parts
{
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
};

// Eats a date piece by piece; once something did not fit, all has failed.
class Scanner
{
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    Scanner &literal(std::string_view expected)
    {
        ok_ = ok_ &&
              equals_ignore_case(rest_.substr(0, expected.size()), expected);
        skip(expected.size());
        return *this;
    }

    // The index of the name that comes next.
    template <std::size_t N>
    Scanner &name(const std::string_view (&names)[N], unsigned &index)
    {
        for (index = 0; index < N; index++) {
            const auto size = names[index].size();
            if (equals_ignore_case(rest_.substr(0, size), names[index])) {
                skip(size);
                return *this;
            }
        }
        ok_ = false;
        return *this;
    }

    Scanner &number(std::size_t digits, unsigned &value)
    {
        const std::string_view text = rest_.substr(0, digits);
        const auto parsed = parse_decimal(text, 9999);
        ok_ = ok_ && text.size() == digits && parsed;
        value = static_cast<unsigned>(parsed.value_or(0));
        skip(digits);
        return *this;
    }

    // asctime writes days below 10 with a space.
    Scanner &padded_day(unsigned &value)
    {
        return rest_.starts_with(' ') ? literal(" ").number(1, value)
                                      : number(2, value);
    }

    Scanner &time(Parts &parts)
    {
        return number(2, parts.hour)
            .literal(":")
            .number(2, parts.minute)
            .literal(":")
            .number(2, parts.second);
    }

    bool done() const { return ok_ && rest_.empty(); }

private:
    void skip(std::size_t size)
    {
        rest_.remove_prefix(std::min(size, rest_.size()));
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::optional<WallTime> to_time(const Parts &parts)
{
    using namespace std::chrono;

    const year_month_day date(year(static_cast<int>(parts.year)),
                              month(parts.month + 1), day(parts.day));
    // 60 is a leap second.
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 ||
        parts.second > 60) {
        return std::nullopt;
    }
    return WallTime(sys_days(date) + hours(parts.hour) + minutes(parts.minute) +
                    seconds(parts.second));
}

std::optional<WallTime> parse_imf_fixdate(std::string_view text)
{
    Parts parts;
    unsigned weekday = 0;
    Scanner scanner(text);
    scanner.name(kDays, weekday).literal(", ");
    scanner.number(2, parts.day).literal(" ").name(kMonths, parts.month);
    scanner.literal(" ").number(4, parts.year).literal(" ");
    scanner.time(parts).literal(" GMT");
    return scanner.done() ? to_time(parts) : std::nullopt;
}

std::optional<WallTime> parse_asctime(std::string_view text)
{
    Parts parts;
    unsigned weekday = 0;
    Scanner scanner(text);
    scanner.name(kDays, weekday).literal(" ").name(kMonths, parts.month);
    scanner.literal(" ").padded_day(parts.day).literal(" ");
    scanner.time(parts).literal(" ").number(4, parts.year);
    return scanner.done() ? to_time(parts) : std::nullopt;
}

// The latest date with these two digits that is at most 50 years ahead.
std::optional<WallTime> in_century(Parts parts, WallTime now)
{
    const auto midnight = std::chrono::floor<std::chrono::days>(now);
    const auto limit = year_month_day(midnight) + std::chrono::years(50);
    const auto limit_year = static_cast<unsigned>(int(limit.year()));

    parts.year += limit_year / 100 * 100;
    const auto time = to_time(parts);
    if (parts.year < limit_year ||
        (time && *time <= sys_days(limit) + (now - midnight))) {
        return time;
    }
    parts.year -= 100;
    return to_time(parts);
}

std::optional<WallTime> parse_rfc850(std::string_view text, WallTime now)
{
    Parts parts;
    unsigned weekday = 0;
    Scanner scanner(text);
    scanner.name(kLongDays, weekday).literal(", ");
    scanner.number(2, parts.day).literal("-").name(kMonths, parts.month);
    scanner.literal("-").number(2, parts.year).literal(" ");
    scanner.time(parts).literal(" GMT");
    return scanner.done() ? in_century(parts, now) : std::nullopt;
}

// Writes `digits` digits at `out`; returns where they end.
char *write_number(char *out, unsigned value, std::size_t digits)
{
    for (std::size_t i = digits; i-- > 0; value /= 10) {
        out[i] = static_cast<char>('0' + value % 10);
    }
    return out + digits;
}

char *write_text(char *out, std::string_view text)
{
    return std::copy(text.begin(), text.end(), out);
}

} // namespace

std::optional<WallTime> parse_date(std::string_view text, WallTime now)
{
    // The fourth byte tells the forms apart: "Sun,", "Sun ", "Sund".
    if (text.size() <= 3) {
        return std::nullopt;
    }
    switch (text[3]) {
    case ',':
        return parse_imf_fixdate(text);
    case ' ':
        return parse_asctime(text);
    default:
        return parse_rfc850(text, now);
    }
}

std::array<char, kDateSize> format_date(WallTime time)
{
    using namespace std::chrono;

    const sys_days midnight = floor<days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(floor<seconds>(time - midnight));
    const auto number = [](auto value) {
        return static_cast<unsigned>(value.count());
    };

    std::array<char, kDateSize> text;
    char *out = write_text(text.data(), kDays[weekday(midnight).c_encoding()]);
    out = write_number(write_text(out, ", "), unsigned(date.day()), 2);
    out = write_text(write_text(out, " "), kMonths[unsigned(date.month()) - 1]);
    out = write_number(write_text(out, " "),
                       static_cast<unsigned>(int(date.year())), 4);
    out = write_number(write_text(out, " "), number(clock.hours()), 2);
    out = write_number(write_text(out, ":"), number(clock.minutes()), 2);
    out = write_number(write_text(out, ":"), number(clock.seconds()), 2);
    write_text(out, " GMT");
    return text;
}

} // namespace edge::http
