// An origin's header: each line of the input is one field line, taken for
// every field whose value is parsed here.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/text.h"
#include "cache/storability.h"
#include "cache/stored_fields.h"
#include "cache/tags.h"
#include "http/conditional.h"

using namespace edge;

namespace {

constexpr WallTime kNow{Seconds(1795219200)};

std::vector<http::Field> fields_of(std::string_view text)
{
    constexpr std::string_view names[] = {
        "Cache-Control", "Expires",       "Date",          "Age",
        "Vary",          "Cache-Groups",  "Surrogate-Key", "X-Accel-Expires",
        "Connection",    "If-None-Match", "If-Range",      "Content-Type",
        // 24 in all: what a digit chooses stays the same.
        "Edge-Cache-Control", "CDN-Cache-Control", "Last-Modified",
        "Set-Cookie", "xkey", "Cache-Tag", "ETag", "If-Modified-Since",
        "Pragma", "Origin", "Access-Control-Allow-Origin",
        "Content-Encoding"};

    std::vector<http::Field> fields;
    Split lines(text, '\n');
    while (const auto line = lines.next()) {
        if (!line->empty()) {
            // The first byte chooses the field: "0" is the first of them.
            const auto choice = static_cast<unsigned char>(line->front());
            fields.push_back(
                {names[choice % std::size(names)], line->substr(1)});
        }
    }
    return fields;
}

void judge(const std::vector<http::Field> &fields)
{
    cache::ResponseFacts response;
    response.status = 200;
    response.fields = fields;
    response.requested = kNow - Seconds(1);
    response.received = kNow;
    const auto request = cache::request_facts("GET", false, fields);
    cache::Policy policy;
    policy.heuristic_percent = 10;
    policy.heuristic_max = Seconds(3600);
    const auto result = cache::judge(request, response, policy);
    if (const auto *stored = std::get_if<cache::Storable>(&result)) {
        if (stored->times.lifetime < Millis(0)) {
            std::abort();
        }
        (void)cache::StoredFields(fields, *stored).keeps("etag");
    }
}

// In order, each once, and none that could not be purged.
void check_tags(const std::vector<http::Field> &fields, std::string_view extra)
{
    const auto collected = cache::collect_tags(fields, extra, {});
    const auto *tags = std::get_if<std::vector<std::string>>(&collected);
    if (tags == nullptr) {
        return;
    }
    const auto is_out_of_order = [](const auto &a, const auto &b) {
        return a >= b;
    };
    const auto is_none = [](const std::string &tag) {
        return tag.empty() || tag.size() > cache::kMaxTagSize ||
               has_control_bytes(tag);
    };
    if (tags->size() > cache::kMaxTags ||
        std::ranges::any_of(*tags, is_none) ||
        std::ranges::adjacent_find(*tags, is_out_of_order) != tags->end()) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto fields = fields_of(text);

    judge(fields);
    check_tags(fields, text);
    const http::Validators stored{200, "\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT",
                                  kNow};
    (void)http::is_not_modified(fields, stored, kNow);
    (void)http::if_range_holds(fields, stored, kNow);
    return 0;
}
