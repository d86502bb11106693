#include "ngx/recycling_pool.h"

#include <utility>

#include "base/recycler.h"
#include "ngx/pool.h"

namespace edge::ngx {

namespace {

Recycler &recycler()
{
    static Recycler recycler(RecyclingPool::kKept);
    return recycler;
}

class Large
{
public:
    explicit Large(std::size_t size) : block_(recycler().take(size)) {}
    ~Large() { recycler().give(std::move(block_)); }
    Large(const Large &) = delete;
    Large &operator=(const Large &) = delete;

    char *data() { return block_.memory.get(); }

private:
    Recycler::Block block_;
};

} // namespace

void *RecyclingPool::do_allocate(std::size_t bytes, std::size_t)
{
    return bytes < Recycler::kSmallest ? ngx::allocate(pool_, bytes)
                                       : pool_new<Large>(pool_, bytes)->data();
}

} // namespace edge::ngx
