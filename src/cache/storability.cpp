#include "cache/storability.h"

#include <algorithm>

#include "cache/accel_expires.h"
#include "http/freshness.h"
#include "http/status.h"
#include "http/targeted.h"
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
    // Of the field that decides.
    http::CacheControl control;
    // It is a targeted one: Expires says nothing beside it (RFC 9213 2.2).
    bool is_targeted = false;
    AccelExpires accel{};
    http::Vary vary{};

    bool ignores(IgnoredField field) const
    {
        return (policy.ignored_fields & field) != 0;
    }
};

std::optional<http::CacheControl> targeted_control(const Case &it)
{
    struct Target
    {
        std::string_view name;
        IgnoredField ignored;
    };
    constexpr Target targets[] = {
        {http::kOwnTarget, kIgnoreEdgeCacheControl},
        {http::kCdnTarget, kIgnoreCdnCacheControl}};

    for (const Target &target : targets) {
        if (it.ignores(target.ignored)) {
            continue;
        }
        if (auto control = http::parse_targeted(it.response.fields,
                                                target.name)) {
            return control;
        }
    }
    return std::nullopt;
}

Case read(const RequestFacts &request, const ResponseFacts &response,
          const Policy &policy)
{
    Case it{request, response, policy, {}};
    if (auto control = targeted_control(it)) {
        it.control = *control;
        it.is_targeted = true;
    } else if (!it.ignores(kIgnoreCacheControl)) {
        it.control = http::parse_cache_control(response.fields);
    }
    if (!it.ignores(kIgnoreAccelExpires)) {
        it.accel = parse_accel_expires(response.fields, response.received);
    }
    if (!it.ignores(kIgnoreVary)) {
        it.vary = http::parse_vary(response.fields);
    }
    return it;
}

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
        (it.control.must_understand && !http::is_understood(status))) {
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
    return it.accel.refuses ? Reason::accel_expires : Reason::none;
}

Reason rule_directives(const Case &it)
{
    if (it.accel.remaining && !carries_credentials(it)) {
        return Reason::none;
    }
    // must-understand replaces no-store for caches that know the status (RFC
    // 9111 5.2.2.3); rule_status has refused the others.
    if (it.control.no_store && !it.control.must_understand) {
        return Reason::response_no_store;
    }
    if (it.control.is_private) {
        return Reason::response_private;
    }
    return it.control.no_cache ? Reason::response_no_cache : Reason::none;
}

Reason rule_set_cookie(const Case &it)
{
    if (!has_field(it, "Set-Cookie") ||
        it.control.withheld.contains("Set-Cookie")) {
        return Reason::none;
    }
    switch (it.policy.set_cookie) {
    case SetCookie::strip:
        return Reason::none;
    case SetCookie::store:
        // Somebody's session must not reach the rest of the tenant.
        return it.request.has_authorization ? Reason::set_cookie : Reason::none;
    default:
        return it.ignores(kIgnoreSetCookie) ? Reason::none : Reason::set_cookie;
    }
}

Reason rule_vary(const Case &it)
{
    switch (it.vary.kind) {
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

struct Lifetime
{
    Millis value;
    bool from_origin;
};

// The first rule that names the status or is `any` decides, as in nginx.
const ValidRule *valid_rule(const Policy &policy, std::uint16_t status)
{
    const auto rule = std::find_if(policy.valid.begin(), policy.valid.end(),
                                   [status](ValidRule candidate) {
                                       return candidate.status == 0 ||
                                              candidate.status == status;
                                   });
    return rule == policy.valid.end() ? nullptr : &*rule;
}

// A part of the time that the answer had not changed for (RFC 9111 4.2.2).
std::optional<Millis> heuristic_lifetime(const Case &it)
{
    const auto unmodified =
        http::unmodified_time(it.response.fields, it.response.received);
    if (it.policy.heuristic_percent == 0 || !unmodified ||
        !(it.control.is_public ||
          http::is_heuristically_cacheable(it.response.status))) {
        return std::nullopt;
    }
    return std::min(*unmodified * it.policy.heuristic_percent / 100,
                    it.policy.heuristic_max);
}

// The location's, where the origin names none. A time of 0 is "do not store".
std::optional<Lifetime> own_lifetime(const Case &it, Millis initial_age)
{
    if (const auto *rule = valid_rule(it.policy, it.response.status)) {
        return rule->lifetime == Millis(0)
                   ? std::nullopt
                   : std::optional<Lifetime>({initial_age + rule->lifetime,
                                              false});
    }
    if (const auto value = heuristic_lifetime(it)) {
        return Lifetime{*value, false};
    }
    return std::nullopt;
}

std::optional<Lifetime> lifetime_of(const Case &it, Millis initial_age)
{
    if (it.accel.remaining) {
        return Lifetime{initial_age + *it.accel.remaining, true};
    }
    if (const auto seconds = http::directive_lifetime(it.control)) {
        return Lifetime{*seconds, true};
    }
    if (!it.is_targeted && !it.ignores(kIgnoreExpires)) {
        if (const auto value = http::expires_lifetime(it.response.fields,
                                                      it.response.received)) {
            return Lifetime{*value, true};
        }
    }
    return own_lifetime(it, initial_age);
}

EntryTimes times_of(const Case &it)
{
    const auto &response = it.response;
    EntryTimes times;
    times.request = response.requested;
    times.response = response.received;
    times.date = http::parse_date_field(response.fields, response.received);
    times.age = http::parse_age(response.fields).value_or(Seconds(0));
    times.stale_while_revalidate =
        it.control.stale_while_revalidate.value_or(Seconds(0));
    times.stale_if_error = it.control.stale_if_error.value_or(Seconds(0));
    return times;
}

// Of no use to anybody, not even as a stale answer (RFC 5861).
bool is_expired(const Storable &result, Millis initial_age)
{
    Millis usable = result.times.lifetime;
    if (!result.must_revalidate && !result.s_maxage) {
        usable += std::max(result.times.stale_while_revalidate,
                           result.times.stale_if_error);
    }
    return initial_age >= usable;
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
    std::vector<std::string> names = it.vary.names;
    const auto place = std::lower_bound(names.begin(), names.end(), "origin");
    if (reflects_origin(it) && (place == names.end() || *place != "origin")) {
        names.insert(place, "origin");
    }
    return names;
}

Storable allowed(const Case &it, const EntryTimes &times, bool from_origin)
{
    const http::CacheControl &control = it.control;
    const bool is_shared = control.is_public || control.s_maxage.has_value();

    Storable result;
    result.times = times;
    result.must_revalidate =
        control.must_revalidate || control.proxy_revalidate;
    result.s_maxage = control.s_maxage.has_value();
    result.explicitly_shared = is_shared && from_origin;
    result.authorization_allowed = is_shared || control.must_revalidate;
    result.strip_set_cookie = it.policy.set_cookie != SetCookie::store;
    result.withheld = control.withheld;
    result.vary = selecting_fields(it);
    return result;
}

} // namespace

std::variant<Storable, Reason> judge(const RequestFacts &request,
                                     const ResponseFacts &response,
                                     const Policy &policy)
{
    const Case it = read(request, response, policy);
    for (const auto rule : kRules) {
        if (const Reason reason = rule(it); reason != Reason::none) {
            return reason;
        }
    }

    EntryTimes times = times_of(it);
    const Millis age =
        http::initial_age(times.request, times.response, times.date, times.age);
    const auto lifetime = lifetime_of(it, age);
    if (!lifetime) {
        return Reason::no_freshness;
    }
    times.lifetime = lifetime->value;

    const Storable result = allowed(it, times, lifetime->from_origin);
    if (is_expired(result, age)) {
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
