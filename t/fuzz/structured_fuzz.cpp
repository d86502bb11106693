// Structured fields: each line of the input is one line of the field. What is
// a Dictionary stays one with a member more, and tells the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "http/cache_status.h"
#include "http/structured.h"
#include "http/targeted.h"

using namespace edge;

namespace {

std::vector<http::Field> lines_of(std::string_view text)
{
    std::vector<http::Field> fields;
    Split lines(text, '\n');
    while (const auto line = lines.next()) {
        fields.push_back({http::kCdnTarget, *line});
    }
    return fields;
}

void check_dictionary(std::vector<http::Field> fields)
{
    const auto members = http::parse_dictionary(fields, http::kCdnTarget);
    const auto control = http::parse_targeted(fields, http::kCdnTarget);
    if (!members && control) {
        std::abort();
    }
    if (!members || members->empty()) {
        return;
    }
    fields.push_back({http::kCdnTarget, "zz=(1 \"b\";c);d"});
    const auto more = http::parse_dictionary(fields, http::kCdnTarget);
    const auto same = http::parse_targeted(fields, http::kCdnTarget);
    if (!more || more->size() < members->size() ||
        same.has_value() != control.has_value() ||
        (same && same->max_age != control->max_age)) {
        std::abort();
    }
}

// The key is bytes of a request: what is written is a List again.
void check_written(std::string_view text)
{
    http::CacheStatus status;
    status.cache = "a";
    status.key = text;
    const std::string member = "\"\";" + serialize(status).substr(2);
    const http::Field field{"list", member};
    if (!http::parse_string_list({&field, 1}, "list")) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto fields = lines_of(text);

    check_dictionary(fields);
    check_written(text);
    (void)http::parse_string_list(fields, http::kCdnTarget);
    return 0;
}
