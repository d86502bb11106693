#pragma once

// Operations over one connection, with a Redis that is a few lines of text.

#include <memory_resource>
#include <string_view>

#include "redis/exchange.h"

#include "cmocka.h" // last: its fail() is a macro

namespace edge_test {

using namespace edge;
using namespace edge::redis;
using namespace std::chrono_literals;

inline constexpr std::string_view kGet[] = {"GET", "k"};

inline void count(void *number)
{
    ++*static_cast<int *>(number);
}

struct Fixture
{
    Fixture() { close_breaker(); }

    void close_breaker()
    {
        node.breaker.attempt();
        node.breaker.attempt_succeeded();
        node.breaker.succeeded();
    }

    Exchange::Verdict answer(ReplyType type, std::string_view text,
                             Micros now = 1ms)
    {
        reply = {type, text, 0, {}};
        return exchange.take(&reply, now);
    }

    int complete_all()
    {
        completed = 0;
        while (!node.ended.empty()) {
            node.ended.complete_first();
        }
        return completed;
    }

    int completed = 0;
    Reply reply;
    Node node;
    Output output;
    Exchange exchange{node, output};
    Operation operation{std::pmr::null_memory_resource(), count, &completed};
};

inline Exchange::Verdict answer_at(Fixture &f, std::string_view error,
                                   Micros now)
{
    f.exchange.submit(f.operation, kGet, now, 50ms);
    return f.answer(ReplyType::error, error, now);
}

} // namespace edge_test
