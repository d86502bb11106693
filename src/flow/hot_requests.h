// What clients of this worker ask for most and get from the cache, and how they
// do: so that it can be asked for again without them (flow/primer). Nothing is
// kept without edge_cache_prime, and of no request its credentials.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cache/popular.h"
#include "flow/request.h"
#include "http/form.h"
#include "ngx/detached.h"
#include "ngx/nginx.h"

namespace edge::flow {

struct HotRequest
{
    tier::Zone *zone = nullptr;
    // Of the object that has answered it.
    std::string key;

    ngx::Entrance entrance;
    bool tls = false;
    std::string authority;
    std::string target;
    std::vector<http::FormField> fields;
};

// By the hash that finds the object in memory.
using HotRequests = cache::Popular<HotRequest>;

// In init_process and exit_process of a worker. 0 places: nothing is kept.
void keep_hot_requests(std::size_t places);
void forget_hot_requests();

// Null: nothing is kept.
const HotRequests *hot_requests();

// For a hit.
void note_hot_request(ngx_http_request_t *r, const Request &request);

} // namespace edge::flow
