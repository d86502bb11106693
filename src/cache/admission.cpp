#include "cache/admission.h"

#include <algorithm>

#include "http/cache_control.h"
#include "http/conditional.h"
#include "http/token.h"

namespace edge::cache {

namespace {

bool is_override(const http::Field &field)
{
    constexpr std::string_view names[] = {
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
        "X-Original-URL",         "X-Rewrite-URL",
    };
    return std::any_of(
        std::begin(names), std::end(names),
        [&field](auto name) { return http::is_field(field, name); });
}

bool has_only_pragma_no_cache(http::Fields request)
{
    bool asked = false;
    for (const http::Field &field : request) {
        if (http::is_field(field, "Cache-Control")) {
            return false;
        }
        asked |= http::is_field(field, "Pragma") &&
                 equals_ignore_case(trim_ows(field.value), "no-cache");
    }
    return asked;
}

bool is_admitted_method(std::string_view method, const Policy &policy)
{
    return (method == "GET" && (policy.methods & kMethodGet)) ||
           (method == "HEAD" && (policy.methods & kMethodHead)) ||
           is_keyed_by_body(method, policy);
}

RequestControl request_control(http::Fields request)
{
    const http::CacheControl asked = http::parse_cache_control(request);
    RequestControl control;
    control.no_store = asked.no_store;
    control.no_cache = asked.no_cache || has_only_pragma_no_cache(request);
    control.only_if_cached = asked.only_if_cached;
    control.max_age = asked.max_age;
    control.min_fresh = asked.min_fresh;
    control.max_stale = asked.max_stale;
    control.stale_if_error = asked.stale_if_error;
    return control;
}

} // namespace

RequestFacts request_facts(std::string_view method, bool has_body,
                           http::Fields request)
{
    RequestFacts facts;
    facts.method = method;
    facts.has_body = has_body;
    facts.has_precondition = http::has_origin_precondition(request);
    facts.control = request_control(request);
    for (const http::Field &field : request) {
        facts.has_upgrade |= http::is_field(field, "Upgrade");
        facts.has_authorization |= http::is_field(field, "Authorization");
        facts.has_cookie |= http::is_field(field, "Cookie");
        facts.has_override |= is_override(field);
        if (http::is_field(field, "Origin")) {
            facts.origin = trim_ows(field.value);
        }
    }
    return facts;
}

Reason may_satisfy(const RequestControl &control, const Policy &policy,
                   Millis age, Millis remaining)
{
    if (!policy.client_control) {
        return Reason::none;
    }
    const Seconds oldest = control.max_age.value_or(http::kMaxDeltaSeconds);
    const bool satisfied =
        !control.no_cache && age <= oldest &&
        remaining >= control.min_fresh.value_or(Seconds(0));
    return satisfied ? Reason::none : Reason::client_control;
}

bool is_unusual(http::Fields request)
{
    // Below what common servers take, so that it is never the origin's limit
    // that decides.
    constexpr std::size_t usual = 4096;
    std::size_t size = 0;
    for (const http::Field &field : request) {
        size += field.name.size() + field.value.size() + 4;
        if (!http::is_valid_field(field.name, field.value)) {
            return true;
        }
    }
    return size > usual;
}

bool is_keyed_by_body(std::string_view method, const Policy &policy)
{
    return policy.body_key &&
           ((method == "POST" && (policy.methods & kMethodPost)) ||
            (method == "QUERY" && (policy.methods & kMethodQuery)));
}

Reason admit(const RequestFacts &request, const Policy &policy)
{
    if (!is_admitted_method(request.method, policy)) {
        return Reason::method;
    }
    if (request.has_upgrade) {
        return Reason::upgrade;
    }
    if (request.has_body && !is_keyed_by_body(request.method, policy)) {
        return Reason::request_body;
    }
    if (request.has_override) {
        return Reason::method_override;
    }
    if (request.has_precondition) {
        return Reason::precondition;
    }
    if (request.has_cookie && policy.cookies == Cookies::bypass) {
        return Reason::cookies;
    }
    return Reason::none;
}

Reason may_share(const RequestFacts &request, const Policy &policy,
                 Sharing sharing)
{
    if (request.has_authorization &&
        policy.authorization == Authorization::refuse &&
        !sharing.authorization_allowed) {
        return Reason::credentials;
    }
    if (request.has_cookie && policy.cookies == Cookies::explicit_ &&
        !sharing.explicitly_shared) {
        return Reason::cookies;
    }
    return Reason::none;
}

} // namespace edge::cache
