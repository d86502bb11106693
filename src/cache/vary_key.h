// What tells a resource's variants apart: the request's values of the fields
// that Vary names. The bytes may hold credentials: they are hashed, and never
// stored, logged or shown.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/entry.h"
#include "http/field.h"
#include "http/preference.h"

namespace edge::cache {

// One line of edge_cache_vary. Without a normaliser every answer differs by
// the field; with one, those that do get variants by meaning.
struct VaryRule
{
    // Lower case.
    std::string_view name;
    http::Normaliser normaliser = http::Normaliser::none;
    // Of a `language`: what there is, lower case; empty: not known.
    std::vector<std::string_view> offered{};
};

// Per name: the name and the lines' values joined by ", ", or what they mean,
// each behind its length; an absent field differs from an empty one, and a
// meaning from the same text.
std::string vary_key(StringList names, http::Fields request,
                     std::span<const VaryRule> rules);

} // namespace edge::cache
