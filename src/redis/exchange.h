// What is said over one connection once it is ready: commands out, replies
// matched to their operations, errors weighed. No socket, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis/breaker.h"
#include "redis/command.h"
#include "redis/error.h"
#include "redis/haste.h"
#include "redis/impairment.h"
#include "redis/operation.h"
#include "redis/output.h"
#include "redis/pipeline.h"
#include "redis/script.h"

namespace edge::redis {

// Since the worker's start, except for the last one.
struct NodeCounters
{
    std::uint64_t operations = 0; // accepted
    std::uint64_t refused = 0;    // not accepted
    std::uint64_t timeouts = 0;
    std::uint64_t lost = 0;
    std::uint64_t connections = 0; // made, handshake included
    std::array<std::uint64_t, kErrorKinds> errors{};
    Micros latency{0}; // of the last answer
};

// Sends operations on to the node that has their slot.
class Redirector
{
public:
    // `error` is MOVED or ASK. False: it is the operation's answer.
    virtual bool redirect(std::string_view error, Operation &operation,
                          const Pipeline::Times &times) = 0;

protected:
    ~Redirector() = default;
};

// What outlives the connections to one node.
struct Node
{
    Breaker breaker;
    NodeCounters counters;
    OperationList ended; // completions to call
    Impairment impairment;
    Haste haste;
    // An answer that takes longer is a failure; whoever gives an operation less
    // time says nothing of the node.
    Millis patience{0};
    std::string missing; // with NodeState::noperm: what the user may not do

    Redirector *redirector = nullptr; // in a cluster

    // Whether there are servers to go to from one that takes no writes, and
    // when that was done last.
    bool has_others = false;
    std::optional<Micros> left;
};

// News about a node, for the log.
enum class NodeNews : std::uint8_t
{
    none,
    impaired,
    recovered
};

class Exchange
{
public:
    // Commands that wait for a server which takes none.
    static constexpr std::size_t kMaxOutput = std::size_t{32} << 20;

    // Both belong to the connection and outlive the exchange.
    Exchange(Node &node, Output &output) : node_(node), output_(output)
    {
        node_.haste = {};
    }

    // Appends the command to the output. False, nothing done: no room, or no
    // hope of an answer in time. One that is still pending is withdrawn first.
    bool submit(Operation &operation, CommandParts command, Micros now,
                Millis timeout);
    // `call` and all it points to stay until the operation has ended.
    bool submit(Operation &operation, const ScriptCall &call, Micros now,
                Millis timeout);

    // An operation that another node did not answer, with its times; `asking`:
    // it said ASK. False: there is no room, or it was sent on too often.
    bool take_over(Operation &operation, const Pipeline::Times &times,
                   bool asking);

    // For Reader::next().
    std::pmr::memory_resource *target() const { return pipeline_.target(); }

    // A slot may move, and be on its way to yet another node.
    static constexpr unsigned kMaxRedirections = 2;

    // Between two departures from servers that take no writes: there may be
    // no better one.
    static constexpr Millis kStay{1000};

    // Why the connection is to be closed; nullopt: go on.
    using Verdict = std::optional<Failure>;

    // `reply` was created in target(); nullptr: it was dropped.
    Verdict take(const Reply *reply, Micros now);
    Verdict expire(Micros now);
    // Every reply is there.
    bool idle() const { return pipeline_.empty(); }
    std::optional<Micros> next_deadline() const
    {
        return pipeline_.next_deadline();
    }

    // Of the last take().
    NodeNews news() const { return news_; }

    // The connection is closed: every operation in flight is lost.
    void close();

private:
    template <typename Append>
    bool accept(Operation &operation, Append append, Micros now,
                Millis timeout);
    template <typename Append>
    bool enqueue(Operation &operation, Append append,
                 const Pipeline::Times &times);
    void send_in_full(const Pipeline::Place &place);
    bool send_on(const Reply &error, const Pipeline::Place &place);
    Verdict weigh(const Reply &reply, Micros now);
    void note_state(ErrorKind kind, const Reply &reply, Micros now);
    bool leave(Micros now);

    Node &node_;
    Output &output_;
    Pipeline pipeline_;
    NodeNews news_ = NodeNews::none;
};

} // namespace edge::redis
