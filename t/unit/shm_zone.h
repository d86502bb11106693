#pragma once

// A memory tier in a mapping that children share, and objects whose bytes
// follow from their name, so that every byte read can be checked.

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "shm/memory_tier.h"

#include "cmocka.h"

namespace edge_test {

using edge::BootTime;
using edge::Hash128;
using edge::Millis;
using namespace edge::shm;

inline BootTime at(std::int64_t millis)
{
    return BootTime(Millis(millis));
}

inline Hash128 hash_of(std::uint64_t name)
{
    return {name * 0x9e3779b97f4a7c15, name ^ 0x5bd1e9955bd1e995};
}

class Zone
{
public:
    explicit Zone(std::size_t size, std::uint32_t max_variants = 64)
        : memory_(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          size_(size)
    {
        assert_true(memory_ != MAP_FAILED);
        assert_true(MemoryTier::format(bytes(), {42, max_variants}));
    }
    ~Zone() { munmap(memory_, size_); }
    Zone(const Zone &) = delete;
    Zone &operator=(const Zone &) = delete;

    std::span<std::byte> bytes() const
    {
        return {static_cast<std::byte *>(memory_), size_};
    }
    MemoryTier attach() const
    {
        const auto tier = MemoryTier::attach(bytes());
        assert_some(tier);
        return *tier;
    }

private:
    void *memory_;
    std::size_t size_;
};

struct Size
{
    std::size_t head;
    std::size_t body;
};

inline ObjectSpec spec_of(std::uint64_t name, Size size)
{
    return {hash_of(name), hash_of(name), size.head, size.body};
}

inline ObjectSpec variant_of(std::uint64_t resource, std::uint64_t name,
                             Size size)
{
    return {hash_of(name), hash_of(resource), size.head, size.body};
}

// Byte `i` of an object filled with `seed`.
inline char byte_of(std::uint64_t seed, std::size_t i)
{
    return static_cast<char>((seed * 131 + i * 7 + (i >> 8)) & 0xff);
}

inline void fill(const Reservation &reservation, std::uint64_t seed)
{
    std::size_t i = 0;
    for (char &c : reservation.head()) {
        c = byte_of(seed, i++);
    }
    for (auto body = reservation.body(); auto piece = body.next();) {
        for (char &c : *piece) {
            c = byte_of(seed, i++);
        }
    }
}

inline std::string bytes_of(const PinnedObject &object)
{
    std::string bytes(object.head());
    for (auto body = object.body(); auto piece = body.next();) {
        bytes += *piece;
    }
    return bytes;
}

inline bool holds(const PinnedObject &object, std::uint64_t seed, Size size)
{
    const std::string bytes = bytes_of(object);
    if (object.head().size() != size.head ||
        bytes.size() != size.head + size.body) {
        return false;
    }
    for (std::size_t i = 0; i < bytes.size(); i++) {
        if (bytes[i] != byte_of(seed, i)) {
            return false;
        }
    }
    return true;
}

// As a worker does: again and again, a few times.
inline std::variant<Reservation, Refused> reserve(MemoryTier &tier,
                                                  const ObjectSpec &spec,
                                                  OwnerSlot owner,
                                                  BootTime now = at(0))
{
    auto outcome = tier.reserve(spec, owner, now);
    for (int i = 0; i < 64 && outcome.index() == 1 &&
                    std::get<Refused>(outcome) == Refused::again;
         i++) {
        outcome = tier.reserve(spec, owner, now);
    }
    return outcome;
}

// Stores an object that nobody goes on to use.
inline bool store(MemoryTier &tier, const ObjectSpec &spec, OwnerSlot owner,
                  std::uint64_t seed, BootTime now = at(0))
{
    const auto outcome = reserve(tier, spec, owner, now);
    if (const auto *reservation = std::get_if<Reservation>(&outcome)) {
        fill(*reservation, seed);
        assert_true(tier.publish(reservation->pin()));
        tier.unpin(reservation->pin());
        return true;
    }
    return false;
}

inline std::optional<PinnedObject> find(MemoryTier &tier, std::uint64_t name,
                                        OwnerSlot owner, BootTime now = at(0))
{
    const auto outcome = tier.find(hash_of(name), owner, now);
    const auto *object = std::get_if<PinnedObject>(&outcome);
    return object ? std::optional(*object) : std::nullopt;
}

// Whether it is there, as a request would see it.
inline bool hit(MemoryTier &tier, std::uint64_t name, OwnerSlot owner,
                BootTime now = at(0))
{
    const auto object = find(tier, name, owner, now);
    if (object) {
        tier.unpin(object->pin());
    }
    return object.has_value();
}

} // namespace edge_test
