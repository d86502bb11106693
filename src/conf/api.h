// edge_api: the operator's endpoint.
#pragma once

#include <optional>

#include "base/digest.h"
#include "ngx/nginx.h"

namespace edge::conf {

struct Api
{
    bool write = false;
    // Of the token in token_file.
    std::optional<Digest> token;
};

// `conf` is a Location.
char *set_api(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
