// A bulk that is a whole reply, as values are: its bytes go where they belong
// at once, through no parser's buffer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "redis/reply.h"

namespace edge::redis {

// "$1000000\r\n" at the beginning of `bytes`, which begin a reply.
struct BulkHead
{
    std::size_t size; // of the line
    std::size_t length;
};
std::optional<BulkHead> parse_bulk_head(std::string_view bytes,
                                        std::size_t longest);

class Bulk
{
public:
    // `reply` has room for `length` bytes at `data`; both null: the bulk is
    // read and dropped.
    Bulk(Reply *reply, char *data, std::size_t length)
        : reply_(reply), data_(data), length_(length)
    {
    }

    // Nobody waits for it any more: nothing there is touched again.
    void drop()
    {
        reply_ = nullptr;
        data_ = nullptr;
    }

    // Where the next bytes belong; empty: hand them to take().
    std::span<char> space() const
    {
        return data_ == nullptr || received_ >= length_
                   ? std::span<char>()
                   : std::span<char>(data_ + received_, length_ - received_);
    }
    // So many bytes are there now.
    void received(std::size_t size) { received_ += size; }

    // Returns how many of `bytes` belong to it, its end of line included.
    std::size_t take(std::string_view bytes);

    bool complete() const { return received_ == length_ + 2; }
    // What should be the end of line is none.
    bool broken() const { return broken_; }
    // Null: dropped. Requires a complete one.
    const Reply *finish();

private:
    Reply *reply_;
    char *data_;
    std::size_t length_;
    std::size_t received_ = 0;
    bool broken_ = false;
};

} // namespace edge::redis
