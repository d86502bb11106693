#include "flow/auth_check.h"

#include <algorithm>
#include <optional>

#include "cache/admission.h"
#include "cache/freshness.h"
#include "flow/auth_answer.h"
#include "flow/auth_subject.h"
#include "flow/fill_plan.h"
#include "flow/hidden_headers.h"
#include "flow/memory_lookup.h"
#include "flow/origin.h"
#include "flow/request.h"
#include "flow/stale.h"
#include "flow/store.h"
#include "flow/stored_entry.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/own_variables.h"
#include "ngx/pool.h"
#include "ngx/value.h"

namespace edge::flow {

namespace {

using cache::Reason;

// Not a Request in the pool by itself: that is the main request's.
struct AuthCheck
{
    explicit AuthCheck(conf::Location &lcf) : request(lcf) {}

    Request request;
    // What was stored, in the pool: nothing stays pinned for as long as the
    // main request takes.
    std::optional<cache::Entry> answer;
};

AuthCheck *find_check(ngx_http_request_t *r)
{
    return static_cast<AuthCheck *>(
        ngx_http_get_module_ctx(r, ngx_http_edge_cache_module));
}

// As auth_request makes them; a mirror's has no one who waits for it.
bool is_made_by_auth_request(const ngx_http_request_t *r)
{
    return r != r->main && r->header_only && r->waited && !r->background &&
           r->method == NGX_HTTP_GET;
}

// A check has no body and is no upgrade. It is about credentials, which are in
// its key, and the client has no say in how old an answer to it may be.
cache::RequestFacts facts_of(const Request &request)
{
    cache::RequestFacts facts =
        cache::request_facts("GET", false, request.fields);
    facts.has_upgrade = false;
    facts.has_authorization = true;
    facts.has_cookie = false;
    facts.control = {};
    return facts;
}

Reason examine_check(ngx_http_request_t *r, Request &request)
{
    request.fields = ngx::fields(r->pool, r->headers_in.headers);
    request.facts = facts_of(request);
    const Reason reason = admit(request.facts, request.lcf.policy);
    if (reason != Reason::none) {
        return reason;
    }
    request.given.credential = auth_subject(r, request.lcf, request.fields);
    auto identified = identify(r, request.lcf, request.zone(), request.given);
    if (const auto *refused = std::get_if<Reason>(&identified)) {
        return *refused;
    }
    request.identity = std::get<Identity>(identified);
    // Who writes to the URL that was asked for changes nobody's rights.
    request.identity->requested = {};
    return Reason::none;
}

void take_answer(ngx_http_request_t *r, AuthCheck &check)
{
    std::optional<Hit> &hit = check.request.hit;
    const std::string_view head =
        ngx::pool_copy(r->pool, (*hit->object)->head());
    check.answer = std::get<cache::Entry>(cache::decode_head(head));
    hit.reset();
}

void count(const Request &request, shm::Counter shm::Counters::*result)
{
    shm::Counters &counters = request.zone().counters();
    (counters.*result).add();
    counters.refuse(request.reason);
}

void look_up(ngx_http_request_t *r, AuthCheck &check)
{
    const ngx::OwnVariables own(r);
    Request &request = check.request;
    request.refuse(examine_check(r, request));
    if (request.reason != Reason::none) {
        count(request, &shm::Counters::auth_passed);
        return;
    }
    request.may_fill = true;
    if (!ngx::any_true(r, request.lcf.bypass.value)) {
        find_in_memory(r, request);
    }
    if (request.hit) {
        take_answer(r, check);
    }
    request.reason = Reason::none;
}

ngx_int_t answer(ngx_http_request_t *r)
{
    return send_auth_answer(r, *find_check(r)->answer);
}

// As for any other fill (flow/origin): a 206 or 304 is no answer to a check.
void prepare(ngx_http_request_t *r, Request &request)
{
    request.requested = ngx::wall_now();
    request.ticket = request.zone().ticket();
    hide_range_and_conditions(r, {});
}

const cache::ValidRule *find_rule(const cache::Policy &policy,
                                  std::uint16_t status)
{
    const auto rule =
        std::ranges::find(policy.valid, status, &cache::ValidRule::status);
    return rule == policy.valid.end() ? nullptr : &*rule;
}

// For how long at most an answer with that status is kept; a refusal for no
// longer than the operator says, and only if he does: a client may have got
// its right meanwhile. All else is no answer to a check.
std::optional<Millis> longest(const cache::Policy &policy, std::uint16_t status)
{
    if (status >= NGX_HTTP_OK && status < NGX_HTTP_SPECIAL_RESPONSE) {
        return Millis::max();
    }
    if (status != NGX_HTTP_UNAUTHORIZED && status != NGX_HTTP_FORBIDDEN) {
        return std::nullopt;
    }
    const cache::ValidRule *rule = find_rule(policy, status);
    return rule == nullptr || rule->lifetime == Millis(0)
               ? std::nullopt
               : std::optional(rule->lifetime);
}

Reason store_answer(ngx_http_request_t *r, Request &request)
{
    const ngx::OwnVariables own(r);
    const auto most = longest(
        request.lcf.policy, static_cast<std::uint16_t>(r->headers_out.status));
    if (!most) {
        return Reason::status;
    }
    auto planned = plan_auth_check(r, request);
    if (const auto *reason = std::get_if<Reason>(&planned)) {
        return *reason;
    }
    FillPlan &plan = std::get<FillPlan>(planned);
    if (most != Millis::max()) {
        cache::shorten(plan.entry, *most, ngx::wall_now());
    }
    return store_header(r, request, plan);
}

// The service has failed, and the operator lets those in for longer who were
// let in: unless anybody has purged that, also softly.
bool take_stale_answer(ngx_http_request_t *r, AuthCheck &check)
{
    Request &request = check.request;
    const auto cause = request.stale ? origin_failure(r) : std::nullopt;
    const bool is_taken = cause && (*cause & cache::kOriginFails) != 0 &&
                          judge(request, *request.stale) == Reason::none &&
                          use_stale(request, *cause);
    if (is_taken) {
        take_answer(r, check);
    }
    request.stale.reset();
    return is_taken;
}

} // namespace

ngx_int_t begin_auth_check(ngx_http_request_t *r)
{
    conf::Location *lcf = conf::location(r).auth_check;
    if (lcf == nullptr || lcf->shadow.value || !is_made_by_auth_request(r) ||
        has_been_answered(r)) {
        return NGX_DECLINED;
    }
    AuthCheck &check = *ngx::pool_new<AuthCheck>(r->pool, *lcf);
    ngx_http_set_ctx(r, &check, ngx_http_edge_cache_module);
    look_up(r, check);
    if (check.answer) {
        check.request.may_fill = false;
        count(check.request, &shm::Counters::auth_hits);
        r->content_handler =
            ngx::guard<&answer, NGX_HTTP_INTERNAL_SERVER_ERROR>;
        return NGX_OK;
    }
    if (check.request.may_fill) {
        prepare(r, check.request);
    }
    return NGX_DECLINED;
}

void end_auth_check(ngx_http_request_t *r)
{
    AuthCheck *check = find_check(r);
    if (check == nullptr || !check->request.may_fill) {
        return;
    }
    Request &request = check->request;
    request.may_fill = false;
    if (take_stale_answer(r, *check)) {
        replace_auth_answer(r, *check->answer);
        count(request, &shm::Counters::auth_hits);
        return;
    }
    request.refuse(store_answer(r, request));
    count(request, request.reason == Reason::none
                       ? &shm::Counters::auth_stored
                       : &shm::Counters::auth_passed);
}

} // namespace edge::flow
