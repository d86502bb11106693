// For tables of this process whose keys a zone has hashed already.
#pragma once

#include <cstddef>

#include "base/hash.h"

namespace edge::limit {

struct KeyHasher
{
    std::size_t operator()(const Hash128 &key) const
    {
        return static_cast<std::size_t>(key.lo);
    }
};

} // namespace edge::limit
