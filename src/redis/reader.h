// Replies out of a stream of bytes: hiredis' parser with objects of our own,
// and bulks past it (redis/bulk.h).
// The bytes are those of a stranger: lengths, numbers of elements and nesting
// are checked before anything is allocated for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "redis/bulk.h"
#include "redis/reply.h"
#include "redis/violation.h"

struct redisReader;
struct redisReadTask;

namespace edge::redis {

struct ReplyLimits
{
    // Of one reply, texts and elements together: the largest object that can
    // be stored (8 MiB), its head, and what a script puts around it.
    std::size_t bytes = std::size_t{9} << 20;
    // In all arrays of one reply.
    std::size_t elements = 16384;
    // Arrays within arrays; hiredis 0.14 knows no more.
    std::size_t depth = 7;
    // A status, an error, a number, the head of an array or a bulk.
    std::size_t line = std::size_t{64} << 10;
};

class Reader
{
public:
    explicit Reader(const ReplyLimits &limits = {});
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;

    // What was received; stays there until next() has said `incomplete`.
    void feed(std::string_view bytes) { fed_ = bytes; }

    // The same without a copy: where the next bytes are to be received, and
    // how many were; what follows them is fed. `target` as for next().
    std::span<char> space(std::pmr::memory_resource *target);
    // Requires that there was space.
    void received(std::size_t size) { bulk_->received(size); }

    enum class Status
    {
        incomplete,
        reply,
        dropped,
        violated
    };
    struct Next
    {
        Status status;
        const Reply *reply; // with Status::reply only
    };

    // The next reply of what was fed; call until `incomplete`. Its texts and
    // elements come from `target`. With nullptr, the one who asked is gone:
    // the rest of the reply under way is read and dropped, and no byte that
    // was already created for it is touched again. Otherwise a reply under
    // way gets the same target in every call.
    // After `violated` the stream has no next reply: close the connection.
    Next next(std::pmr::memory_resource *target);

    Violation violation() const { return violation_; }

private:
    struct Hooks;
    struct Free
    {
        void operator()(redisReader *reader) const;
    };

    Next read(std::pmr::memory_resource *target);
    bool is_between_replies() const;
    bool begin_bulk(std::pmr::memory_resource *target);
    Next take_bulk(std::pmr::memory_resource *target);
    void feed_parser();
    Next parse(std::pmr::memory_resource *target);
    void check_incomplete();
    Next finish(void *root);
    Next violate(Violation violation);

    Reply *place(const redisReadTask *task);
    bool account(std::size_t size);
    void *add_text(const redisReadTask *task, std::string_view text);
    void *add_array(const redisReadTask *task, std::size_t size);
    void *add_number(const redisReadTask *task, long long value);
    void *add_nil(const redisReadTask *task);

    const ReplyLimits limits_;
    std::unique_ptr<redisReader, Free> parser_;
    std::string_view fed_;     // and not looked at yet
    std::optional<Bulk> bulk_; // under way
    std::pmr::memory_resource *target_ = nullptr;
    std::size_t used_ = 0;     // bytes of the reply under way
    std::size_t elements_ = 0; // elements of the reply under way
    bool dropping_ = false;
    Violation violation_ = Violation::none;
};

} // namespace edge::redis
