#include "cache/hit_for_miss.h"

namespace edge::cache {

namespace {

constexpr Millis kFailed{1'000};

} // namespace

Millis hit_for_miss_time(Reason reason, std::uint16_t status)
{
    switch (reason) {
    case Reason::none:
    case Reason::purged:
    case Reason::soft_purged:
    case Reason::log_behind:
    case Reason::fetch_limit:
    case Reason::newer_stored:
    case Reason::request_no_store:
    case Reason::internal_error:
        return Millis(0);
    case Reason::error_page:
    case Reason::truncated:
    case Reason::refresh_identity:
        return kFailed;
    default:
        return status >= 500 ? kFailed : kHitForMiss;
    }
}

bool may_be_in_redis(Reason reason)
{
    return reason == Reason::zone_full || reason == Reason::fill_memory ||
           reason == Reason::no_store_directive;
}

} // namespace edge::cache
