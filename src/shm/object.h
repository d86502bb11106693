// What a pin gives access to: an object's bytes in shared memory. Both classes
// are plain handles that own nothing; the pin they carry is given back with
// MemoryTier::unpin(). No lock is needed for anything here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "shm/node.h"
#include "shm/pins.h"

namespace edge::shm {

// The pieces of a body, in order. View is std::string_view, or std::span<char>
// to fill it in. None for an empty body.
template <typename View> class Pieces
{
public:
    // Of the first `size` bytes.
    Pieces(Nodes nodes, Node &node, std::size_t size);

    // And so many after them, which are there by now.
    void add(std::size_t size) { left_ += size; }
    std::optional<View> next();

private:
    Nodes nodes_;
    // Where the body goes on.
    Extent *extent_;
    std::size_t offset_;
    std::size_t left_;
};

extern template class Pieces<std::string_view>;
extern template class Pieces<std::span<char>>;

std::string_view head_of(const Node &node);

// Of a body that somebody fills in.
struct Arrived
{
    std::size_t size = 0;
    bool is_all = false;

    friend bool operator==(const Arrived &, const Arrived &) = default;
};

class PinnedObject
{
public:
    PinnedObject(Nodes nodes, Pin pin) : nodes_(nodes), pin_(pin) {}

    const Pin &pin() const { return pin_; }
    std::string_view head() const;
    // Not of one that grows, before it is found.
    std::size_t body_size() const { return node().body_size; }
    Pieces<std::string_view> body() const
    {
        return {nodes_, node(), node().body_size};
    }
    BootTime expires() const { return BootTime(Millis(node().expires)); }

    // Of one that somebody still fills in: what is there of the body; nullopt:
    // no more will come.
    std::optional<Arrived> arrived() const;
    // None yet, to be told of what has arrived.
    Pieces<std::string_view> arriving() const { return {nodes_, node(), 0}; }
    // Its size is known when all of it is there.
    bool grows() const { return node().grows(); }

    // The newest generation this object was checked against. Only ever raised,
    // by whoever checked: a lost update costs one more check.
    std::uint64_t checked() const;
    void set_checked(std::uint64_t generation) const;

    // Whether requests of `kind` send this object rather than ask for a newer
    // one, because another of them has just asked in vain. A lost update costs
    // one more request.
    static constexpr unsigned kKinds = 4;
    bool is_held_down(unsigned kind, BootTime now) const;
    void hold_down(unsigned kind, BootTime now, BootTime until) const;

private:
    Node &node() const { return nodes_[pin_.node]; }

    Nodes nodes_;
    Pin pin_;
};

// An object that nobody finds yet. Whoever reserved it fills in all of head and
// body, then calls MemoryTier::publish(). Others may read it meanwhile, as far
// as it has arrived: the head is filled in before they know of it.
class Reservation
{
public:
    Reservation(Nodes nodes, Pin pin) : nodes_(nodes), pin_(pin) {}

    const Pin &pin() const { return pin_; }
    std::span<char> head() const;
    // Of one that grows: all that there is room for, see extend().
    Pieces<std::span<char>> body() const;
    std::size_t body_size() const { return node().body_size; }
    bool grows() const { return node().grows(); }
    // So much of the body, from its start, is filled in.
    void set_arrived(const Arrived &arrived) const;
    // The rest will not be.
    void break_off() const;
    // The same object under the same pin, to send what was filled in.
    PinnedObject object() const { return {nodes_, pin_}; }

private:
    Node &node() const { return nodes_[pin_.node]; }

    Nodes nodes_;
    Pin pin_;
};

} // namespace edge::shm
