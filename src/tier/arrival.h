// An answer that others read while it arrives: the object that is about to be
// stored, in memory that nobody finds but those who wait for its fill.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "base/time.h"
#include "cache/entry.h"
#include "ngx/posted.h"
#include "shm/object.h"
#include "shm/running_fills.h"
#include "tier/filler.h"
#include "tier/pinned.h"

namespace edge::tier {

class Zone;

// Where an object is found: under its own hash, among those of its resource.
struct ObjectName
{
    Hash128 hash;
    Hash128 resource;
    // It is not, and will not be, in Redis.
    bool is_only_here = false;
};

struct ArrivalPlan
{
    ObjectName name;
    const cache::Entry &entry; // of no size yet, where that is not known
    bool has_size;
    // The record of the resource's Vary, if there is one.
    std::optional<cache::Entry> vary;
    Millis keep; // as for Zone::put()
};

struct ArrivalMemory
{
    shm::Reservation object;
    std::optional<shm::Reservation> vary;
};

// Held by the filler, for as long as its own client is sent the bytes.
class Arrival
{
public:
    Arrival(Zone &zone, const shm::FillId &fill, const ArrivalMemory &memory);
    ~Arrival();
    Arrival(const Arrival &) = delete;
    Arrival &operator=(const Arrival &) = delete;

    // More may come.
    bool goes_on() const { return state_ == State::goes_on; }
    bool has_size() const { return !memory_.object.grows(); }
    // Of the body, if its size is known: what has not arrived yet.
    std::size_t left() const { return memory_.object.body_size() - size_; }
    bool is_read() const;

    // While it goes on: takes as many of `bytes` as fit into one place, and
    // returns the copy. There are no more of them than left(). Who waits is
    // told at the end of this turn of the event loop. Nullopt: there is no room
    // for what has outgrown its first one; it has been given up.
    std::optional<std::string_view> append(std::string_view bytes);
    // That was all.
    void finish();
    // No more will come, and that was not all: readers break off.
    void break_off();
    // The same for one that can grow no more: for a while nobody reads it
    // before its end.
    void give_up();

    // All of it is there, and it is that.
    bool is(const cache::Entry &entry) const;
    const shm::Pin &pin() const { return memory_.object.pin(); }

private:
    enum class State
    {
        goes_on,
        whole,
        broken,
    };

    static void tell(void *arrival);
    bool grow();

    Zone &zone_;
    const shm::FillId fill_;
    const ArrivalMemory memory_;
    shm::Pieces<std::span<char>> pieces_;
    // What is free of the piece that is being filled in.
    std::span<char> free_;
    std::size_t size_ = 0;
    State state_ = State::goes_on;
    ngx::Posted posted_;
};

// The same for one who waited.
struct Incoming
{
    Pinned object;
    cache::Entry entry; // views into the object
    std::optional<Pinned> vary;
    Filler filler;
};

} // namespace edge::tier
