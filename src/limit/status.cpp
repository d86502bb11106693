#include "limit/status.h"

namespace edge::limit {

std::string_view name(Status status)
{
    switch (status) {
    case Status::passed:
        return "PASSED";
    case Status::rejected:
        return "REJECTED";
    case Status::stale:
        return "STALE";
    case Status::rejected_dry_run:
        return "REJECTED_DRY_RUN";
    case Status::exempt:
        return "EXEMPT";
    case Status::unlimited:
        return "UNLIMITED";
    }
    return {};
}

std::string_view name(Source source)
{
    switch (source) {
    case Source::redis:
        return "redis";
    case Source::lease:
        return "lease";
    case Source::denied_cache:
        return "denied_cache";
    case Source::local:
        return "local";
    case Source::open:
        return "open";
    case Source::closed:
        return "closed";
    }
    return {};
}

Status status_of(std::uint32_t denied, std::uint32_t dry_run)
{
    if (denied & ~dry_run) {
        return Status::rejected;
    }
    return denied ? Status::rejected_dry_run : Status::passed;
}

} // namespace edge::limit
