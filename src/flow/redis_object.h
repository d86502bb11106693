// What Redis has stored under one name.
#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>
#include <variant>

#include "cache/reason.h"
#include "cache/seal.h"
#include "flow/request.h"
#include "flow/variant.h"
#include "ngx/task.h"
#include "redis/operation.h"

namespace edge::flow {

// Of one GET. Views into the reply.
using StoredInRedis = cache::Unsealed;

// What a GET has brought, whatever is in its entry; Reason::none: nothing is
// there.
std::variant<StoredInRedis, cache::Reason>
read_stored(const redis::Operation &get, const cache::SealKeys &seal_keys);

// The object or record under `name`, which is the resource's or a variant's.
// Believes nothing: whatever is not an entry of that key is none, and the
// request is told why. The reply lives in `memory`.
ngx::Task get_from_redis(ngx::Flow &flow, Request &request,
                         std::pmr::memory_resource &memory,
                         const VariantKey &name,
                         std::optional<StoredInRedis> &stored);

} // namespace edge::flow
