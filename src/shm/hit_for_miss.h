// Resources of which it is known, for a while, that one fetch does not answer
// another: their answers are not stored here ("hit for miss"). Nobody waits for
// somebody else's. Fixed in size: what is forgotten early costs a wait.
//
// A row also keeps why the last answer was not stored, for as long as nothing
// else needs its place: for people who ask.
//
// A view of shared memory, cheap to copy. Callers hold the zone's lock. Any
// bytes are a valid state: nothing has to be recovered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/hash.h"
#include "base/time.h"
#include "cache/reason.h"

namespace edge::shm {

class HitForMiss
{
public:
    // Where the answer is found all the same.
    enum class Place : std::uint8_t
    {
        origin,
        redis, // memory has no room for it
    };
    // Reason::none: another instance knows it.
    struct Refused
    {
        cache::Reason reason = cache::Reason::none;
        BootTime at{};
    };
    struct Row
    {
        std::uint64_t name;
        std::int64_t until; // BootTime
        Place place;
        std::uint8_t reason;  // of the last refusal
        std::uint32_t second; // BootTime, of the same
    };
    static constexpr std::size_t kWays = 4;

    // Of zeroed memory; as many rows as fit, at least kWays.
    explicit HitForMiss(std::span<Row> rows) : rows_(rows) {}

    // nullopt: nothing is known of it.
    std::optional<Place> find(const Hash128 &name, BootTime now) const;
    // Never shortens what is remembered already.
    void remember(const Hash128 &name, Place place, BootTime until,
                  const Refused &why);
    // The reason alone; nothing that holds still makes room for it.
    void note(const Hash128 &name, const Refused &why);
    void forget(const Hash128 &name);

    struct Standing
    {
        Refused refused;
        // Of what find() finds; not in the future: it does not, any more.
        BootTime until;
        Place place;
    };
    // nullopt: an answer was stored since, or too much else was not.
    std::optional<Standing> look(const Hash128 &name) const;

private:
    std::span<Row> set_of(const Hash128 &name) const;
    // That of `name`, or the one that ends first, emptied for it.
    Row &claim(const Hash128 &name);

    std::span<Row> rows_;
};

} // namespace edge::shm
