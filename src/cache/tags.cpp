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

struct Source
{
    std::string_view name;
    IgnoredField ignored;
    char separator;
};

constexpr Source kSources[] = {
    {"Surrogate-Key", kIgnoreSurrogateKey, ' '},
    {"xkey", kIgnoreXkey, ' '},
    {"Cache-Tag", kIgnoreCacheTag, ','},
};

void make_set(Tags &tags)
{
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
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
    return std::ranges::any_of(kSources, [name](const Source &source) {
        return equals_ignore_case(name, source.name);
    });
}

Tags groups(http::Fields response, const Policy &policy)
{
    if (policy.ignores(kIgnoreCacheGroups)) {
        return {};
    }
    Tags groups = http::parse_string_list(response, "Cache-Groups")
                      .value_or(Tags{});
    make_set(groups);
    return groups;
}

std::variant<Tags, Reason> collect_tags(http::Fields response,
                                        std::string_view extra,
                                        const Policy &policy)
{
    Tags tags = groups(response, policy);
    std::erase(tags, std::string_view());
    for (const Source &source : kSources) {
        if (!policy.ignores(source.ignored)) {
            http::for_each_value(
                response, source.name, [&](std::string_view line) {
                    add_separated(tags, line, source.separator);
                });
        }
    }
    add_separated(tags, extra, ' ');

    make_set(tags);
    if (!within_limits(tags)) {
        return Reason::tag_limit;
    }
    return tags;
}

} // namespace edge::cache
