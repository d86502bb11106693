#include "cache/lifetime.h"

#include <algorithm>

#include "http/freshness.h"
#include "http/status.h"

namespace edge::cache {

namespace {

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
std::optional<Millis> heuristic_lifetime(const ResponseFacts &response,
                                         const CachingFields &said,
                                         const Policy &policy)
{
    const auto unmodified =
        http::unmodified_time(response.fields, response.received);
    if (policy.heuristic_percent == 0 || !unmodified ||
        !(said.control.is_public ||
          http::is_heuristically_cacheable(response.status))) {
        return std::nullopt;
    }
    return std::min(*unmodified * policy.heuristic_percent / 100,
                    policy.heuristic_max);
}

// The location's, where the origin names none. A time of 0 is "do not store".
std::optional<Lifetime> own_lifetime(const ResponseFacts &response,
                                     const CachingFields &said,
                                     const Policy &policy, Millis initial_age)
{
    if (const auto *rule = valid_rule(policy, response.status)) {
        return rule->lifetime == Millis(0)
                   ? std::nullopt
                   : std::optional<Lifetime>({initial_age + rule->lifetime,
                                              false});
    }
    if (const auto value = heuristic_lifetime(response, said, policy)) {
        return Lifetime{*value, false};
    }
    return std::nullopt;
}

} // namespace

std::optional<Lifetime> lifetime_of(const ResponseFacts &response,
                                    const CachingFields &said,
                                    const Policy &policy, Millis initial_age)
{
    if (said.accel.remaining) {
        return Lifetime{initial_age + *said.accel.remaining, true};
    }
    if (said.control.no_cache) {
        return Lifetime{Millis(0), true};
    }
    if (const auto seconds = http::directive_lifetime(said.control)) {
        return Lifetime{*seconds, true};
    }
    if (!said.is_targeted && !policy.ignores(kIgnoreExpires)) {
        if (const auto value =
                http::expires_lifetime(response.fields, response.received)) {
            return Lifetime{*value, true};
        }
    }
    return own_lifetime(response, said, policy, initial_age);
}

} // namespace edge::cache
