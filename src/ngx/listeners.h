// The addresses at which nginx takes requests.
#pragma once

#include <optional>
#include <string_view>

#include "ngx/detached.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// What a URL says of the way in.
struct Origin
{
    bool tls = false;
    std::string_view host; // lower case, without port
    std::optional<in_port_t> port;
};

// Where a request for `origin` would come in: at its port, or the scheme's own,
// or any, whichever there is first; of those, where the host is known, or at
// the first. nullopt: nobody listens for that scheme, or at that port.
std::optional<Entrance> find_entrance(const Origin &origin);

} // namespace edge::ngx
