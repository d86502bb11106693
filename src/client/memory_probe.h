// Asks a node now and then how its memory is, and says so when its policy
// hurts a cache.
#pragma once

#include <array>
#include <memory_resource>
#include <optional>

#include "base/time.h"
#include "ngx/nginx.h"
#include "ngx/timer.h"
#include "redis/memory_info.h"
#include "redis/operation.h"

namespace edge::client {

class Node;

class MemoryProbe
{
public:
    // Both outlive it.
    MemoryProbe(Node &node, ngx_log_t *log);

    // While the node is up.
    void start();
    void stop() { timer_.stop(); }

    // The last answer.
    const std::optional<redis::MemoryInfo> &info() const { return info_; }

private:
    static constexpr Millis kPeriod{10000};
    static constexpr Millis kTimeout{1000};

    void ask();
    void on_answer();
    void tell(const redis::MemoryInfo &info);

    Node &node_;
    ngx_log_t *log_;
    ngx::Timer timer_;
    std::optional<redis::MemoryInfo> info_;
    std::array<std::byte, 4096> buffer_; // INFO memory has about 1300
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
    redis::Operation operation_;
};

} // namespace edge::client
