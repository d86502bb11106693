#include "api/limits.h"

#include <algorithm>
#include <memory_resource>
#include <string>
#include <variant>

#include "api/authorize.h"
#include "api/json.h"
#include "api/later.h"
#include "api/response.h"
#include "client/await.h"
#include "conf/location.h"
#include "conf/main.h"
#include "limit/fields.h"
#include "limit/key.h"
#include "limit/local.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/pool.h"
#include "ngx/task.h"
#include "ngx/text.h"
#include "redis/commands.h"
#include "tier/limit_zone.h"

namespace edge::api {

namespace {

// One key of one zone; lives in the request's pool.
struct Inquiry
{
    tier::LimitZone *zone = nullptr;
    std::string key;
    std::string tag;
    bool reset = false;

    std::optional<limit::State> state; // none: it could not be had
    limit::Source source = limit::Source::local;
    std::optional<ngx::Flow> flow;
};

// An argument of the query, decoded.
std::optional<std::string> argument(ngx_http_request_t *r,
                                    std::string_view name)
{
    ngx_str_t value;
    if (ngx_http_arg(r, ngx::bytes(name), name.size(), &value) != NGX_OK) {
        return std::nullopt;
    }
    std::string decoded(ngx::view(value));
    auto *begin = reinterpret_cast<u_char *>(decoded.data());
    u_char *from = begin;
    u_char *to = begin;
    ngx_unescape_uri(&to, &from, decoded.size(), 0);
    decoded.resize(static_cast<std::size_t>(to - begin));
    return decoded;
}

tier::LimitZone *find_zone(const conf::Main &main, std::string_view name)
{
    const auto &zones = main.limit_zones;
    const auto found =
        std::find_if(zones.begin(), zones.end(), [name](const auto *zone) {
            return zone->settings.name == name;
        });
    return found == zones.end() ? nullptr : *found;
}

std::optional<Answer> read_inquiry(ngx_http_request_t *r, Inquiry &inquiry)
{
    const auto zone = argument(r, "zone");
    const auto key = argument(r, "key");
    const auto tag = argument(r, "tag");
    if (!zone || !key || key->empty()) {
        return problem(NGX_HTTP_BAD_REQUEST,
                       "Say which: limits?zone=NAME&key=VALUE.");
    }
    inquiry.zone = find_zone(conf::main(r), *zone);
    if (inquiry.zone == nullptr) {
        return problem(NGX_HTTP_NOT_FOUND,
                       "There is no limit zone of that name.");
    }
    if (inquiry.zone->settings.tag != nullptr && !tag) {
        return problem(NGX_HTTP_BAD_REQUEST,
                       "This zone has tag=: say &tag=VALUE too.");
    }
    inquiry.key = *key;
    inquiry.tag = tag.value_or("");
    inquiry.reset = r->method == NGX_HTTP_DELETE;
    return std::nullopt;
}

Hash128 hash(const Inquiry &inquiry)
{
    const tier::LimitZone &zone = *inquiry.zone;
    return zone.hash(limit::text_in_zone(
        {zone.settings.name, inquiry.key, inquiry.tag}));
}

limit::LocalLimit local(const Inquiry &inquiry)
{
    const tier::LimitZone &zone = *inquiry.zone;
    return {.zone = zone.buckets(),
            .key = hash(inquiry),
            .meter = zone.settings.meter,
            .cost = 0};
}

limit::State look_in_memory(const Inquiry &inquiry)
{
    const tier::LimitLock lock({&inquiry.zone, 1});
    const limit::LocalLimit limit = local(inquiry);
    return limit::decide_locally({&limit, 1}, tier::limit_clocks()).states[0];
}

void forget_in_memory(const Inquiry &inquiry)
{
    const tier::LimitLock lock({&inquiry.zone, 1});
    limit::forget(local(inquiry), tier::limit_clocks());
    inquiry.zone->leases().forget(hash(inquiry));
}

std::string redis_key(const Inquiry &inquiry)
{
    const tier::LimitZoneSettings &settings = inquiry.zone->settings;
    return limit::redis_key(settings.redis->prefix,
                            {settings.name, inquiry.key, inquiry.tag}, {});
}

ngx::Task reset_in_redis(ngx::Flow &flow, Inquiry &inquiry,
                         std::pmr::memory_resource &memory, bool &done)
{
    const std::string key = redis_key(inquiry);
    const std::string_view words[] = {redis::command::kDel, key};
    client::Call call(flow, *inquiry.zone->redis(), memory,
                      redis::CommandParts(words));
    const redis::Reply *reply = (co_await call).reply();
    done = reply != nullptr && reply->type == redis::ReplyType::integer;
}

ngx::Task look_in_redis(ngx::Flow &flow, Inquiry &inquiry,
                        std::pmr::memory_resource &memory)
{
    const std::string key = redis_key(inquiry);
    redis::ScriptLimit limit = script_figures(inquiry.zone->settings.meter);
    limit.key = key;
    const redis::LimitCall script({&limit, 1}, 0, 0);
    client::Call call(flow, *inquiry.zone->redis(), memory, script.call());
    const redis::Reply *reply = (co_await call).reply();
    if (reply == nullptr) {
        co_return;
    }
    if (const auto answer = parse_limit_answer(*reply, {&limit, 1}, 0)) {
        inquiry.state = answer->states[0];
        inquiry.source = limit::Source::redis;
    }
}

ngx::Task ask_redis(ngx::Flow &flow, Inquiry &inquiry)
{
    std::pmr::monotonic_buffer_resource memory;
    bool done = true;
    if (inquiry.reset) {
        co_await reset_in_redis(flow, inquiry, memory, done);
        forget_in_memory(inquiry);
    }
    if (done) {
        co_await look_in_redis(flow, inquiry, memory);
    }
}

Json describe(const Inquiry &inquiry)
{
    const tier::LimitZoneSettings &settings = inquiry.zone->settings;
    const limit::Policy policy =
        policy_of(settings.figures, ngx::wall_micros());
    return {{"zone", settings.name},
            {"key", inquiry.key},
            {"remaining", inquiry.state->remaining},
            {"limit", policy.units},
            {"window", policy.seconds},
            {"reset", inquiry.state->time / 1e6},
            {"source", name(inquiry.source)}};
}

ngx_int_t send_result(ngx_http_request_t *r, Inquiry &inquiry)
{
    if (!inquiry.state && inquiry.reset) {
        add_header(r, "Retry-After", "1");
        return send(r, problem(NGX_HTTP_SERVICE_UNAVAILABLE,
                               "Redis did not take this: send it again."));
    }
    if (!inquiry.state) {
        inquiry.state = look_in_memory(inquiry);
    }
    Answer answer;
    answer.body = to_text(describe(inquiry));
    return send(r, answer);
}

ngx_int_t run(ngx_http_request_t *r, Inquiry &inquiry)
{
    if (inquiry.zone->settings.redis == nullptr) {
        if (inquiry.reset) {
            forget_in_memory(inquiry);
        }
        inquiry.state = look_in_memory(inquiry);
        return send_result(r, inquiry);
    }
    const ngx_int_t rc = answer_later<&ask_redis, &send_result>(r, inquiry);
    if (rc == NGX_DONE) {
        r->main->count++;
    }
    return rc;
}

// Limits know no tenants: whose token is for some of them only may not ask.
std::optional<Answer> refuse_inquiry(ngx_http_request_t *r)
{
    const auto authorized = authorize(
        r, *conf::location(r).api,
        r->method == NGX_HTTP_DELETE ? Access::write : Access::read);
    if (const auto *refused = std::get_if<Answer>(&authorized)) {
        return *refused;
    }
    if (!std::get<const conf::Token *>(authorized)->tenants.empty()) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token is for some tenants only: limits take one "
                       "without \"tenants=\".");
    }
    return std::nullopt;
}

} // namespace

ngx_int_t handle_limits(ngx_http_request_t *r)
{
    const ngx_int_t rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }
    if (const auto refused = refuse_inquiry(r)) {
        return send(r, *refused);
    }
    Inquiry &inquiry = *ngx::pool_new<Inquiry>(r->pool);
    if (const auto wrong = read_inquiry(r, inquiry)) {
        return send(r, *wrong);
    }
    return run(r, inquiry);
}

} // namespace edge::api
