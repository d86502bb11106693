#include "ngx/clone.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/connection.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::ngx {

namespace {

ngx_str_t copied(ngx_pool_t *pool, const ngx_str_t &text)
{
    return str(pool_copy(pool, view(text)));
}

void copy_uri(ngx_http_request_t *copy, const ngx_http_request_t *r)
{
    ngx_pool_t *pool = copy->pool;
    copy->request_line = copied(pool, r->request_line);
    copy->uri = copied(pool, r->uri);
    copy->args = copied(pool, r->args);
    copy->exten = copied(pool, r->exten);
    copy->unparsed_uri = copied(pool, r->unparsed_uri);
    copy->method_name = copied(pool, r->method_name);
    copy->http_protocol = copied(pool, r->http_protocol);
    copy->schema = copied(pool, r->schema);
    copy->method = r->method;
    copy->http_version = NGX_HTTP_VERSION_11;
    copy->http_major = 1;
    copy->http_minor = 1;

    copy->complex_uri = r->complex_uri;
    copy->quoted_uri = r->quoted_uri;
    copy->plus_in_uri = r->plus_in_uri;
    copy->add_uri_to_alias = r->add_uri_to_alias;
    copy->valid_unparsed_uri = r->valid_unparsed_uri;
    copy->internal = r->internal;
    // Only asked whether it is there: the target was in absolute form.
    copy->host_start = r->host_start != nullptr ? copy->uri.data : nullptr;
}

// nginx's own pointers to a field. That of Host would look for a server.
bool note_header(ngx_http_request_t *copy, ngx_table_elt_t &line)
{
    if (equals_ignore_case(view(line.key), "Host")) {
        copy->headers_in.host = &line;
        return true;
    }
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(copy, ngx_http_core_module));
    auto *header = static_cast<ngx_http_header_t *>(ngx_hash_find(
        &cmcf->headers_in_hash, line.hash, line.lowcase_key, line.key.len));
    return header == nullptr ||
           header->handler(copy, &line, header->offset) == NGX_OK;
}

bool copy_headers(ngx_http_request_t *copy, ngx_http_request_t *r)
{
    ngx_http_headers_in_t &in = copy->headers_in;
    if (ngx_list_init(&in.headers, copy->pool, 20, sizeof(ngx_table_elt_t)) !=
        NGX_OK) {
        throw std::bad_alloc();
    }
    in.server = copied(copy->pool, r->headers_in.server);
    bool all = true;
    for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
        if (!all || http::is_of_one_exchange(view(line.key))) {
            return;
        }
        ngx_table_elt_t &own = push(in.headers);
        own.hash = line.hash;
        own.key = copied(copy->pool, line.key);
        own.value = copied(copy->pool, line.value);
        own.lowcase_key =
            static_cast<u_char *>(allocate(copy->pool, own.key.len + 1));
        ngx_strlow(own.lowcase_key, own.key.data, own.key.len);
        all = note_header(copy, own);
    });
    return all;
}

// What is read off the connection, and would be another one's, or nobody's.
bool is_of_connection(std::string_view variable)
{
    constexpr std::array<std::string_view, 9> names = {
        "remote_",   "binary_remote_addr",
        "realip_",   "scheme",
        "https",     "server_",
        "ssl_",      "proxy_protocol_",
        "request_id"};
    return std::ranges::any_of(names, [variable](std::string_view name) {
        return variable.starts_with(name);
    });
}

// Those that rewrites, maps and access checks have set; others are made anew.
void copy_variables(ngx_http_request_t *copy, ngx_http_request_t *r)
{
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const auto *all = static_cast<ngx_http_variable_t *>(cmcf->variables.elts);
    for (ngx_uint_t i = 0; i < cmcf->variables.nelts; i++) {
        const bool is_kept = is_of_connection(view(all[i].name));
        const ngx_http_variable_value_t *value =
            is_kept ? ngx_http_get_indexed_variable(r, i) : &r->variables[i];
        if (value == nullptr || (!value->valid && !value->not_found) ||
            (value->no_cacheable && !is_kept)) {
            continue;
        }
        ngx_http_variable_value_t &own = copy->variables[i];
        own = *value;
        own.no_cacheable = 0;
        if (own.valid && own.len != 0) {
            own.data = bytes(pool_copy(copy->pool, view(*value)));
        }
    }
}

// $1 and its kin; the subject is no longer than the last of them.
void copy_captures([[maybe_unused]] ngx_http_request_t *copy,
                   [[maybe_unused]] const ngx_http_request_t *r)
{
#if (NGX_PCRE)
    if (r->ncaptures == 0) {
        return;
    }
    const auto captures = pool_array<int>(copy->pool, r->ncaptures);
    std::copy_n(r->captures, r->ncaptures, captures.begin());
    const int end = std::max(0, *std::ranges::max_element(captures));
    copy->ncaptures = r->ncaptures;
    copy->captures = captures.data();
    copy->captures_data = bytes(
        pool_copy(copy->pool, {reinterpret_cast<const char *>(r->captures_data),
                               static_cast<std::size_t>(end)}));
    copy->realloc_captures = 1;
#endif
}

} // namespace

bool copy_request(ngx_http_request_t *copy, ngx_http_request_t *r)
{
    copy_uri(copy, r);
    if (!copy_headers(copy, r)) {
        return false;
    }
    copy->srv_conf = r->srv_conf;
    copy->loc_conf = r->loc_conf;
    ngx_http_update_location_config(copy);
    copy_variables(copy, r);
    copy_captures(copy, r);
    copy->content_handler = r->content_handler;
    copy->phase_handler = r->phase_handler;
    return true;
}

} // namespace edge::ngx
