#include "flow/substitute.h"

#include "flow/coding.h"
#include "flow/collapse.h"
#include "flow/hit.h"
#include "flow/replay.h"
#include "flow/revalidate.h"
#include "flow/stale.h"

namespace edge::flow {

namespace {

using cache::Reason;

void replace_header(ngx_http_request_t *r, Request &request,
                    std::uint16_t status)
{
    request.may_fill = false;
    request.substituted = status;
    request.zone().counters().hit(request.hit->tier);
    // The client's own conditions are answered now.
    if (request.hidden != nullptr) {
        restore_headers(r, *request.hidden);
    }
    forget_answer(r);
    // What cannot be unpacked goes as it is: the origin's answer is gone.
    choose_form(r, request);
    make_header(r, request);
    r->allow_ranges = 0;
}

// True: what is stored is good enough in its place.
bool is_failure(ngx_http_request_t *r, Request &request)
{
    const auto cause = origin_failure(r);
    if (!cause) {
        return false;
    }
    const bool is_replaced =
        request.has_client() && use_stale(request, *cause);
    if (is_replaced || (*cause & cache::kOriginFails) != 0) {
        note_failure(request);
    }
    return is_replaced;
}

} // namespace

bool substitute_header(ngx_http_request_t *r, Request &request)
{
    if (!request.stale) {
        return false;
    }
    const auto status = static_cast<std::uint16_t>(r->headers_out.status);
    if (is_confirmed(r, request)) {
        confirm(r, request);
        if (!request.has_client()) {
            return false;
        }
    } else if (is_failure(r, request)) {
        request.end_role(Reason::error_page, status);
    } else {
        return false;
    }
    replace_header(r, request, status);
    return true;
}

// The whole of it at once: the other one may yet be cut off.
ngx_chain_t *substitute_body(ngx_http_request_t *r, Request &request,
                             ngx_chain_t *in)
{
    for (; in != nullptr; in = in->next) {
        in->buf->pos = in->buf->last;
        in->buf->file_pos = in->buf->file_last;
    }
    if (r->header_only || request.substitute_sent) {
        return nullptr;
    }
    request.substitute_sent = true;
    return make_body(r, *request.hit);
}

} // namespace edge::flow
