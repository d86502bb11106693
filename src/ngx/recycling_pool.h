// A PoolResource for what may be large: that comes from blocks which this
// process uses again (base/recycler.h), and goes back there with the pool.
#pragma once

#include <memory_resource>

#include "ngx/nginx.h"

namespace edge::ngx {

class RecyclingPool final : public std::pmr::memory_resource
{
public:
    // What this process keeps of what no pool uses.
    static constexpr std::size_t kKept = std::size_t{16} << 20;

    explicit RecyclingPool(ngx_pool_t *pool) : pool_(pool) {}

private:
    void *do_allocate(std::size_t bytes, std::size_t) override;
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    ngx_pool_t *pool_;
};

} // namespace edge::ngx
