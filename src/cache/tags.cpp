#include "cache/tags.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "http/structured.h"

namespace edge::cache {

namespace {

using Tags = std::vector<std::string>;

void add_separated(Tags &tags, std::string_view text, char separator)
{
    Split pieces(text, separator);
    while (const auto piece = pieces.next()) {
        if (!piece->empty()) {
            tags.emplace_back(*piece);
        }
    }
}

void add_groups(Tags &tags, http::Fields response)
{
    auto groups = http::parse_string_list(response, "Cache-Groups");
    for (std::string &group : groups.value_or(Tags{})) {
        if (!group.empty()) {
            tags.push_back(std::move(group));
        }
    }
}

bool within_limits(const Tags &tags)
{
    const auto add = [](std::size_t sum, const std::string &tag) {
        return sum + tag.size();
    };
    const auto is_valid = [](const std::string &tag) {
        return tag.size() <= kMaxTagSize && !has_control_bytes(tag);
    };
    return tags.size() <= kMaxTags &&
           std::all_of(tags.begin(), tags.end(), is_valid) &&
           std::accumulate(tags.begin(), tags.end(), std::size_t{0}, add) <=
               kMaxTagBytes;
}

} // namespace

bool is_tag_field(std::string_view name)
{
    return equals_ignore_case(name, "Surrogate-Key") ||
           equals_ignore_case(name, "xkey") ||
           equals_ignore_case(name, "Cache-Tag");
}

std::variant<Tags, Reason> collect_tags(http::Fields response,
                                        std::string_view extra)
{
    Tags tags;
    for (const std::string_view name : {"Surrogate-Key", "xkey"}) {
        http::for_each_value(response, name, [&](std::string_view line) {
            add_separated(tags, line, ' ');
        });
    }
    http::for_each_value(response, "Cache-Tag",
                         [&](auto line) { add_separated(tags, line, ','); });
    add_groups(tags, response);
    add_separated(tags, extra, ' ');

    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    if (!within_limits(tags)) {
        return Reason::tag_limit;
    }
    return tags;
}

} // namespace edge::cache
