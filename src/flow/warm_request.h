// One URL of a warm-up, as a request without a client.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "cache/url.h"
#include "conf/main.h"
#include "flow/batch.h"
#include "flow/request.h"
#include "ngx/nginx.h"
#include "tier/zone.h"

namespace edge::flow {

// What is the same for all of a warm-up; outlives its requests.
struct WarmSettings
{
    const conf::Main *main = nullptr;
    // Whose they have to be.
    std::optional<std::string_view> tenant;
    http::Fields fields;
    // Called at the end of each that has begun.
    void (*over)(void *data, std::size_t index,
                 const Request &request) = nullptr;
    void *data = nullptr;
};

// Whether what it asks for is whose it was said to be: what is fetched as
// somebody else is never stored as this tenant's.
bool is_for_its_tenant(const Request &request);

Begun start_warm(const cache::Url &url, std::size_t index,
                 const WarmSettings &settings);

// What became of it. failed: its reason says why, it is never none.
tier::Warmed outcome_of(const Request &request);

} // namespace edge::flow
