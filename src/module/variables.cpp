#include "module/variables.h"

#include <optional>
#include <string>

#include "cache/freshness.h"
#include "flow/fill.h"
#include "flow/limit_check.h"
#include "flow/request.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "ngx/value.h"

namespace edge::module {

namespace {

using flow::Request;

// What a variable says of a request; nullopt: it says nothing ("-" in logs).
using Getter = std::optional<std::string> (*)(const Request &);
using LimitGetter = std::optional<std::string> (*)(const flow::LimitCheck &);

std::optional<std::string> unless_empty(std::string_view text)
{
    return text.empty() ? std::nullopt
                        : std::optional<std::string>(std::string(text));
}

std::string in_seconds(Millis time)
{
    return std::to_string(std::chrono::duration_cast<Seconds>(time).count());
}

std::optional<std::string> status(const Request &request)
{
    return unless_empty(name(request.status));
}

std::optional<std::string> tier(const Request &request)
{
    return request.hit ? unless_empty(name(request.hit->tier)) : std::nullopt;
}

std::optional<std::string> reason(const Request &request)
{
    return unless_empty(name(request.reason));
}

std::optional<std::string> age(const Request &request)
{
    return request.hit ? std::optional(in_seconds(request.hit->age))
                       : std::nullopt;
}

// Seconds that are left of what is, or will be, stored.
std::optional<std::string> ttl(const Request &request)
{
    const cache::EntryTimes *times = nullptr;
    if (request.hit) {
        times = &request.hit->entry.times;
    } else if (request.fill) {
        times = &request.fill->plan().entry.times;
    } else {
        return std::nullopt;
    }
    return in_seconds(remaining_lifetime(*times, ngx::wall_now()));
}

// Readable, and without what credentials add.
std::optional<std::string> key(const Request &request)
{
    if (!request.identity) {
        return std::nullopt;
    }
    const flow::Identity &identity = *request.identity;
    std::string text;
    if (!identity.tenant.empty()) {
        text.append(identity.tenant).append(" ");
    }
    text.append(identity.scheme).append("://").append(identity.authority);
    text.append(identity.custom_key.empty() ? identity.target
                                            : identity.custom_key);
    return text;
}

std::optional<std::string> tags(const Request &request)
{
    std::string text;
    const auto add = [&text](std::string_view tag) {
        text.append(text.empty() ? "" : " ").append(tag);
    };
    if (request.hit) {
        cache::StringList stored = request.hit->entry.tags;
        while (const auto tag = stored.next()) {
            add(*tag);
        }
    } else if (request.fill) {
        for (const std::string &tag : request.fill->plan().tags) {
            add(tag);
        }
    }
    return unless_empty(text);
}

std::optional<std::string> limit_status(const flow::LimitCheck &check)
{
    const auto worst = check.status();
    return worst ? unless_empty(name(*worst)) : std::nullopt;
}

std::optional<std::string> limit_source(const flow::LimitCheck &check)
{
    const flow::LimitRound *round = check.deciding();
    return round ? unless_empty(name(*round->source)) : std::nullopt;
}

// Of the limit that refused, or else of the one with the least left.
std::optional<std::string> limit_zone(const flow::LimitCheck &check)
{
    const flow::LimitRound *round = check.deciding();
    return round ? unless_empty(round->limits[*round->tightest()]
                                    .zone->settings.name)
                 : std::nullopt;
}

std::optional<std::string> limit_remaining(const flow::LimitCheck &check)
{
    const flow::LimitRound *round = check.deciding();
    return round && round->decided_by_figures()
               ? std::optional(std::to_string(
                     round->answer.states[*round->tightest()].remaining))
               : std::nullopt;
}

void set_text(ngx_http_request_t *r, ngx_http_variable_value_t *value,
              std::string_view text)
{
    const std::string_view copy = ngx::pool_copy(r->pool, text);
    value->data = ngx::bytes(copy);
    value->len = static_cast<unsigned>(copy.size()) & 0xfffffff;
    value->valid = 1;
    value->no_cacheable = 1;
    value->not_found = 0;
}

ngx_int_t set(ngx_http_request_t *r, ngx_http_variable_value_t *value,
              const std::optional<std::string> &text)
{
    if (text) {
        set_text(r, value, *text);
    } else {
        value->not_found = 1;
    }
    return NGX_OK;
}

template <Getter Get>
ngx_int_t get(ngx_http_request_t *r, ngx_http_variable_value_t *value,
              uintptr_t)
{
    const Request *request = flow::find_request(r->main);
    return set(r, value, request ? Get(*request) : std::nullopt);
}

template <LimitGetter Get>
ngx_int_t get_limit(ngx_http_request_t *r, ngx_http_variable_value_t *value,
                    uintptr_t)
{
    const flow::LimitCheck *check = flow::find_limit_check(r->main);
    return set(r, value, check ? Get(*check) : std::nullopt);
}

// $edge_header_NAME: the request's header, empty when it came in several
// lines: no map can then be fooled by a second one.
ngx_int_t get_header(ngx_http_request_t *r, ngx_http_variable_value_t *value,
                     uintptr_t data)
{
    constexpr std::string_view prefix = "edge_header_";
    const std::string_view variable =
        ngx::view(*reinterpret_cast<ngx_str_t *>(data));
    const auto text =
        ngx::single_header(r->main, variable.substr(prefix.size()));
    set_text(r, value, text.value_or(""));
    return NGX_OK;
}

struct Variable
{
    std::string_view name;
    ngx_http_get_variable_pt get;
    ngx_uint_t flags = 0;
};

const Variable kVariables[] = {
    {"edge_cache_status", ngx::guard<&get<&status>, NGX_ERROR>},
    {"edge_cache_tier", ngx::guard<&get<&tier>, NGX_ERROR>},
    {"edge_cache_reason", ngx::guard<&get<&reason>, NGX_ERROR>},
    {"edge_cache_age", ngx::guard<&get<&age>, NGX_ERROR>},
    {"edge_cache_ttl", ngx::guard<&get<&ttl>, NGX_ERROR>},
    {"edge_cache_key", ngx::guard<&get<&key>, NGX_ERROR>},
    {"edge_cache_tags", ngx::guard<&get<&tags>, NGX_ERROR>},
    {"edge_limit_status", ngx::guard<&get_limit<&limit_status>, NGX_ERROR>},
    {"edge_limit_source", ngx::guard<&get_limit<&limit_source>, NGX_ERROR>},
    {"edge_limit_zone", ngx::guard<&get_limit<&limit_zone>, NGX_ERROR>},
    {"edge_limit_remaining",
     ngx::guard<&get_limit<&limit_remaining>, NGX_ERROR>},
    {"edge_header_", ngx::guard<&get_header, NGX_ERROR>,
     NGX_HTTP_VAR_PREFIX},
};

} // namespace

ngx_int_t add_variables(ngx_conf_t *cf)
{
    for (const Variable &variable : kVariables) {
        ngx_str_t name = ngx::str(variable.name);
        ngx_http_variable_t *added = ngx_http_add_variable(
            cf, &name, NGX_HTTP_VAR_NOCACHEABLE | variable.flags);
        if (added == nullptr) {
            return NGX_ERROR;
        }
        added->get_handler = variable.get;
    }
    return NGX_OK;
}

} // namespace edge::module
