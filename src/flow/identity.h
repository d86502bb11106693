// Which resource, of which tenant, a request asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/hash.h"
#include "cache/reason.h"
#include "conf/location.h"
#include "invalidate/selector.h"
#include "ngx/nginx.h"
#include "tier/zone.h"

namespace edge::flow {

// All views live as long as the request.
struct Identity
{
    std::string_view tenant;
    std::string_view scheme;
    std::string_view authority;
    // Path and query as sent upstream.
    std::string_view target;
    // The same as the client wrote it, where a rewrite has changed it.
    std::string_view requested;
    // The text of edge_cache_key; empty without one.
    std::string_view custom_key;

    // The primary key's canonical bytes, and what finds them in memory.
    std::string_view key;
    Hash128 resource;
};

// What a request of our own cannot show by itself.
struct Given
{
    // A literal; empty: that of the connection.
    std::string_view scheme;
    // In place of what edge_cache_tenant, where there is one, comes to.
    std::optional<std::string_view> tenant;
    // In place of what edge_cache_authorization adds to the key.
    std::optional<std::string_view> credential;
};

std::variant<Identity, cache::Reason> identify(ngx_http_request_t *r,
                                               conf::Location &lcf,
                                               const tier::Zone &zone,
                                               const Given &given = {});

// What it can be purged by, as far as the request tells.
invalidate::EntryNames names_of(const Identity &identity);

} // namespace edge::flow
