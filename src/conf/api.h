// edge_api: the operator's endpoint.
#pragma once

#include <optional>
#include <vector>

#include "conf/token_file.h"
#include "limit/gcra.h"
#include "ngx/nginx.h"

namespace edge::conf {

// How much one purge may take.
enum class Reach
{
    tenant, // of one tenant
    zone,   // everything of one zone
    all
};

struct Api
{
    bool write = false;
    std::vector<Token> tokens;
    Reach max_purge = Reach::zone;
    // Of all purges that one server is asked for; none: as many as come.
    std::optional<limit::Bucket> purges;
};

// `conf` is a Location.
char *set_api(ngx_conf_t *cf, ngx_command_t *, void *conf);

} // namespace edge::conf
