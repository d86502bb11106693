#include "http/etag.h"

#include <algorithm>

#include "base/text.h"

namespace edge::http {

namespace {

// etagc: any visible byte but the quote, and everything above ASCII.
bool is_etagc(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && c != '"';
}

// The entity-tag at the front of `rest`, cut off; nullopt leaves it alone.
std::optional<EntityTag> cut_entity_tag(std::string_view &rest)
{
    const bool weak = rest.starts_with("W/");
    std::string_view tag = rest.substr(weak ? 2 : 0);
    if (!tag.starts_with('"')) {
        return std::nullopt;
    }

    const auto end = std::find_if_not(tag.begin() + 1, tag.end(), is_etagc);
    if (end == tag.end() || *end != '"') {
        return std::nullopt;
    }

    const auto size = static_cast<std::size_t>(end - tag.begin()) + 1;
    const EntityTag found{tag.substr(0, size), weak};
    rest = tag.substr(size);
    return found;
}

} // namespace

std::optional<EntityTag> parse_entity_tag(std::string_view text)
{
    text = trim_ows(text);
    const auto tag = cut_entity_tag(text);
    return text.empty() ? tag : std::nullopt;
}

std::optional<EntityTag> EntityTagReader::next()
{
    while (!rest_.empty()) {
        if (is_ows(rest_.front()) || rest_.front() == ',') {
            rest_.remove_prefix(1);
            continue;
        }

        const auto tag = cut_entity_tag(rest_);
        const std::size_t comma = std::min(rest_.find(','), rest_.size());
        const bool alone = trim_ows(rest_.substr(0, comma)).empty();
        rest_.remove_prefix(comma);
        if (tag && alone) {
            return tag;
        }
    }
    return std::nullopt;
}

} // namespace edge::http
