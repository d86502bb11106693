// What tells a resource's variants apart: the request's values of the fields
// that Vary names. The bytes may hold credentials: they are hashed, and never
// stored, logged or shown.
#pragma once

#include <cstddef>

#include "cache/entry.h"
#include "http/field.h"

namespace edge::cache {

// Per name: the name and the lines' values joined by ", ", each behind its
// length; an absent field differs from an empty one. vary_key_size() is
// exactly what write_vary_key() writes.
std::size_t vary_key_size(StringList names, http::Fields request);
void write_vary_key(StringList names, http::Fields request, char *out);

} // namespace edge::cache
