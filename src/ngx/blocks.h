// What every request needs anew, of the same few sizes: it finds in the caches
// of the processor what the one before it has left, where its pool would need
// one more block.
#pragma once

#include "base/blocks.h"

namespace edge::ngx {

// Sanitizers are to see who uses what has ended.
#if defined(__SANITIZE_ADDRESS__)
inline constinit Blocks blocks(0);
#else
inline constinit Blocks blocks(64);
#endif

} // namespace edge::ngx
