#include "conf/file.h"

#include <fstream>

#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::conf {

std::optional<std::string> read_file(ngx_conf_t *cf, std::string_view path)
{
    ngx_str_t name = ngx::str(ngx::pool_copy(cf->pool, path));
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return std::nullopt;
    }
    std::ifstream file(std::string(ngx::view(name)));
    std::string text;
    for (std::string line; std::getline(file, line);) {
        text.append(line).append("\n");
    }
    return file.is_open() && !file.bad() ? std::optional(text) : std::nullopt;
}

} // namespace edge::conf
