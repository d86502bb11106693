#include "flow/client_fields.h"

#include "base/text.h"
#include "http/targeted.h"
#include "ngx/headers.h"
#include "ngx/text.h"

namespace edge::flow {

void hide_own_fields(ngx_http_request_t *r)
{
    ngx::for_each(r->headers_out.headers, [](ngx_table_elt_t &line) {
        if (equals_ignore_case(ngx::view(line.key), http::kOwnTarget)) {
            line.hash = 0;
        }
    });
}

} // namespace edge::flow
