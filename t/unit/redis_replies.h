#pragma once

// Replies on a line, and the memory they are read into.

#include <memory>
#include <memory_resource>
#include <new>
#include <string>

#include "redis/reader.h"

#include "cmocka.h" // last: its fail() is a macro

namespace edge_test {

using namespace edge::redis;
using Status = Reader::Status;

// Counts what is asked for.
class CountingResource final : public std::pmr::memory_resource
{
public:
    std::size_t allocated = 0;

private:
    void *do_allocate(std::size_t size, std::size_t align) override
    {
        allocated += size;
        return arena_.allocate(size, align);
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    std::pmr::monotonic_buffer_resource arena_;
};

class FailingResource final : public std::pmr::memory_resource
{
    void *do_allocate(std::size_t, std::size_t) override
    {
        throw std::bad_alloc();
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }
};

// "+OK (1 2 (nil))" and so on: a reply on one line.
inline std::string shown(const Reply &reply)
{
    switch (reply.type) {
    case ReplyType::status:
        return "+" + std::string(reply.text);
    case ReplyType::error:
        return "-" + std::string(reply.text);
    case ReplyType::integer:
        return ":" + std::to_string(reply.integer);
    case ReplyType::nil:
        return "nil";
    case ReplyType::bulk:
        return "$" + std::string(reply.text);
    case ReplyType::array:
        break;
    }
    std::string all = "(";
    for (const Reply &element : reply.elements) {
        all += (all.size() > 1 ? " " : "") + shown(element);
    }
    return all + ")";
}

} // namespace edge_test
