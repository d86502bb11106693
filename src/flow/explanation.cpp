#include "flow/explanation.h"

#include "cache/freshness.h"
#include "flow/collapse.h"
#include "flow/described.h"
#include "flow/examine.h"
#include "flow/memory_lookup.h"
#include "flow/query.h"
#include "flow/redis_object.h"
#include "invalidate/log_format.h"
#include "ngx/clock.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using api::Json;
using api::seconds;
using cache::Reason;

std::string hex(const Hash128 &hash)
{
    const auto digits = to_hex(hash);
    return {digits.data(), digits.size()};
}

const Request &request_of(const Explanation &explanation)
{
    return *find_request(explanation.request.get());
}

ngx::Task find_object(ngx::Flow &flow, ngx_http_request_t *r, Request &request,
                      std::pmr::memory_resource &memory,
                      std::optional<StoredInRedis> &stored)
{
    co_await get_from_redis(flow, request, memory, known_name(request),
                            stored);
    if (stored && stored->entry.kind == cache::EntryKind::vary &&
        !request.variant) {
        request.variant = variant_key(r->pool, request, stored->entry.vary);
        co_await get_from_redis(flow, request, memory, *request.variant,
                                stored);
    }
    if (stored && stored->entry.kind != cache::EntryKind::object) {
        stored.reset();
    }
}

Json describe_key(const Request &request)
{
    const Identity &identity = *request.identity;
    Json json{{"scheme", identity.scheme},
              {"authority", identity.authority},
              {"target", identity.target}};
    if (!identity.requested.empty()) {
        json["requested"] = identity.requested;
    }
    if (!identity.custom_key.empty() && shows_key(request)) {
        json["custom"] = identity.custom_key;
    }
    json["hash"] = hex(identity.resource);
    if (request.variant) {
        json["variant"] = hex(request.variant->hash);
    }
    if (const tier::RedisTier *redis = request.zone().redis()) {
        json["redis"] = redis->key(
            {identity.key, request.variant ? request.variant->key
                                           : std::string_view()});
    }
    return json;
}

void add_standing(const Request &request, const Hash128 &name, Json &json)
{
    const tier::FillStanding standing = request.zone().fill_standing(name);
    const BootTime now = ngx::boot_now();
    json["fill"] = nullptr;
    if (standing.running) {
        json["fill"] = {{"running", seconds(*standing.running)},
                        {"elsewhere", standing.is_elsewhere}};
    }
    json["last_refused"] = nullptr;
    json["pass"] = nullptr;
    if (!standing.refused) {
        return;
    }
    const auto &[refused, until, place] = *standing.refused;
    if (refused.reason != Reason::none) {
        const auto ago = std::chrono::floor<Seconds>(now - refused.at);
        json["last_refused"] = {{"reason", cache::name(refused.reason)},
                                {"ago", ago.count()}};
    }
    if (until > now) {
        const bool is_redis = place == shm::HitForMiss::Place::redis;
        json["pass"] = {{"to", is_redis ? "redis" : "origin"},
                        {"for", seconds(until - now)}};
    }
}

// What $edge_cache_status would be, unless the origin fails or others fetch.
std::string_view status_of(const Explanation &explanation)
{
    const auto is = [&](std::string_view usable) {
        const auto in = [usable](const Json &tier) {
            return tier.is_object() && tier.value("usable", "") == usable;
        };
        return in(explanation.memory) || in(explanation.redis);
    };
    if (explanation.bypass != Reason::none) {
        return name(cache::Status::bypass);
    }
    if (is("fresh")) {
        return name(cache::Status::hit);
    }
    if (is("stale")) {
        return name(cache::Status::stale);
    }
    return name(is("expired") ? cache::Status::expired : cache::Status::miss);
}

} // namespace

void look_here(Explanation &explanation)
{
    ngx_http_request_t *r = explanation.request.get();
    const cache::Question &question = explanation.question;
    Request &request = make_request(r, conf::location(r));
    request.given.scheme = question.url.tls ? "https" : "http";
    request.given.tenant = question.tenant;
    if (!request.lcf.query.value.empty()) {
        rewrite_query(r, request.lcf);
    }
    explanation.bypass = examine(r, request);
    if (!request.identity) {
        return;
    }
    explanation.bypass = skips_lookup(r, request);
    if (std::optional<Hit> found = peek_in_memory(r, request)) {
        explanation.memory = describe(request, std::move(*found));
    } else if (request.reason != Reason::none) {
        explanation.memory["reason"] = cache::name(request.reason);
    }
    explanation.fill_name = fill_name(request);
}

bool is_shared(const Explanation &explanation)
{
    const Request &request = request_of(explanation);
    return request.identity && request.zone().redis() != nullptr;
}

ngx::Task look_there(ngx::Flow &flow, Explanation &explanation)
{
    ngx_http_request_t *r = explanation.request.get();
    Request &request = *find_request(r);
    request.reason = Reason::none;
    ngx::PoolResource memory(r->pool);
    std::optional<StoredInRedis> stored;
    co_await find_object(flow, r, request, memory, stored);
    if (stored) {
        const Millis age =
            current_age(stored->entry.times, ngx::wall_now());
        explanation.redis =
            describe(request, Hit{stored->entry, age, cache::Tier::redis,
                                  std::nullopt, stored->body, std::nullopt});
    } else if (request.reason != Reason::none) {
        explanation.redis["reason"] = cache::name(request.reason);
    }
}

Json describe(const Explanation &explanation)
{
    const Request &request = request_of(explanation);
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(explanation.request.get(),
                                     ngx_http_core_module));
    Json json{{"status", status_of(explanation)}};
    if (explanation.bypass != Reason::none) {
        json["reason"] = cache::name(explanation.bypass);
    }
    json["zone"] = request.zone().settings.name;
    json["location"] = ngx::view(clcf->name);
    if (!request.identity) {
        return json;
    }
    if (request.lcf.tenant.value != nullptr) {
        json["tenant"] = request.identity->tenant;
    }
    json["key"] = describe_key(request);
    json["applied"] = format_id(request.zone().applied().generation);
    json["memory"] = explanation.memory;
    if (request.zone().redis() != nullptr) {
        json["redis"] = explanation.redis;
    }
    add_standing(request, explanation.fill_name, json);
    return json;
}

} // namespace edge::flow
