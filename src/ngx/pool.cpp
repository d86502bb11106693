#include "ngx/pool.h"

namespace edge::ngx {

std::string_view pool_copy(ngx_pool_t *pool, std::string_view text)
{
    auto *copy = static_cast<char *>(allocate(pool, text.size() + 1));
    text.copy(copy, text.size());
    copy[text.size()] = '\0';
    return {copy, text.size()};
}

} // namespace edge::ngx
