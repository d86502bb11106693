// Buffers in order, and their links, from a pool.
#pragma once

#include <cstddef>
#include <new>
#include <string_view>

#include "ngx/nginx.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::ngx {

class Chain
{
public:
    explicit Chain(ngx_pool_t *pool) : pool_(pool) {}
    Chain(const Chain &) = delete;
    Chain &operator=(const Chain &) = delete;

    // Of bytes that outlive it, and that nobody may change; without any it is
    // there for its flags.
    ngx_buf_t &append(std::string_view bytes)
    {
        auto *buffer = pool_new<ngx_buf_t>(pool_);
        buffer->pos = buffer->start = ngx::bytes(bytes);
        buffer->last = buffer->end = buffer->pos + bytes.size();
        buffer->memory = !bytes.empty();
        ngx_chain_t *link = ngx_alloc_chain_link(pool_);
        if (link == nullptr) {
            throw std::bad_alloc();
        }
        *link = {buffer, nullptr};
        *end_ = link;
        end_ = &link->next;
        size_++;
        last_ = buffer;
        return *buffer;
    }

    std::size_t size() const { return size_; }
    // Null without any.
    ngx_buf_t *last() const { return last_; }
    // Their first link; `rest` comes behind them.
    ngx_chain_t *link(ngx_chain_t *rest = nullptr)
    {
        *end_ = rest;
        return first_;
    }

private:
    ngx_pool_t *pool_;
    ngx_chain_t *first_ = nullptr;
    ngx_chain_t **end_ = &first_;
    ngx_buf_t *last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace edge::ngx
