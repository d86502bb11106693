#include "api/health.h"

#include "api/json.h"
#include "tier/redis_tier.h"
#include "tier/zone.h"

namespace edge::api {

namespace {

std::optional<redis::MemoryInfo> memory_of(const tier::RedisTier *tier)
{
    return tier != nullptr ? tier->redis().memory() : std::nullopt;
}

Json describe(const tier::RedisTier *tier, bool &degraded)
{
    using redis::NodeState;

    Json json;
    const NodeState state =
        tier != nullptr ? tier->redis().state() : NodeState::connecting;
    const bool up = tier != nullptr && tier->redis().up();
    degraded = degraded || state != NodeState::up;
    json["state"] = up ? "up" : "down";
    if (state != NodeState::up) {
        json["condition"] = redis::state_name(state);
    }
    if (state == NodeState::noperm) {
        json["missing"] = tier->redis().missing();
    }
    if (const auto memory = memory_of(tier)) {
        json["used_memory"] = memory->used;
        json["maxmemory"] = memory->maximum;
        json["maxmemory_policy"] = redis::policy_name(memory->policy);
    }
    if (!up && tier != nullptr) {
        json["reason"] = tier->redis().reason();
    }
    return json;
}

// Neither addresses nor secrets: the page may be open to more than operators.
Json describe(tier::Zone &zone, bool &degraded)
{
    const shm::MemoryTierStats stats = zone.stats();
    Json json;
    json["name"] = zone.settings.name;
    json["objects"] = stats.objects;
    json["used_bytes"] = stats.bytes;
    json["capacity_bytes"] = stats.capacity;
    if (zone.settings.redis == nullptr) {
        return json;
    }

    const tier::Coherence coherence = zone.coherence();
    json["redis"] = describe(zone.redis(), degraded);
    degraded = degraded || !coherence.is_current;
    json["log"]["state"] = coherence.is_current ? "current" : "behind";
    json["log"]["coherence"] =
        zone.settings.strict ? "strict" : "available";
    json["log"]["serving"] = coherence.is_serving;
    json["log"]["lag_ms"] = coherence.lag.count();
    json["log"]["instances"] = coherence.live;
    json["log"]["local_purges"] = coherence.local_purges;
    if (zone.settings.wait != 0) {
        json["log"]["replicas"] = coherence.replicas;
    }
    return json;
}

} // namespace

Answer health(conf::Main &main, bool strict)
{
    bool degraded = false;
    Json zones = Json::array();
    for (tier::Zone *zone : main.zones) {
        zones.push_back(describe(*zone, degraded));
    }

    Json body;
    body["status"] = degraded ? "degraded" : "ok";
    body["zones"] = std::move(zones);

    Answer answer;
    answer.status =
        degraded && strict ? NGX_HTTP_SERVICE_UNAVAILABLE : NGX_HTTP_OK;
    answer.body = to_text(body);
    return answer;
}

} // namespace edge::api
