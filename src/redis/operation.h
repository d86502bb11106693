// One command on its way, and lists of those that have ended.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>

#include "redis/reply.h"

namespace edge::redis {

class Exchange;
class OperationList;
class Pipeline;
struct ScriptCall;

enum class Outcome : std::uint8_t
{
    idle,      // never submitted, or not accepted
    pending,   // submitted
    replied,   // reply() is there; it may be an error reply
    timed_out, // its deadline passed; whether Redis has done it is unknown
    lost       // its connection was closed; the same
};

// Belongs to whoever waits for it and withdraws itself in its destructor. Not
// moved: pipelines and lists know its address. Can be submitted again once it
// is not pending.
class Operation
{
public:
    using Completion = void (*)(void *data);

    // The reply is created in `memory`, which lives at least as long as the
    // operation. `completion(data)` is called once for each accepted
    // submission unless withdrawn before; never from inside submit(). It may
    // destroy this and any other operation.
    Operation(std::pmr::memory_resource *memory, Completion completion,
              void *data)
        : memory_(memory), completion_(completion), data_(data)
    {
    }
    ~Operation() { withdraw(); }
    Operation(const Operation &) = delete;
    Operation &operator=(const Operation &) = delete;

    // No completion comes any more. The command may still be executed.
    void withdraw();

    Outcome outcome() const { return outcome_; }
    // Not null if and only if the outcome is `replied`.
    const Reply *reply() const { return reply_; }

    std::pmr::memory_resource *memory() const { return memory_; }

private:
    friend class Exchange;
    friend class OperationList;
    friend class Pipeline;

    std::pmr::memory_resource *memory_;
    Completion completion_;
    void *data_;
    Outcome outcome_ = Outcome::idle;
    const Reply *reply_ = nullptr;

    // Where it is: in one pipeline (under its number there), or in one list.
    Pipeline *pipeline_ = nullptr;
    std::uint64_t number_ = 0;
    OperationList *list_ = nullptr;
    Operation *previous_ = nullptr;
    Operation *next_ = nullptr;

    // A script: what to send should it be unknown, unless it was sent in full.
    const ScriptCall *script_ = nullptr;
    bool in_full_ = false;
    // In a cluster: the command, for the node that it has to go to instead.
    std::string sent_;
    unsigned redirections_ = 0;
};

// Operations that have ended and wait for their completion to be called:
// first in, first out. Emptied by its destructor without calling any.
class OperationList
{
public:
    OperationList() = default;
    ~OperationList();
    OperationList(const OperationList &) = delete;
    OperationList &operator=(const OperationList &) = delete;

    bool empty() const { return first_ == nullptr; }
    void add(Operation &operation, Outcome outcome,
             const Reply *reply = nullptr);

    // Takes the first off the list and calls its completion. Whatever that
    // does to this list (adding, withdrawing) is seen by the next call.
    void complete_first();

private:
    friend class Operation;
    void remove(Operation &operation);

    Operation *first_ = nullptr;
    Operation *last_ = nullptr;
};

} // namespace edge::redis
