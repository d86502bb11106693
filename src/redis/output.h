// Bytes on their way to a socket: appended behind, taken off the front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edge::redis {

class Output
{
public:
    // To append commands to.
    std::string &bytes() { return bytes_; }

    std::string_view unsent() const
    {
        return std::string_view(bytes_).substr(sent_);
    }
    bool empty() const { return sent_ == bytes_.size(); }

    void consume(std::size_t size)
    {
        sent_ += size;
        if (empty()) {
            clear();
        } else if (sent_ > bytes_.size() / 2) {
            bytes_.erase(0, sent_);
            sent_ = 0;
        }
    }

    // Memory is kept for the next turn of the loop, but not that of the
    // largest object ever sent.
    void clear()
    {
        sent_ = 0;
        if (bytes_.capacity() > kKeep) {
            std::string().swap(bytes_);
        } else {
            bytes_.clear();
        }
    }

private:
    static constexpr std::size_t kKeep = std::size_t{1} << 20;

    std::string bytes_;
    std::size_t sent_ = 0;
};

} // namespace edge::redis
