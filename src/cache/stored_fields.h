// Which fields of a response are stored with it (RFC 9111 3.1).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cache/storability.h"
#include "http/field.h"

namespace edge::cache {

// Views into the response's fields: lives no longer than they do.
class StoredFields
{
public:
    StoredFields(http::Fields response, const Storable &storable);

    // Not: what concerns one connection or its proxy, what this module writes
    // anew for every answer (Age, Date, Content-Length, Accept-Ranges), what
    // nginx itself obeys (X-Accel-*), limits (RateLimit*), and what the
    // response withholds or the location drops.
    bool keeps(std::string_view name) const;

private:
    std::vector<std::string_view> nominated_;
    http::FieldNames withheld_;
    std::span<const std::string_view> dropped_;
    bool strip_set_cookie_;
};

} // namespace edge::cache
