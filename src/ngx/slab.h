// The memory of a shared zone in one piece. nginx's slab pool stays at its
// head, for its mutex and its place in nginx's books; it hands nothing out.
#pragma once

#include <cstddef>
#include <span>

#include "ngx/nginx.h"

namespace edge::ngx {

inline ngx_slab_pool_t *slab_pool(const ngx_shm_zone_t *zone)
{
    return reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);
}

// All of a new pool's pages, aligned to a page. Empty: there are none.
inline std::span<std::byte> take_all_pages(ngx_slab_pool_t *pool)
{
    const std::size_t size = pool->pfree * ngx_pagesize;
    pool->data = ngx_slab_alloc(pool, size);
    if (pool->data == nullptr) {
        return {};
    }
    return {static_cast<std::byte *>(pool->data), size};
}

// What take_all_pages() took before a reload. Up to the end of the zone there
// may be more: what is no whole page, or has no place in nginx's list of them.
inline std::span<std::byte> taken_pages(ngx_slab_pool_t *pool)
{
    const auto pages = static_cast<std::size_t>(pool->last - pool->pages);
    return {static_cast<std::byte *>(pool->data), pages * ngx_pagesize};
}

} // namespace edge::ngx
