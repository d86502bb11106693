// Which hosts the servers of the configuration are for.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "ngx/detached.h"
#include "ngx/nginx.h"

namespace edge::ngx {

class ServerNames
{
public:
    ServerNames() = default;
    // In postconfiguration: nginx keeps the names of some servers no longer.
    explicit ServerNames(ngx_conf_t *cf);

    // Whether a server at `entrance` has `host`, in lower case and without
    // port, among its names, or the default server there takes any: it has
    // none, or "_".
    bool include(const Entrance &entrance, std::string_view host) const;

private:
    struct Name
    {
        std::string_view text;
        ngx_regex_t *regex = nullptr;
    };

    static bool matches(const Name &name, std::string_view host);

    std::unordered_map<const ngx_http_core_srv_conf_t *, std::vector<Name>>
        names_;
};

} // namespace edge::ngx
