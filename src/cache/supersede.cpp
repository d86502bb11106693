#include "cache/supersede.h"

#include <algorithm>

namespace edge::cache {

namespace {

bool is_of_the_resource(std::uint16_t status)
{
    return (status >= 200 && status < 400 && status != 206 && status != 304) ||
           status == 404 || status == 410;
}

bool is_the_origin_s_word(Reason why)
{
    constexpr Reason words[] = {
        Reason::accel_expires,     Reason::response_no_store,
        Reason::response_private,  Reason::response_no_cache,
        Reason::set_cookie,        Reason::vary_star,
        Reason::no_freshness,      Reason::expired_on_arrival};
    return std::find(std::begin(words), std::end(words), why) !=
           std::end(words);
}

// Those whose sender may get another answer than everybody else.
bool carries_unkeyed_credentials(const RequestFacts &request,
                                 const Policy &policy)
{
    return (request.has_authorization &&
            policy.authorization == Authorization::refuse) ||
           (request.has_cookie && policy.cookies == Cookies::explicit_);
}

} // namespace

bool outdates_stored(std::uint16_t status, Reason why,
                     const RequestFacts &request, const Policy &policy)
{
    const bool asks_for_it =
        request.method == "GET" || request.method == "HEAD";
    return asks_for_it && is_of_the_resource(status) &&
           is_the_origin_s_word(why) &&
           !carries_unkeyed_credentials(request, policy);
}

bool is_newer(const EntryTimes &stored, const EntryTimes &other)
{
    return stored.request > other.request &&
           (!stored.date || !other.date || *stored.date >= *other.date);
}

} // namespace edge::cache
