#include "flow/replay.h"

#include <array>

#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// Type without parameters, for gzip_types and charset. nginx keeps the charset
// apart and writes it again.
void set_content_type(ngx_http_request_t *r, std::string_view value)
{
    r->headers_out.content_type = ngx::str(value);
    r->headers_out.content_type_len = value.find(';') == value.npos
                                          ? value.size()
                                          : value.find(';');
    r->headers_out.content_type_lowcase = nullptr;
}

// Since 1.23 lines of one name are linked, before they were in an array.
#if (nginx_version >= 1023000)
using CacheControl = ngx_table_elt_t *;

void add_cache_control(ngx_http_request_t *, CacheControl &first,
                       ngx_table_elt_t *line)
{
    CacheControl *end = &first;
    while (*end) {
        end = &(*end)->next;
    }
    *end = line;
}
#else
using CacheControl = ngx_array_t;

void add_cache_control(ngx_http_request_t *r, CacheControl &all,
                       ngx_table_elt_t *line)
{
    if (all.elts == nullptr &&
        ngx_array_init(&all, r->pool, 2, sizeof(ngx_table_elt_t *)) !=
            NGX_OK) {
        throw std::bad_alloc();
    }
    void *end = ngx_array_push(&all);
    if (end == nullptr) {
        throw std::bad_alloc();
    }
    *static_cast<ngx_table_elt_t **>(end) = line;
}
#endif

using Member = ngx_table_elt_t *ngx_http_headers_out_t::*;

struct Pointer
{
    std::string_view name;
    Member member;
};

constexpr std::array<Pointer, 7> kPointers = {{
    {"etag", &ngx_http_headers_out_t::etag},
    {"last-modified", &ngx_http_headers_out_t::last_modified},
    {"date", &ngx_http_headers_out_t::date},
    {"expires", &ngx_http_headers_out_t::expires},
    {"server", &ngx_http_headers_out_t::server},
    {"location", &ngx_http_headers_out_t::location},
    {"content-encoding", &ngx_http_headers_out_t::content_encoding},
}};

void replay_field(ngx_http_request_t *r, const http::Field &field)
{
    ngx_http_headers_out_t &out = r->headers_out;
    if (is_field(field, "content-type")) {
        set_content_type(r, field.value);
        return;
    }

    ngx_table_elt_t *line =
        &ngx::add_line(out.headers, field.name, field.value);
    for (const Pointer &pointer : kPointers) {
        if (is_field(field, pointer.name)) {
            out.*pointer.member = line;
            break;
        }
    }
    if (is_field(field, "cache-control")) {
        add_cache_control(r, out.cache_control, line);
    } else if (is_field(field, "last-modified")) {
        out.last_modified_time =
            ngx_parse_http_time(line->value.data, line->value.len);
    } else if (is_field(field, "www-authenticate")) {
        out.www_authenticate = line;
    }
}

} // namespace

void replay(ngx_http_request_t *r, const cache::Entry &entry)
{
    r->headers_out.status = entry.status;
    r->headers_out.content_length_n = static_cast<off_t>(entry.body_size);

    cache::StringList fields = entry.fields;
    while (const auto field = cache::next_field(fields)) {
        replay_field(r, *field);
    }
}

void forget_replayed(ngx_http_request_t *r)
{
    ngx_http_headers_out_t &out = r->headers_out;
    ngx::for_each(out.headers, [](ngx_table_elt_t &line) {
        if (!equals_ignore_case(ngx::view(line.key), "Content-Range")) {
            line.hash = 0;
        }
    });
    for (const Pointer &pointer : kPointers) {
        out.*pointer.member = nullptr;
    }
    out.www_authenticate = nullptr;
    out.cache_control = {};
    out.last_modified_time = -1;
}

void forget_answer(ngx_http_request_t *r)
{
    forget_replayed(r);
    ngx_http_headers_out_t &out = r->headers_out;
    ngx::for_each(out.headers, [](ngx_table_elt_t &line) { line.hash = 0; });
    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    out.content_range = nullptr;
    out.link = {};
    ngx_str_null(&out.status_line);
    ngx_str_null(&out.content_type);
    ngx_str_null(&out.charset);
    out.content_type_len = 0;
    out.override_charset = nullptr;
    r->err_status = 0;
}

} // namespace edge::flow
