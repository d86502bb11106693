// Conditional requests, answered from a stored response (RFC 9110 13).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "http/field.h"

namespace edge::http {

// What a stored response can be compared by.
struct Validators
{
    std::uint16_t status = 200;
    // As stored; empty when it has none.
    std::string_view etag;
    std::string_view last_modified;
    // Date, or the time of reception without one.
    WallTime date{};
    // Date is the origin's, whose clock has told Last-Modified, too.
    bool is_dated = true;
};

// True: a GET or HEAD is answered by 304. If-None-Match decides alone where it
// is present (RFC 9110 13.2.2); only a stored 200 is ever compared (RFC 9111
// 4.3.2).
bool is_not_modified(Fields request, const Validators &stored, WallTime now);

// Whether Range applies: no If-Range, or one that names exactly the stored
// response, by strong comparison (RFC 9110 13.1.5).
bool if_range_holds(Fields request, const Validators &stored, WallTime now);

// If-Match or If-Unmodified-Since: for the origin alone to decide (RFC 9111
// 4.3.2).
bool has_origin_precondition(Fields request);

} // namespace edge::http
