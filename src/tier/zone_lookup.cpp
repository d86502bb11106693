// What memory has of a resource, and whether it may answer.
#include "ngx/clock.h"
#include "tier/zone.h"

namespace edge::tier {

std::optional<Pinned> Zone::find(const Hash128 &hash)
{
    return look_up(&shm::MemoryTier::find, hash);
}

std::optional<Pinned> Zone::peek(const Hash128 &hash)
{
    return look_up(&shm::MemoryTier::peek, hash);
}

std::optional<Pinned> Zone::look_up(Lookup lookup, const Hash128 &hash)
{
    const Lock lock(*this);
    const auto slot = owner();
    if (!slot) {
        return std::nullopt;
    }
    const auto found = ((*memory_).*lookup)(hash, *slot, ngx::boot_now());
    if (const auto *object = std::get_if<shm::PinnedObject>(&found)) {
        return Pinned(*this, *object);
    }
    return std::nullopt;
}

cache::Reason Zone::judge(const shm::PinnedObject &object,
                          const cache::Entry &entry)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    if (!may_serve(now)) {
        return cache::Reason::log_behind;
    }
    const std::uint64_t changes = generations_->changes();
    if (object.checked() == changes) {
        return cache::Reason::none;
    }
    const cache::Reason reason = check(entry, true, now);
    if (reason == cache::Reason::none) {
        object.set_checked(changes);
    }
    return reason;
}

cache::Reason Zone::judge(const cache::Entry &entry)
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    return may_serve(now) ? check(entry, false, now)
                          : cache::Reason::log_behind;
}

cache::Reason Zone::check(const cache::Entry &entry, bool in_memory,
                          BootTime now) const
{
    if (generations_->applied().nonce == 0) {
        return cache::Reason::log_behind;
    }
    const shm::Usability usability =
        generations_->check(entry.ticket, entry.selectors,
                            invalidate::hash_tenant(entry.tenant),
                            {now, in_memory});
    switch (usability) {
    case shm::Usability::usable:
        return cache::Reason::none;
    case shm::Usability::stale_only:
        return cache::Reason::soft_purged;
    default:
        return cache::Reason::purged;
    }
}

bool Zone::tell_uses(std::size_t slice, cache::MostUsed &most_used)
{
    const auto add = [](void *to, const cache::Used &used) {
        static_cast<cache::MostUsed *>(to)->add(used);
    };
    const Lock lock(*this);
    memory_->tell_uses(slice * kUseSlice, kUseSlice, add, &most_used);
    return (slice + 1) * kUseSlice < memory_->bucket_count();
}

void Zone::unpin(const shm::Pin &pin)
{
    const Lock lock(*this);
    memory_->unpin(pin);
}

Pinned::~Pinned()
{
    if (zone_ != nullptr) {
        zone_->unpin(object_.pin());
    }
}

} // namespace edge::tier
