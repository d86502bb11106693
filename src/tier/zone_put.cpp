// Storing an object in the memory tier: room is made under the lock, the bytes
// are copied outside of it, and what was purged meanwhile is thrown away.
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "cache/freshness.h"
#include "cache/supersede.h"
#include "ngx/clock.h"
#include "ngx/text.h"
#include "tier/zone.h"

namespace edge::tier {

namespace {

using cache::Reason;

// How often room is made before the zone counts as full: each time the lock
// has been free in between.
constexpr int kMaxAttempts = 8;

constexpr Millis kTellEvery{60 * 1000};

// Of statuses.
constexpr unsigned kFirstError = 400;

BootTime expiry(const cache::Entry &entry, Millis keep)
{
    return ngx::boot_now() + keep +
           remaining_lifetime(entry.times, ngx::wall_now());
}

// The next bytes of a list of pieces, however those are cut.
class Source
{
public:
    explicit Source(std::span<const std::string_view> pieces)
        : pieces_(pieces)
    {
    }

    void copy_to(std::span<char> out)
    {
        while (!out.empty() && !pieces_.empty()) {
            const std::string_view piece = pieces_.front().substr(offset_);
            const std::size_t size = std::min(piece.size(), out.size());
            std::memcpy(out.data(), piece.data(), size);
            out = out.subspan(size);
            offset_ += size;
            if (offset_ == pieces_.front().size()) {
                pieces_ = pieces_.subspan(1);
                offset_ = 0;
            }
        }
    }

private:
    std::span<const std::string_view> pieces_;
    std::size_t offset_ = 0;
};

void fill_in(const shm::Reservation &reservation,
             std::span<const std::string_view> body)
{
    Source source(body);
    auto pieces = reservation.body();
    while (const auto piece = pieces.next()) {
        source.copy_to(*piece);
    }
}

} // namespace

// `attempt(slot, now)`: what room was made for, or why not.
template <typename Attempt> auto Zone::make_room(Attempt &&attempt)
{
    using Made = std::variant_alternative_t<
        0, std::invoke_result_t<Attempt, shm::OwnerSlot, BootTime>>;
    std::optional<Made> made;
    for (int i = 0; i < kMaxAttempts && !made; i++) {
        const Lock lock(*this);
        const auto slot = owner();
        if (!slot) {
            break;
        }
        const auto outcome = attempt(*slot, ngx::boot_now());
        if (const auto *room = std::get_if<Made>(&outcome)) {
            made = *room;
        } else if (std::get<shm::Refused>(outcome) != shm::Refused::again) {
            break;
        }
    }
    return made;
}

std::optional<shm::Reservation> Zone::reserve(const shm::ObjectSpec &spec)
{
    return make_room([&](shm::OwnerSlot slot, BootTime now) {
        const std::uint64_t evicted = memory_->evicted_by_share();
        auto reserved = memory_->reserve(spec, slot, now);
        over_share_ |= memory_->evicted_by_share() != evicted;
        return reserved;
    });
}

std::size_t Zone::extend(const shm::Pin &pin, std::size_t more)
{
    const auto made = make_room([&](shm::OwnerSlot, BootTime now) {
        return memory_->extend(pin, more, now);
    });
    return made.value_or(0);
}

// Who takes more than his share is named, once in a while.
void Zone::tell_of_share(std::string_view tenant)
{
    if (!std::exchange(over_share_, false)) {
        return;
    }
    const BootTime now = ngx::boot_now();
    if (share_told_ && now - *share_told_ < kTellEvery) {
        return;
    }
    share_told_ = now;
    ngx_str_t name = ngx::str(tenant);
    ngx_str_t zone = ngx::str(settings.name);
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "zone \"%V\" is full, and tenant \"%V\" has more than its "
                  "share of it: it makes room for its own answers",
                  &zone, &name);
}

// One that is still of use. Under the lock.
bool Zone::has_newer(const ObjectName &name, const cache::Entry &entry)
{
    const BootTime now = ngx::boot_now();
    const auto found = memory_->peek(name.hash, *owner_, now);
    const auto *object = std::get_if<shm::PinnedObject>(&found);
    if (object == nullptr) {
        return false;
    }
    const auto decoded = cache::decode_head(object->head());
    const auto *stored = std::get_if<cache::Entry>(&decoded);
    const bool newer =
        stored != nullptr && stored->kind == cache::EntryKind::object &&
        entry.kind == cache::EntryKind::object && stored->key == entry.key &&
        is_newer(stored->times, entry.times) &&
        remaining_lifetime(stored->times, ngx::wall_now()) > Millis(0) &&
        check(*stored, true, now) == Reason::none;
    memory_->unpin(object->pin());
    return newer;
}

bool Zone::has_room(std::size_t head_size, std::size_t body_size)
{
    const Lock lock(*this);
    return memory_->has_room(head_size, body_size);
}

// Counted apart from what edge_cache_min_uses counts.
bool Zone::is_worth_a_copy(const shm::FillId &fill, const Hash128 &hash,
                           std::size_t head_size, std::size_t body_size)
{
    const Hash128 counted{hash.hi, hash.lo ^ 1};
    const Lock lock(*this);
    return is_awaited_now(fill) || memory_->has_room(head_size, body_size) ||
           use_counts_->add(counted) > 1;
}

void Zone::forget(const Hash128 &hash)
{
    const Lock lock(*this);
    memory_->remove(hash);
}

// Before anything can be found that has them.
void Zone::note_tags(const cache::Entry &entry)
{
    const invalidate::TenantHash tenant =
        invalidate::hash_tenant(entry.tenant);
    cache::StringList tags = entry.tags;
    while (const auto tag = tags.next()) {
        const invalidate::Selector selector = invalidate::select_tag(*tag);
        seen_tags_->add(invalidate::row_key(selector, tenant));
        seen_tags_->add(
            invalidate::row_key(selector, invalidate::kAllTenants));
    }
}

bool Zone::has_seen_tag(invalidate::RowKey row) const
{
    return seen_tags_->contains(row);
}

// Memory for it, with its head in place.
std::optional<shm::Reservation> Zone::place(const ObjectName &name,
                                            const cache::Entry &entry,
                                            std::string_view head, Millis keep,
                                            const Room &room)
{
    if (head.size() > cache::kMaxHead) {
        return std::nullopt;
    }
    shm::ObjectSpec spec;
    spec.hash = name.hash;
    spec.resource = name.resource;
    spec.head_size = head.size();
    spec.body_size = room.size;
    spec.grows = room.grows;
    spec.expires = expiry(entry, keep);
    spec.tenant = hash64(entry.tenant);
    spec.is_negative = entry.kind == cache::EntryKind::object &&
                       entry.status >= kFirstError;
    spec.is_counted = !name.is_only_here;

    const auto reservation = reserve(spec);
    tell_of_share(entry.tenant);
    if (reservation) {
        std::memcpy(reservation->head().data(), head.data(), head.size());
    }
    return reservation;
}

// Under the lock.
Reason Zone::publish(const ObjectName &name, const cache::Entry &entry,
                     const shm::Pin &pin)
{
    const Reason reason = check(entry, false, ngx::boot_now());
    if (reason != Reason::none) {
        return reason == Reason::soft_purged ? Reason::purged : reason;
    }
    if (has_newer(name, entry)) {
        return Reason::newer_stored;
    }
    memory_->publish(pin);
    return Reason::none;
}

Reason Zone::put(const ObjectName &name, const cache::Entry &entry,
                 std::span<const std::string_view> body, Millis keep,
                 const Arrival *arrival)
{
    note_tags(entry);
    const std::string head = cache::encode_head(entry);
    if (head.size() > cache::kMaxHead) {
        return Reason::header_too_large;
    }
    if (arrival != nullptr && arrival->is(entry)) {
        const Lock lock(*this);
        memory_->finish(arrival->pin(), head, entry.body_size);
        return publish(name, entry, arrival->pin());
    }

    const auto reservation = place(name, entry, head, keep, {entry.body_size});
    if (!reservation) {
        return Reason::zone_full;
    }
    fill_in(*reservation, body);

    const Lock lock(*this);
    const Reason reason = publish(name, entry, reservation->pin());
    memory_->unpin(reservation->pin());
    return reason;
}

} // namespace edge::tier
