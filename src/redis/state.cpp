#include "redis/state.h"

#include <array>

namespace edge::redis {
namespace {

struct StateText
{
    NodeState state;
    std::string_view name;
    std::string_view meaning;
};

constexpr std::array kTexts{
    StateText{NodeState::up, "up", "in use"},
    StateText{NodeState::connecting, "connecting", "not connected yet"},
    StateText{NodeState::closed, "closed", "closed by the server"},
    StateText{NodeState::unreachable, "unreachable", "no connection"},
    StateText{NodeState::silent, "silent", "no answer in time"},
    StateText{NodeState::untrusted, "untrusted", "TLS failed"},
    StateText{NodeState::refused, "refused", "user or password is wrong"},
    StateText{NodeState::strange, "strange", "does not speak RESP2"},
    StateText{NodeState::loading, "loading", "reads its data from disk"},
    StateText{NodeState::busy, "busy", "runs somebody's script"},
    StateText{NodeState::maxclients, "maxclients", "too many connections"},
    StateText{NodeState::masterdown, "masterdown",
              "a replica that has lost its master"},
    StateText{NodeState::clusterdown, "clusterdown", "slots are not served"},
    StateText{NodeState::readonly, "readonly", "a replica: writes fail"},
    StateText{NodeState::oom, "oom", "over maxmemory: writes fail"},
    StateText{NodeState::misconf, "misconf", "cannot persist: writes fail"},
    StateText{NodeState::noreplicas, "noreplicas",
              "too few replicas: writes fail"},
    StateText{NodeState::noperm, "noperm", "the user lacks a permission"},
};

static_assert(kTexts.size() == kNodeStates);

constexpr bool is_in_order()
{
    for (std::size_t i = 0; i < kTexts.size(); i++) {
        if (static_cast<std::size_t>(kTexts[i].state) != i) {
            return false;
        }
    }
    return true;
}

static_assert(is_in_order());

const StateText &text_of(NodeState state)
{
    return kTexts[static_cast<std::size_t>(state)];
}

} // namespace

std::string_view state_name(NodeState state)
{
    return text_of(state).name;
}

std::string_view state_meaning(NodeState state)
{
    return text_of(state).meaning;
}

NodeState state_of(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::loading:
        return NodeState::loading;
    case ErrorKind::busy:
        return NodeState::busy;
    case ErrorKind::maxclients:
        return NodeState::maxclients;
    case ErrorKind::masterdown:
        return NodeState::masterdown;
    case ErrorKind::clusterdown:
        return NodeState::clusterdown;
    case ErrorKind::readonly:
        return NodeState::readonly;
    case ErrorKind::oom:
        return NodeState::oom;
    case ErrorKind::misconf:
        return NodeState::misconf;
    case ErrorKind::noreplicas:
        return NodeState::noreplicas;
    case ErrorKind::noperm:
        return NodeState::noperm;
    case ErrorKind::noauth:
    case ErrorKind::wrongpass:
        return NodeState::refused;
    default:
        return NodeState::up;
    }
}

} // namespace edge::redis
