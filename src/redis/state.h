// What a node is good for at the moment, as operators are told: in the log,
// in metrics, in health. docs/redis.md says what to do about each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "redis/error.h"

namespace edge::redis {

enum class NodeState : std::uint8_t
{
    up,
    connecting,  // not known yet
    closed,      // by the server, as it does with idle connections
    unreachable, // no connection, or a broken one
    silent,      // does not answer in time
    untrusted,   // TLS: not the server that was meant
    refused,     // user or password
    strange,     // what it says is not RESP2
    loading,
    busy,
    maxclients,
    masterdown,
    clusterdown,
    readonly,
    oom,
    misconf,
    noreplicas,
    noperm,
    count_
};

inline constexpr std::size_t kNodeStates =
    static_cast<std::size_t>(NodeState::count_);

// Label in metrics, word in log and health: "readonly".
std::string_view state_name(NodeState state);
// For the log: "a replica: writes fail".
std::string_view state_meaning(NodeState state);

// `up`: the error says nothing about the node.
NodeState state_of(ErrorKind kind);

// Why a connection is to be closed, the phrase for the log.
struct Failure
{
    NodeState state;
    std::string_view why;
};

} // namespace edge::redis
