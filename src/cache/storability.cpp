#include "cache/storability.h"

#include <algorithm>

#include "cache/caching_fields.h"
#include "cache/lifetime.h"
#include "cache/revalidation.h"
#include "cache/staleness.h"
#include "http/freshness.h"
#include "http/status.h"
#include "http/token.h"
#include "http/vary.h"

namespace edge::cache {

namespace {

// All that the rules look at, read once.
struct Case
{
    const RequestFacts &request;
    const ResponseFacts &response;
    const Policy &policy;
    CachingFields said;
};

bool has_field(const Case &it, std::string_view name)
{
    return std::any_of(
        it.response.fields.begin(), it.response.fields.end(),
        [name](const http::Field &field) { return is_field(field, name); });
}

bool carries_credentials(const Case &it)
{
    return it.request.has_authorization ||
           (it.request.has_cookie && it.policy.cookies != Cookies::ignore);
}

// What has to be asked about each time is stored for the sake of the answer
// 304.
bool can_be_asked_about(const Case &it)
{
    return it.policy.revalidate && it.request.method == "GET" &&
           !condition(it.response.status, it.response.fields).empty();
}

// The rules, in the order in which their reasons are reported.

Reason rule_message(const Case &it)
{
    if (!it.response.from_origin) {
        return Reason::error_page;
    }
    return it.request.method == "HEAD" ? Reason::head_request : Reason::none;
}

Reason rule_status(const Case &it)
{
    const std::uint16_t status = it.response.status;
    if (status == 206) {
        return Reason::partial_content;
    }
    if (http::is_never_stored(status) ||
        (it.said.control.must_understand && !http::is_understood(status))) {
        return Reason::status;
    }
    return Reason::none;
}

// A stranger could make the origin refuse, and everybody get the refusal.
Reason rule_unusual_request(const Case &it)
{
    return it.response.unusual_request && it.response.status >= 400
               ? Reason::unusual_request
               : Reason::none;
}

Reason rule_fields(const Case &it)
{
    const auto is_valid = [](const http::Field &field) {
        return http::is_valid_field(field.name, field.value);
    };
    return std::all_of(it.response.fields.begin(), it.response.fields.end(),
                       is_valid)
               ? Reason::none
               : Reason::header_invalid;
}

// Bodies without an end.
Reason rule_stream(const Case &it)
{
    bool endless = false;
    http::for_each_value(
        it.response.fields, "Content-Type", [&](std::string_view value) {
            const std::string_view type = *Split(value, ';').next();
            endless |= equals_ignore_case(type, "text/event-stream") ||
                       equals_ignore_case(type, "multipart/x-mixed-replace");
        });
    return endless ? Reason::stream : Reason::none;
}

Reason rule_body(const Case &it)
{
    if (it.response.close_delimited && !it.policy.close_delimited) {
        return Reason::close_delimited;
    }
    return it.response.content_length > it.policy.max_size ? Reason::too_large
                                                           : Reason::none;
}

Reason rule_request_no_store(const Case &it)
{
    return it.policy.client_control && it.request.control.no_store
               ? Reason::request_no_store
               : Reason::none;
}

Reason rule_accel_expires(const Case &it)
{
    return it.said.accel.refuses ? Reason::accel_expires : Reason::none;
}

Reason rule_directives(const Case &it)
{
    if (it.said.accel.remaining && !carries_credentials(it)) {
        return Reason::none;
    }
    // must-understand replaces no-store for caches that know the status (RFC
    // 9111 5.2.2.3); rule_status has refused the others.
    if (it.said.control.no_store && !it.said.control.must_understand) {
        return Reason::response_no_store;
    }
    if (it.said.control.is_private) {
        return Reason::response_private;
    }
    return it.said.control.no_cache && !can_be_asked_about(it)
               ? Reason::response_no_cache
               : Reason::none;
}

Reason rule_set_cookie(const Case &it)
{
    if (!has_field(it, "Set-Cookie") ||
        it.said.control.withheld.contains("Set-Cookie")) {
        return Reason::none;
    }
    switch (it.policy.set_cookie) {
    case SetCookie::strip:
        return Reason::none;
    case SetCookie::store:
        // Somebody's session must not reach the rest of the tenant.
        return it.request.has_authorization ? Reason::set_cookie : Reason::none;
    default:
        return it.policy.ignores(kIgnoreSetCookie) ? Reason::none
                                                   : Reason::set_cookie;
    }
}

Reason rule_vary(const Case &it)
{
    switch (it.said.vary.kind) {
    case http::Vary::Kind::any:
        return Reason::vary_star;
    case http::Vary::Kind::too_many:
        return Reason::vary_limit;
    case http::Vary::Kind::invalid:
        return Reason::header_invalid;
    default:
        return Reason::none;
    }
}

constexpr Reason (*kRules[])(const Case &) = {
    rule_message,    rule_status,           rule_unusual_request,
    rule_fields,     rule_stream,           rule_body,
    rule_request_no_store, rule_accel_expires, rule_directives,
    rule_set_cookie, rule_vary,
};

EntryTimes times_of(const Case &it)
{
    const auto &response = it.response;
    EntryTimes times;
    times.request = response.requested;
    times.response = response.received;
    times.date = date_of(response, it.policy);
    times.age = http::parse_age(response.fields).value_or(Seconds(0));
    times.stale_while_revalidate =
        it.said.control.stale_while_revalidate.value_or(Seconds(0));
    times.stale_if_error = it.said.control.stale_if_error.value_or(Seconds(0));
    return times;
}

// Of no use to anybody, not even as a stale answer.
bool is_expired(const Case &it, const Storable &result, Millis initial_age)
{
    Entry entry;
    entry.times = result.times;
    entry.must_revalidate = result.must_revalidate;
    entry.s_maxage = result.s_maxage;
    return !can_be_asked_about(it) &&
           initial_age >= entry.times.lifetime +
                              longest_staleness(entry, it.policy);
}

// An origin that shows a request's Origin to all who ask (CORS) makes the
// answer one for that Origin, whether its Vary says so or not.
bool reflects_origin(const Case &it)
{
    bool reflects = false;
    http::for_each_value(it.response.fields, "Access-Control-Allow-Origin",
                         [&](std::string_view value) {
                             reflects |= !it.request.origin.empty() &&
                                         trim_ows(value) == it.request.origin;
                         });
    return reflects;
}

std::vector<std::string> selecting_fields(const Case &it)
{
    std::vector<std::string> names = it.said.vary.names;
    const auto place = std::lower_bound(names.begin(), names.end(), "origin");
    if (reflects_origin(it) && (place == names.end() || *place != "origin")) {
        names.insert(place, "origin");
    }
    return names;
}

Storable allowed(const Case &it, const EntryTimes &times, bool from_origin)
{
    const http::CacheControl &control = it.said.control;
    const bool is_shared = control.is_public || control.s_maxage.has_value();

    Storable result;
    result.times = times;
    result.must_revalidate = control.must_revalidate ||
                             control.proxy_revalidate ||
                             (control.no_cache && !it.said.accel.remaining);
    result.s_maxage = control.s_maxage.has_value();
    result.explicitly_shared = is_shared && from_origin;
    result.authorization_allowed = is_shared || control.must_revalidate;
    result.strip_set_cookie = it.policy.set_cookie != SetCookie::store;
    result.withheld = control.withheld;
    result.dropped = it.policy.dropped_fields;
    result.vary = selecting_fields(it);
    return result;
}

} // namespace

std::optional<WallTime> date_of(const ResponseFacts &response,
                                const Policy &policy)
{
    return policy.ignores(kIgnoreDate)
               ? std::nullopt
               : http::parse_date_field(response.fields, response.received);
}

std::variant<Storable, Reason> judge(const RequestFacts &request,
                                     const ResponseFacts &response,
                                     const Policy &policy)
{
    const Case it{request, response, policy,
                  read_caching_fields(response, policy)};
    for (const auto rule : kRules) {
        if (const Reason reason = rule(it); reason != Reason::none) {
            return reason;
        }
    }

    EntryTimes times = times_of(it);
    const Millis age =
        http::initial_age(times.request, times.response, times.date, times.age);
    const auto lifetime = lifetime_of(response, it.said, policy, age);
    if (!lifetime) {
        return Reason::no_freshness;
    }
    times.lifetime = lifetime->value;

    const Storable result = allowed(it, times, lifetime->from_origin);
    if (is_expired(it, result, age)) {
        return Reason::expired_on_arrival;
    }
    const Reason reason =
        may_share(request, policy,
                  {result.explicitly_shared, result.authorization_allowed});
    if (reason != Reason::none) {
        return reason;
    }
    return result;
}

} // namespace edge::cache
