// Asking the origin whether a stored response is still good (RFC 9111 4.3.1),
// and what its 304 makes of it (4.3.4, 3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cache/entry.h"
#include "http/conditional.h"
#include "http/field.h"

namespace edge::cache {

// What clients' conditions are compared with.
http::Validators validators(const Entry &entry);

// If-None-Match and If-Modified-Since of the question, as they were received.
struct Condition
{
    std::string_view etag;
    std::string_view last_modified;

    bool empty() const { return etag.empty() && last_modified.empty(); }
};

// Empty: nothing can be asked. A 304 is an answer about a 200 only, and what is
// no entity-tag or no date is not sent back.
Condition condition(std::uint16_t status, http::Fields response);
Condition condition(const Entry &entry);

// Whether a 304 with these fields is about `stored`: by the entity-tag if both
// have one, else by Last-Modified. One that names neither answers the question.
bool confirms(http::Fields confirmation, const Entry &stored);

// Whether a 200 to HEAD, with the length that it tells, is about the bytes of
// `stored` (RFC 9111 4.3.5).
bool describes(http::Fields head, std::optional<std::uint64_t> length,
               const Entry &stored);

// Never to change while it is fresh (RFC 8246).
bool is_immutable(const Entry &stored);

// The stored fields, with those of the 304 in place of the ones of the same
// name. What describes the bytes of the stored body stays, and Date is the
// 304's or none: that is when the origin said so. Views into both.
std::vector<http::Field> update_fields(StringList stored,
                                       http::Fields confirmation);

// Whether the updated fields differ from the stored ones but for Date.
bool says_anything_new(StringList stored, StringList updated);

} // namespace edge::cache
