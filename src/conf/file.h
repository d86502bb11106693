// A file that a directive names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::conf {

// Its text, by lines; a name that is relative is one below nginx's
// configuration. nullopt: it cannot be read.
std::optional<std::string> read_file(ngx_conf_t *cf, std::string_view path);

} // namespace edge::conf
