#include "ngx/task.h"

#include <memory>

namespace edge::ngx::detail {

namespace {

// In front of every frame: what to give back to malloc. As large as the
// alignment that the compiler expects of a frame.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) FrameHead
{
    void *malloced;
};

FrameHead *from_malloc(std::size_t size)
{
    void *memory = std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return new (memory) FrameHead{memory};
}

// Pools align to a pointer only.
FrameHead *from_pool(ngx_pool_t *pool, std::size_t size)
{
    std::size_t space = size + alignof(FrameHead);
    void *memory = allocate(pool, space);
    std::align(alignof(FrameHead), size, memory, space);
    return new (memory) FrameHead{nullptr};
}

} // namespace

void *new_frame(const Flow &flow, std::size_t size)
{
    const std::size_t whole = size + sizeof(FrameHead);
    FrameHead *head =
        flow.pool() ? from_pool(flow.pool(), whole) : from_malloc(whole);
    return head + 1;
}

void delete_frame(void *frame)
{
    std::free((static_cast<FrameHead *>(frame) - 1)->malloced);
}

} // namespace edge::ngx::detail
