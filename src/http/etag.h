// Entity-tags (RFC 9110 8.8.3).
#pragma once

#include <optional>
#include <string_view>

namespace edge::http {

struct EntityTag
{
    // With its quotes.
    std::string_view opaque;
    bool weak = false;
};

// All of `text`, or nothing: an unquoted tag is none.
std::optional<EntityTag> parse_entity_tag(std::string_view text);

// RFC 9110 8.8.3.2
inline bool matches_weakly(const EntityTag &a, const EntityTag &b)
{
    return a.opaque == b.opaque;
}

inline bool matches_strongly(const EntityTag &a, const EntityTag &b)
{
    return !a.weak && !b.weak && a.opaque == b.opaque;
}

// The members of a list; a comma inside the quotes separates nothing. What is
// no entity-tag is skipped up to the next comma.
class EntityTagReader
{
public:
    explicit EntityTagReader(std::string_view line) : rest_(line) {}
    std::optional<EntityTag> next();

private:
    std::string_view rest_;
};

} // namespace edge::http
