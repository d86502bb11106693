#include "ngx/own_variables.h"

#include <algorithm>

#include "ngx/pool.h"

namespace edge::ngx {

OwnVariables::OwnVariables(ngx_http_request_t *r) : r_(r), shared_(r->variables)
{
    const auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const auto own =
        pool_array<ngx_http_variable_value_t>(r->pool, cmcf->variables.nelts);
    std::copy_n(shared_, own.size(), own.begin());
    r->variables = own.data();
}

} // namespace edge::ngx
