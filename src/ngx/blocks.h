// Memory that is used again: each request needs some, of the same few sizes,
// and finds in the caches of the processor what the one before it has left. Its
// pool would need one more block for them.
#pragma once

#include <cstddef>

namespace edge::ngx {

// Aligned as by new; throws std::bad_alloc. Of each size, in steps of 64 bytes
// up to 4 KB, a process keeps 64 blocks that nobody uses.
void *take_block(std::size_t size);
// What take_block() gave for that size.
void give_block(void *block, std::size_t size) noexcept;

} // namespace edge::ngx
