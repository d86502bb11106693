#include "api/purge.h"

#include <algorithm>

#include "api/authorize.h"
#include "api/body.h"
#include "api/json.h"
#include "api/later.h"
#include "api/response.h"
#include "conf/location.h"
#include "conf/main.h"
#include "invalidate/coherence.h"
#include "invalidate/log_format.h"
#include "invalidate/purge_request.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/task.h"
#include "ngx/text.h"
#include "tier/purge.h"

namespace edge::api {

namespace {

using invalidate::PurgeRequest;

struct ZoneResult
{
    tier::Zone *zone;
    tier::PurgeOutcome outcome;
};

// One purge on its way through its zones; lives in the request's pool.
struct Purge
{
    // Who asked; empty: the location allows it.
    std::string who;
    PurgeRequest request;
    std::vector<ZoneResult> results;
    std::vector<std::string> never_seen;
    std::int64_t started = ngx::monotonic_micros();
    std::optional<ngx::Flow> flow;
};

// By then a strict instance that is silent can serve nothing any more.
Millis default_wait(Millis lease)
{
    return std::clamp(invalidate::grace(lease) + Millis(150), Millis(2400),
                      invalidate::kMaxPurgeWait);
}

// A name that was misspelt purges nothing, and its 200 looks like any other.
void find_never_seen(Purge &purge)
{
    const auto tenant = invalidate::tenant_of(purge.request);
    for (const std::string &tag : purge.request.tags) {
        const auto row =
            invalidate::row_key(invalidate::select_tag(tag), tenant);
        if (std::ranges::none_of(purge.results,
                                 [row](const ZoneResult &result) {
                                     return result.zone->has_seen_tag(row);
                                 })) {
            purge.never_seen.push_back(tag);
        }
    }
    for (const ZoneResult &result : purge.results) {
        result.zone->counters().purges_never_seen.add(
            purge.never_seen.size());
    }
}

ngx::Task purge_zones(ngx::Flow &flow, Purge &purge)
{
    find_never_seen(purge);
    tier::PurgeOrder order;
    order.purge = invalidate::purge_of(purge.request);
    for (ZoneResult &result : purge.results) {
        order.wait = purge.request.wait.value_or(
            default_wait(result.zone->settings.lease));
        co_await tier::purge(flow, *result.zone, order, result.outcome);
    }
}

Json describe(const tier::PurgeOutcome &outcome)
{
    Json json;
    json["generation"] = format_id(outcome.generation);
    json["instances"] = {{"applied", outcome.applied}, {"live", outcome.live}};
    if (outcome.is_local) {
        json["scope"] = "local";
    }
    for (const tier::MissingInstance &missing : outcome.missing) {
        Json entry{{"instance", missing.name}};
        if (missing.safe_at) {
            entry["safe_at"] = missing.safe_at->time_since_epoch().count();
        }
        json["missing"].push_back(std::move(entry));
    }
    if (!outcome.is_local && !outcome.is_logged) {
        json["scope"] = "instance";
        json["detail"] = "Redis did not take this purge: it holds on this "
                         "instance alone. Send it again.";
    } else if (outcome.lacks_replicas) {
        json["replicated"] = false;
        json["detail"] = "Fewer replicas of Redis than wait= have this purge: "
                         "a failover could lose it. Send it again.";
    }
    return json;
}

Json describe(const Purge &purge)
{
    Json json = describe(purge.results.front().outcome);
    if (purge.results.size() > 1) {
        for (const ZoneResult &result : purge.results) {
            Json zone{{"zone", result.zone->settings.name}};
            zone.update(describe(result.outcome));
            json["zones"].push_back(std::move(zone));
        }
    }
    if (!purge.never_seen.empty()) {
        WallTime since{};
        for (const ZoneResult &result : purge.results) {
            since = std::max(since, result.zone->born_at());
        }
        json["never_seen_here"] = {
            {"tags", purge.never_seen},
            {"since", since.time_since_epoch().count()}};
    }
    json["took_ms"] =
        static_cast<double>(ngx::monotonic_micros() - purge.started) / 1000;
    return json;
}

// One line for each purge: who, what, and where it is in which log.
void audit(ngx_http_request_t *r, const Purge &purge)
{
    const PurgeRequest &request = purge.request;
    std::string text = "edge purge by \"" + purge.who + "\": ";
    text += request.mode == invalidate::PurgeMode::soft ? "soft " : "hard ";
    text += request.what;
    if (request.tenant || request.all_tenants) {
        text += " of tenant \"" + request.tenant.value_or("*") + "\"";
    }
    for (const ZoneResult &result : purge.results) {
        const tier::PurgeOutcome &outcome = result.outcome;
        text.append(", zone ").append(result.zone->settings.name);
        text += " generation " + format_id(outcome.generation) +
                (outcome.confirmed ? " confirmed by " : " applied by ") +
                std::to_string(outcome.applied) + " of " +
                std::to_string(outcome.live);
    }
    ngx_str_t line = ngx::str(text);
    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0, "%V", &line);
}

ngx_int_t send_result(ngx_http_request_t *r, const Purge &purge)
{
    audit(r, purge);
    const bool done = std::all_of(
        purge.results.begin(), purge.results.end(),
        [](const ZoneResult &r) { return r.outcome.confirmed; });
    Answer answer;
    answer.status = done ? NGX_HTTP_OK : NGX_HTTP_SERVICE_UNAVAILABLE;
    answer.body = to_text(describe(purge));
    if (!done) {
        add_header(r, "Retry-After", "1");
    }
    return send(r, answer);
}

// The zones that are meant, or why there are none: a purge that reaches nothing
// must not look like one that did.
std::optional<Answer> choose_zones(const conf::Main &main, Purge &purge)
{
    const PurgeRequest &request = purge.request;
    bool is_known = false;
    for (tier::Zone *zone : main.zones) {
        if (request.zone && *request.zone != zone->settings.name) {
            continue;
        }
        is_known = true;
        const bool has_tenants = zone->settings.has_tenants;
        if (has_tenants && !request.tenant && !request.all_tenants) {
            return problem(NGX_HTTP_BAD_REQUEST,
                           "This zone keeps tenants apart: name the tenant, "
                           "or \"*\" for all of them.");
        }
        if (has_tenants || !request.tenant) {
            purge.results.push_back({zone, {}});
        }
    }
    if (!is_known) {
        return problem(NGX_HTTP_NOT_FOUND, "There is no zone of that name.");
    }
    if (purge.results.empty()) {
        return problem(NGX_HTTP_BAD_REQUEST,
                       "There are no tenants here: leave \"tenant\" out.");
    }
    return std::nullopt;
}

conf::Reach reach_of(const Purge &purge)
{
    const PurgeRequest &request = purge.request;
    if (!request.all_tenants && (request.tenant || !request.everything)) {
        return conf::Reach::tenant;
    }
    return request.everything && purge.results.size() > 1 ? conf::Reach::all
                                                           : conf::Reach::zone;
}

std::optional<Answer> refuse_reach(const Purge &purge, conf::Reach max)
{
    if (reach_of(purge) <= max) {
        return std::nullopt;
    }
    return problem(NGX_HTTP_FORBIDDEN,
                   max == conf::Reach::zone
                       ? "This would empty every zone: name the zone, or write "
                         "\"edge_api ... max_purge=all\"."
                       : "This reaches more than one tenant: name the tenant, "
                         "or write \"edge_api ... max_purge=zone\".");
}

// Without a body the header fields say what to purge.
invalidate::PurgeParse parse(ngx_http_request_t *r, const std::string &body)
{
    return body.empty() ? invalidate::parse_purge_fields(
                              ngx::fields(r->pool, r->headers_in.headers))
                        : invalidate::parse_purge_body(body);
}

// What is refused takes nothing from the rate.
std::optional<Answer> refuse_rate(ngx_http_request_t *r, const conf::Api &api,
                                  const Purge &purge)
{
    if (!api.purges) {
        return std::nullopt;
    }
    const Millis wait =
        conf::main(r).zones.front()->admit_purge(*api.purges);
    if (wait == Millis(0)) {
        return std::nullopt;
    }
    ngx_str_t who = ngx::str(purge.who);
    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "edge purge by \"%V\" is above purge_rate=", &who);
    add_header(r, "Retry-After",
               std::to_string((wait.count() + 999) / 1000));
    return problem(NGX_HTTP_TOO_MANY_REQUESTS,
                   "More purges than purge_rate= allows: name several things "
                   "in one, and send it again after Retry-After.");
}

std::optional<Answer> prepare(ngx_http_request_t *r, Purge &purge)
{
    const conf::Api &api = *conf::location(r).api;
    auto authorized = authorize(r, api, Access::write);
    if (auto *refused = std::get_if<Answer>(&authorized)) {
        return std::move(*refused);
    }
    const conf::Token &token = *std::get<const conf::Token *>(authorized);
    purge.who = token.name;
    const auto body = read_body(r, invalidate::kMaxPurgeBody);
    if (!body) {
        return problem(NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                       "Send at most 256 KiB: purge in several requests.");
    }
    auto parsed = parse(r, *body);
    if (const auto *no = std::get_if<invalidate::PurgeRefusal>(&parsed)) {
        return problem(static_cast<ngx_uint_t>(no->status), no->detail);
    }
    purge.request = std::get<PurgeRequest>(std::move(parsed));
    if (auto refused = refuse_purge(token, purge.request)) {
        return refused;
    }
    if (auto refused = choose_zones(conf::main(r), purge)) {
        return refused;
    }
    if (auto refused = refuse_reach(purge, api.max_purge)) {
        return refused;
    }
    return refuse_rate(r, api, purge);
}

ngx_int_t run(ngx_http_request_t *r, Purge &purge)
{
    return answer_later<&purge_zones, &send_result>(r, purge);
}

ngx_int_t prepare_and_run(ngx_http_request_t *r)
{
    Purge &purge = *ngx::pool_new<Purge>(r->pool);
    if (const auto refused = prepare(r, purge)) {
        return send(r, *refused);
    }
    return run(r, purge);
}

} // namespace

ngx_int_t purge_object(ngx_http_request_t *r, tier::Zone &zone,
                       invalidate::PurgeRequest request)
{
    const ngx_int_t discarded = ngx_http_discard_request_body(r);
    if (discarded != NGX_OK) {
        return discarded;
    }
    Purge &purge = *ngx::pool_new<Purge>(r->pool);
    purge.who = "PURGE";
    purge.request = std::move(request);
    purge.results.push_back({&zone, {}});
    const ngx_int_t rc = run(r, purge);
    if (rc == NGX_DONE) {
        r->main->count++;
    }
    return rc;
}

ngx_int_t post_purge(ngx_http_request_t *r)
{
    auto authorized =
        authorize(r, *conf::location(r).api, Access::write);
    if (const auto *refused = std::get_if<Answer>(&authorized)) {
        return send_unread(r, *refused);
    }
    return answer_with_body<&prepare_and_run>(r);
}

} // namespace edge::api
