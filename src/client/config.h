// One `edge_redis NAME { ... }` block, read and checked. Lives as long as the
// configuration it stands in.
#pragma once

#include <string_view>
#include <vector>

#include "base/time.h"
#include "ngx/peer.h"
#include "ngx/tls.h"

namespace edge::client {

struct Server
{
    std::string_view host; // as written, without the port
    ngx::Address address;
};

struct RedisConfig
{
    std::string_view name;
    std::vector<Server> servers; // at least one; tried in turn
    unsigned db = 0;
    std::string_view user;                   // empty: the default user
    std::vector<std::string_view> passwords; // tried in order
    Millis connect_timeout{100};             // handshake included
    Millis timeout{50};                      // of one operation
    std::string_view prefix = "ec";          // of every key
    std::string_view client_name;            // in CLIENT LIST; no spaces
    const ngx::Tls *tls = nullptr;           // null: plain text
    std::string_view tls_name;               // empty: the server's host
};

} // namespace edge::client
