// What an error reply means for the request, the connection and the node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge::redis {

enum class ErrorKind : std::uint8_t
{
    other,       // ERR and whatever is not known here
    noscript,    // the script is to be sent in full
    loading,     // reads its data set from disk
    busy,        // runs somebody's script
    oom,         // over maxmemory: writes fail, reads go on
    misconf,     // can not persist: writes fail, reads go on
    readonly,    // a replica: writes fail
    masterdown,  // a replica that lost its master and refuses stale data
    noreplicas,  // fewer replicas than configured: writes fail
    noauth,      // a password is needed
    wrongpass,   // the password is wrong
    noperm,      // the ACL user may not
    wrongtype,   // somebody else's value under our key
    clusterdown, // slots are not served
    moved,       // another node has the slot
    ask,         // another node has the key
    tryagain,    // the slot is on its way to another node
    maxclients,  // too many connections: this one gets closed
    count_
};

inline constexpr std::size_t kErrorKinds =
    static_cast<std::size_t>(ErrorKind::count_);

enum class ErrorEffect : std::uint8_t
{
    miss,      // this operation alone has no answer
    elsewhere, // besides, another server would do better, if there is one
    failure,   // counts against the node, as a time-out does
    connection // this connection is of no use: close it, try again later
};

// `text` is that of an error reply.
ErrorKind error_kind(std::string_view text);
ErrorEffect error_effect(ErrorKind kind);

// Label in metrics and log: "noscript".
std::string_view error_name(ErrorKind kind);

// The part that is safe to log when the command held a password: a server
// may repeat the arguments it did not understand.
std::string_view error_code(std::string_view text);

} // namespace edge::redis
