// Decisions of Redis: what is asked about the same limits while an answer is
// under way goes together, as one call of the script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "client/redis.h"
#include "ngx/timer.h"
#include "redis/limit_script.h"

namespace edge::tier {

// Of one worker and one Redis. Nobody waits for others when nothing is under
// way; and no longer than kLongestWait when something is, so that a distant
// Redis is asked more than once at a time.
class LimitCalls
{
    class Call;
    struct Queue;

public:
    static constexpr Millis kLongestWait{1};
    // Who waits less long for Redis does not wait for others.
    static constexpr Millis kLeastTimeout{4};

    // One request's, about limits that lie in one slot. Withdraws itself.
    class Question
    {
    public:
        // `completion(data)` is called once for each ask() that was true, and
        // never from inside it. `limits` outlive the question, and stay the
        // same once it has been asked.
        using Completion = void (*)(void *data);
        Question(const std::vector<redis::ScriptLimit> &limits,
                 Completion completion, void *data)
            : limits_(limits), completion_(completion), data_(data)
        {
        }
        ~Question() { withdraw(); }
        Question(const Question &) = delete;
        Question &operator=(const Question &) = delete;

        bool is_pending() const
        {
            return queue_ != nullptr || call_ != nullptr;
        }
        // Nullopt: Redis has not decided, or not in time.
        const std::optional<redis::LimitAnswer> &answer() const
        {
            return answer_;
        }
        // What it has said instead and is worth a line; empty: nothing.
        const std::string &complaint() const { return complaint_; }

    private:
        friend class LimitCalls;
        void withdraw();

        const std::vector<redis::ScriptLimit> &limits_;
        Completion completion_;
        void *data_;
        std::int64_t asked_ = 0; // microseconds
        Queue *queue_ = nullptr; // where it waits for its turn,
        Call *call_ = nullptr;   // or for the answer
        std::optional<redis::LimitAnswer> answer_;
        std::string complaint_;
    };

    // `redis` outlives it.
    explicit LimitCalls(client::Redis &redis);
    ~LimitCalls();
    LimitCalls(const LimitCalls &) = delete;
    LimitCalls &operator=(const LimitCalls &) = delete;

    // False: Redis is away.
    bool ask(Question &question, Millis timeout);

private:
    using Questions = std::vector<Question *>;

    static void on_wait_over(void *queue);
    bool send(Questions questions, Millis timeout, Queue *queue);
    void send_waiting(Queue &queue);
    void finish(Call &call);

    client::Redis &redis_;
    // By what is asked. They are there while calls are under way.
    std::unordered_map<std::string, Queue> queues_;
    std::list<Call> calls_;
};

} // namespace edge::tier
