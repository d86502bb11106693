// The commands in flight on one connection. Redis answers in order, so the
// oldest place gets the next reply. An operation that times out or withdraws
// leaves its place behind: its reply comes all the same, and is dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "base/time.h"
#include "redis/operation.h"

namespace edge::redis {

// Of a monotonic clock.
using Micros = std::chrono::microseconds;

class Pipeline
{
public:
    static constexpr std::size_t kMaxInFlight = 16384;
    // A reply that is later than so many of the node's time-outs, and than
    // kMinLate, will not come: the connection is dead.
    static constexpr int kLateFactor = 4;
    static constexpr Millis kMinLate{200};

    Pipeline();
    ~Pipeline();
    Pipeline(const Pipeline &) = delete;
    Pipeline &operator=(const Pipeline &) = delete;

    bool empty() const { return head_ == tail_; }
    bool full() const { return tail_ - head_ == kMaxInFlight; }

    struct Times
    {
        Micros submitted{0};
        Micros deadline{0}; // whoever waits for it gives up
        Micros overdue{0};  // the node has failed; not before the deadline
        Micros late{0};     // the connection is dead

        // `patience`: what the node is given before it has failed, however
        // soon somebody gives up.
        static Times of(Micros now, Millis timeout, Millis patience = {});

        bool is_hasty() const { return deadline < overdue; }
        Micros timeout() const { return deadline - submitted; }
    };

    // Takes the place behind all others. Requires !full().
    void push(Operation &operation, const Times &times);
    // For a command whose reply nobody waits for. The same.
    void push_nobody(const Times &times);

    // Where the next reply is to be created: nullptr if nobody waits for it
    // any more.
    std::pmr::memory_resource *target() const;

    // The next reply is here: whose it is (nullptr: to be dropped), without
    // its place. Requires !empty().
    struct Place
    {
        Operation *operation = nullptr;
        Times times;
        bool counts = false; // as a failure, when it is overdue
    };
    Place pop();

    struct Expired
    {
        std::size_t operations = 0; // that nobody waits for any more
        std::size_t overdue = 0;    // failures of the node
        // Hasty ones among the operations, and the longest that one of them
        // has waited.
        std::size_t hasty = 0;
        Micros longest_hasty{0};
    };
    // Moves those whose deadline has passed to `ended`, in order; their
    // places remain.
    Expired expire(Micros now, OperationList &ended);
    // Moves all to `ended` as lost and empties the pipeline.
    std::size_t lose(OperationList &ended);

    // The earliest deadline, overdue time or moment when the oldest reply is
    // too late; looks at every place, so ask when a timer has run out.
    std::optional<Micros> next_deadline() const;
    bool too_late(Micros now) const;

private:
    friend class Operation;
    void forget(Operation &operation);
    void detach(Place &place);
    void grow();

    // By number, which counts the places since the start.
    Place &at(std::uint64_t number);
    const Place &at(std::uint64_t number) const;

    std::vector<Place> ring_; // the size is a power of two
    std::uint64_t head_ = 0;  // number of the oldest place
    std::uint64_t tail_ = 0;  // number of the next place
};

} // namespace edge::redis
