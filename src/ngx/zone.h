// A shared memory zone whose structures can be broken by a kill -9, and the
// lock that notices it. Of all locks only the slab pool's mutex is released by
// nginx's master when its holder dies, so it is the only one there is.
#pragma once

#include <atomic>
#include <cstdint>

#include "ngx/nginx.h"

namespace edge::ngx {

// At the head of the memory. Set inside the lock before anything is written,
// cleared after the last write: who finds it set took the lock over from a
// dead process.
struct ChangingMark
{
    std::atomic<std::uint32_t> set{0};
};

// Zone: `mutex()` returns ngx_shmtx_t *, `mark()` ChangingMark &, `recover()`
// makes the structures valid again.
template <typename Zone> class Locked
{
public:
    explicit Locked(Zone &zone) : zone_(zone)
    {
        ngx_shmtx_lock(zone_.mutex());
        if (zone_.mark().set.load(std::memory_order_relaxed)) {
            zone_.recover();
        }
        zone_.mark().set.store(1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Locked()
    {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        zone_.mark().set.store(0, std::memory_order_release);
        ngx_shmtx_unlock(zone_.mutex());
    }
    Locked(const Locked &) = delete;
    Locked &operator=(const Locked &) = delete;

private:
    Zone &zone_;
};

} // namespace edge::ngx
