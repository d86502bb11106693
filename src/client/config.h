// One `edge_redis NAME { ... }` block, read and checked. Lives as long as the
// configuration it stands in.
#pragma once

#include <string_view>
#include <vector>

#include "base/time.h"
#include "ngx/peer.h"
#include "ngx/tls.h"
#include "redis/endpoint.h"

namespace edge::client {

struct Server
{
    redis::Endpoint endpoint; // of a unix socket: an empty host
    // Empty: the name is resolved for each attempt.
    std::vector<ngx::Address> addresses;
};

enum class Mode : std::uint8_t
{
    standalone, // all servers have the same data
    sentinel,   // the servers are Sentinels, which know the master
    cluster     // the servers are some of a cluster's nodes
};

// Who we are for a server.
struct Credentials
{
    std::string_view user;                   // empty: the default user
    std::vector<std::string_view> passwords; // tried in order
};

struct RedisConfig
{
    std::string_view name;
    std::vector<Server> servers;        // at least one
    ngx_resolver_t *resolver = nullptr; // of names; null: there are none
    Mode mode = Mode::standalone;
    std::string_view master; // mode sentinel: its name
    unsigned db = 0;
    Credentials credentials;
    Credentials sentinel;                  // for the Sentinels
    Millis connect_timeout{100};           // handshake included
    Millis timeout{50};                    // of one operation
    std::string_view prefix = "ec";        // of every key
    std::string_view client_name;          // in CLIENT LIST; no spaces
    std::vector<std::string_view> secrets; // of entries; the first signs
    const ngx::Tls *tls = nullptr;         // null: plain text
    std::string_view tls_name;             // empty: the server's host
};

} // namespace edge::client
