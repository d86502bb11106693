#include "shm/buckets.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>

namespace edge::shm {

struct Buckets::Place
{
    Hash128 key;
    BucketRecord record;
};

struct alignas(Buckets::kAlignment) Buckets::Header
{
    static constexpr std::uint64_t kMagic = 0x33746b6265676465; // "edgebkt3"

    std::uint64_t magic = kMagic;
    std::uint64_t places = 0;
    std::uint64_t evicted = 0;
    std::uint64_t shared = 0;
    Place last_resort; // of all that find no place; its key means nothing
};

namespace {

// A killed process has done its stores up to some point in program order:
// all that is needed is that the compiler keeps that order.
void keep_order()
{
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

} // namespace

Buckets::Buckets(std::span<std::byte> memory)
    : header_(reinterpret_cast<Header *>(memory.data()))
{
    static_assert(sizeof(Place) == kBytesPerPlace);
    const auto room = memory.subspan(sizeof(Header));
    const std::size_t sets = room.size() / (kPlaces * sizeof(Place));
    places_ = {reinterpret_cast<Place *>(room.data()), sets * kPlaces};
}

std::optional<Buckets> Buckets::format(std::span<std::byte> memory)
{
    if (memory.size() < sizeof(Header) + kPlaces * sizeof(Place)) {
        return std::nullopt;
    }
    Buckets buckets(memory);
    new (buckets.header_) Header;
    std::uninitialized_fill(buckets.places_.begin(), buckets.places_.end(),
                            Place{});
    keep_order();
    buckets.header_->places = buckets.places_.size();
    return buckets;
}

std::optional<Buckets> Buckets::attach(std::span<std::byte> memory)
{
    if (memory.size() < sizeof(Header) + kPlaces * sizeof(Place)) {
        return std::nullopt;
    }
    const Buckets buckets(memory);
    if (buckets.header_->magic != Header::kMagic ||
        buckets.header_->places != buckets.places_.size()) {
        return std::nullopt;
    }
    return buckets;
}

std::size_t Buckets::places() const
{
    return places_.size();
}

std::uint64_t Buckets::evicted() const
{
    return header_->evicted;
}

std::uint64_t Buckets::shared() const
{
    return header_->shared;
}

std::span<Buckets::Place> Buckets::places_of(const Hash128 &key) const
{
    const std::size_t set = key.hi % (places_.size() / kPlaces);
    return places_.subspan(set * kPlaces, kPlaces);
}

Buckets::Place *Buckets::own_place(const Hash128 &key) const
{
    const auto places = places_of(key);
    const auto own =
        std::find_if(places.begin(), places.end(),
                     [&key](const Place &place) { return place.key == key; });
    return own == places.end() ? nullptr : &*own;
}

// The one that is worthless first; empty ones have long been.
Buckets::Place *Buckets::free_place(const Hash128 &key, double now) const
{
    Place *first = nullptr;
    for (Place &place : places_of(key)) {
        const BucketRecord &record = place.record;
        if (!(record.denies > now) &&
            (!first || record.expires < first->record.expires)) {
            first = &place;
        }
    }
    return first;
}

BucketRecord Buckets::find(const Hash128 &key, double now) const
{
    const Place *place = own_place(key);
    if (!place && !free_place(key, now)) {
        place = &header_->last_resort;
    }
    return place && place->record.expires > now ? place->record
                                                : BucketRecord{};
}

Buckets::Place &Buckets::claim(const Hash128 &key, double now)
{
    Place *place = free_place(key, now);
    if (!place) {
        header_->shared++;
        return header_->last_resort;
    }
    header_->evicted += place->record.expires > now;
    place->record.expires = 0;
    keep_order();
    place->key = key;
    keep_order();
    return *place;
}

void Buckets::put(const Hash128 &key, const BucketRecord &record, double now)
{
    Place *own = own_place(key);
    BucketRecord &kept = own ? own->record : claim(key, now).record;
    kept.told = record.told;
    kept.told_at = record.told_at;
    kept.own = record.own;
    kept.before = record.before;
    kept.denies = record.denies;
    keep_order();
    kept.expires = record.expires;
}

} // namespace edge::shm
