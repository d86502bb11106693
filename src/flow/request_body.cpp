#include "flow/request_body.h"

#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "cache/admission.h"
#include "flow/parts.h"
#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

const ngx_http_core_loc_conf_t &core(ngx_http_request_t *r)
{
    return *static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
}

bool has_body(const ngx_http_request_t *r)
{
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}

// nginx would write it to a file.
bool is_announced_too_large(ngx_http_request_t *r)
{
    return r->headers_in.content_length_n >
           static_cast<off_t>(core(r).client_body_buffer_size);
}

void on_body(ngx_http_request_t *r)
{
    // What comes after the cache finds the body where it is.
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

bool says_its_type(ngx_http_request_t *r)
{
    return r->headers_in.content_type != nullptr;
}

void add_fields(std::string &text, ngx_http_request_t *r)
{
    constexpr std::string_view names[] = {"Content-Type", "Content-Encoding",
                                          "Content-Language"};
    for (const std::string_view name : names) {
        ngx::for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
            if (equals_ignore_case(ngx::view(line.key), name)) {
                add_part(text, name);
                add_part(text, ngx::view(line.value));
            }
        });
    }
}

// False when some of it lies in a file.
bool add_body(std::string &text, const ngx_http_request_t *r)
{
    if (r->request_body == nullptr) {
        return !has_body(r);
    }
    for (const ngx_chain_t *link = r->request_body->bufs; link != nullptr;
         link = link->next) {
        const ngx_buf_t &buffer = *link->buf;
        if (buffer.in_file) {
            return false;
        }
        text.append(reinterpret_cast<const char *>(buffer.pos),
                    static_cast<std::size_t>(buffer.last - buffer.pos));
    }
    return true;
}

} // namespace

bool needs_body(ngx_http_request_t *r, const conf::Location &lcf)
{
    return lcf.zone.value != nullptr && has_body(r) &&
           r->request_body == nullptr && !r->discard_body &&
           !is_announced_too_large(r) &&
           cache::is_keyed_by_body(ngx::view(r->method_name), lcf.policy);
}

ngx_int_t read_body(ngx_http_request_t *r)
{
    const ngx_int_t rc =
        ngx_http_read_client_request_body(r, ngx::guard<&on_body>);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }
    ngx_http_finalize_request(r, NGX_DONE);
    return NGX_DONE;
}

std::optional<std::string_view> method_and_body(ngx_http_request_t *r)
{
    const std::string_view method = ngx::view(r->method_name);
    std::string text;
    add_fields(text, r);
    text.push_back('.');
    if (!add_body(text, r) || (method == "QUERY" && !says_its_type(r))) {
        return std::nullopt;
    }
    std::string whole(method);
    whole.push_back(' ');
    whole.append(view(sha256(text)));
    return ngx::pool_copy(r->pool, whole);
}

} // namespace edge::flow
