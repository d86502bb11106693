// What a request would find if it came now: its key, what is stored under it,
// and what is known of it besides. For people: nothing is fetched, counted,
// used or changed by it.
#pragma once

#include "api/json.h"
#include "cache/question.h"
#include "flow/request.h"
#include "ngx/detached.h"
#include "ngx/task.h"

namespace edge::flow {

struct Explanation
{
    cache::Question question;
    // The request that nobody sends, in its location.
    ngx::Detached request;
    // Why it would pass the cache by.
    cache::Reason bypass = cache::Reason::none;
    // What is fetched for it, as memory knows its variants.
    Hash128 fill_name;
    api::Json memory;
    api::Json redis;

    std::optional<ngx::Flow> flow;
};

// As far as this instance knows it. The location has edge_cache.
void look_here(Explanation &explanation);

// Whether Redis may know more.
bool is_shared(const Explanation &explanation);
ngx::Task look_there(ngx::Flow &flow, Explanation &explanation);

api::Json describe(const Explanation &explanation);

} // namespace edge::flow
