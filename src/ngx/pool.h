// C++ objects in nginx's pools. ngx_palloc and its kin appear here only: what
// comes out is never null (std::bad_alloc ends at the guard), and whatever has
// a destructor is destroyed with the pool.
#pragma once

#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ngx/blocks.h"
#include "ngx/nginx.h"

namespace edge::ngx {

// Null when there is no memory, for what can do without.
inline void *try_allocate(ngx_pool_t *pool, std::size_t size)
{
    return ngx_palloc(pool, size);
}

// Aligned to NGX_ALIGNMENT.
inline void *allocate(ngx_pool_t *pool, std::size_t size)
{
    void *memory = try_allocate(pool, size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

// Those lie in blocks that are used again.
template <typename T> inline constexpr bool is_large = sizeof(T) >= 512;

template <typename T> void destroy(void *object)
{
    static_cast<T *>(object)->~T();
    if constexpr (is_large<T>) {
        blocks.give(object, sizeof(T));
    }
}

template <typename T, typename... Args>
T *new_in_block(Args &&...args)
{
    void *block = blocks.take(sizeof(T));
    try {
        return new (block) T{std::forward<Args>(args)...};
    } catch (...) {
        blocks.give(block, sizeof(T));
        throw;
    }
}

// Value-initialised; destroyed in reverse order when the pool is.
template <typename T, typename... Args>
T *pool_new(ngx_pool_t *pool, Args &&...args)
{
    static_assert(alignof(T) <= NGX_ALIGNMENT);
    if constexpr (std::is_trivially_destructible_v<T>) {
        return new (allocate(pool, sizeof(T))) T{std::forward<Args>(args)...};
    } else {
        ngx_pool_cleanup_t *cleanup =
            ngx_pool_cleanup_add(pool, is_large<T> ? 0 : sizeof(T));
        if (cleanup == nullptr) {
            throw std::bad_alloc();
        }
        T *object = nullptr;
        if constexpr (is_large<T>) {
            object = new_in_block<T>(std::forward<Args>(args)...);
            cleanup->data = object;
        } else {
            object = new (cleanup->data) T{std::forward<Args>(args)...};
        }
        cleanup->handler = &destroy<T>;
        return object;
    }
}

// The newest T that pool_new() made in this pool, if any.
template <typename T> T *pool_find(const ngx_pool_t *pool)
{
    static_assert(!std::is_trivially_destructible_v<T>);
    for (ngx_pool_cleanup_t *cleanup = pool->cleanup; cleanup != nullptr;
         cleanup = cleanup->next) {
        if (cleanup->handler == &destroy<T>) {
            return static_cast<T *>(cleanup->data);
        }
    }
    return nullptr;
}

// `count` value-initialised elements.
template <typename T>
std::span<T> pool_array(ngx_pool_t *pool, std::size_t count)
{
    static_assert(std::is_trivially_destructible_v<T>);
    T *first = static_cast<T *>(allocate(pool, count * sizeof(T) + 1));
    for (std::size_t i = 0; i < count; i++) {
        new (first + i) T{};
    }
    return {first, count};
}

// A copy that lives as long as the pool.
std::string_view pool_copy(ngx_pool_t *pool, std::string_view text);

// std::pmr containers over a pool: nothing is ever given back before the pool.
class PoolResource final : public std::pmr::memory_resource
{
public:
    explicit PoolResource(ngx_pool_t *pool) : pool_(pool) {}

private:
    void *do_allocate(std::size_t bytes, std::size_t) override
    {
        return ngx::allocate(pool_, bytes);
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    ngx_pool_t *pool_;
};

} // namespace edge::ngx
