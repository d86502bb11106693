// Every command this module sends to Redis and its Sentinels. An ACL user needs
// these, and what the scripts call inside; nothing else is ever sent.
#pragma once

#include <array>
#include <string_view>

namespace edge::redis {

namespace command {

inline constexpr std::string_view kAsking = "ASKING";
inline constexpr std::string_view kAuth = "AUTH";
inline constexpr std::string_view kClient = "CLIENT";
inline constexpr std::string_view kCluster = "CLUSTER";
inline constexpr std::string_view kDel = "DEL";
inline constexpr std::string_view kEval = "EVAL";
inline constexpr std::string_view kEvalSha = "EVALSHA";
inline constexpr std::string_view kGet = "GET";
inline constexpr std::string_view kInfo = "INFO";
inline constexpr std::string_view kPing = "PING";
inline constexpr std::string_view kRole = "ROLE";
inline constexpr std::string_view kSelect = "SELECT";
inline constexpr std::string_view kSentinel = "SENTINEL";
inline constexpr std::string_view kSubscribe = "SUBSCRIBE";
inline constexpr std::string_view kUnsubscribe = "UNSUBSCRIBE";
inline constexpr std::string_view kWait = "WAIT";
inline constexpr std::string_view kZRevRange = "ZREVRANGE";

} // namespace command

struct CommandInfo
{
    std::string_view name;
    std::string_view acl; // as ACL SETUSER takes it
    std::string_view purpose;
};

// AUTH needs no permission.
inline constexpr std::array kCommands{
    CommandInfo{command::kAsking, "+asking",
                "with mode cluster: to a node that takes a slot over"},
    CommandInfo{command::kAuth, "", "handshake: password"},
    CommandInfo{command::kClient, "+client|setname",
                "handshake: name shown by CLIENT LIST (may be refused)"},
    CommandInfo{command::kCluster, "+cluster|slots",
                "with mode cluster: which node has which slots"},
    CommandInfo{command::kDel, "+del",
                "an answer that is taken back, a limit that is reset"},
    CommandInfo{command::kEval, "+eval", "scripts the server does not know"},
    CommandInfo{command::kEvalSha, "+evalsha", "scripts"},
    CommandInfo{command::kGet, "+get", "lookup"},
    CommandInfo{command::kInfo, "+info", "every 10 s: memory and its policy"},
    CommandInfo{command::kPing, "+ping",
                "handshake and probe: is the server ready"},
    CommandInfo{command::kRole, "+role",
                "handshake with mode sentinel: is it the master"},
    CommandInfo{command::kSelect, "+select", "handshake: db N"},
    CommandInfo{command::kSentinel, "+sentinel|get-master-addr-by-name",
                "to Sentinels: where is the master"},
    CommandInfo{command::kSubscribe, "+subscribe", "wake-up after a purge"},
    CommandInfo{command::kUnsubscribe, "+unsubscribe",
                "to Sentinels: before that question"},
    CommandInfo{command::kWait, "+wait",
                "with wait=N: do so many replicas have the log"},
    CommandInfo{command::kZRevRange, "+zrevrange",
                "with edge_cache_warm_start: what is asked for most"},
};

} // namespace edge::redis
