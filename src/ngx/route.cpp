#include "ngx/route.h"

#include <string>

#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::ngx {

namespace {

// Whatever ends it on the way sends nothing, leads it to no error page, and
// leaves it to its owner. A module that redirects it is told of a cycle.
void hold(ngx_http_request_t *r)
{
    r->count++;
    r->header_only = 1;
    r->error_page = 1;
    r->post_action = 1;
    r->uri_changes = 1;
}

void release(ngx_http_request_t *r)
{
    r->count--;
    r->header_only = 0;
    r->error_page = 0;
    r->post_action = 0;
    r->uri_changes = NGX_HTTP_MAX_URI_CHANGES + 1;
}

void set_request_line(ngx_http_request_t *r, std::string_view target)
{
    const std::string line = "GET " + std::string(target) + " HTTP/1.1";
    r->request_line = str(pool_copy(r->pool, line));
    r->method = NGX_HTTP_GET;
    r->method_name = str("GET");
    r->http_protocol = str("HTTP/1.1");
    r->http_version = NGX_HTTP_VERSION_11;
    r->http_major = 1;
    r->http_minor = 1;
    r->uri_start = r->request_line.data + 4;
    r->uri_end = r->uri_start + target.size();
}

void set_variable(ngx_http_variable_value_t &variable, std::string_view value)
{
    variable = {};
    variable.valid = 1;
    variable.data = bytes(value);
    variable.len = static_cast<unsigned>(value.size()) & 0xfffffff;
}

// A detached request has no connection to read it off.
void set_scheme(ngx_http_request_t *r, bool tls)
{
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const auto *all = static_cast<ngx_http_variable_t *>(cmcf->variables.elts);
    for (ngx_uint_t i = 0; i < cmcf->variables.nelts; i++) {
        if (view(all[i].name) == "scheme") {
            set_variable(r->variables[i], tls ? "https" : "http");
        } else if (view(all[i].name) == "https") {
            set_variable(r->variables[i], tls ? "on" : "");
        }
    }
}

// As nginx does with each line; false: it does not like that one.
bool add_line(ngx_http_request_t *r, std::string_view name,
              std::string_view value)
{
    ngx_table_elt_t &line = push(r->headers_in.headers);
    line.key = str(pool_copy(r->pool, name));
    line.value = str(pool_copy(r->pool, value));
    line.lowcase_key =
        static_cast<u_char *>(allocate(r->pool, name.size() + 1));
    line.hash =
        ngx_hash_strlow(line.lowcase_key, line.key.data, line.key.len);

    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    auto *header = static_cast<ngx_http_header_t *>(ngx_hash_find(
        &cmcf->headers_in_hash, line.hash, line.lowcase_key, line.key.len));
    return header == nullptr ||
           header->handler(r, &line, header->offset) == NGX_OK;
}

// The server's names are looked at before its settings are.
bool read(ngx_http_request_t *r, const Asked &asked)
{
    if (ngx_list_init(&r->headers_in.headers, r->pool, 20,
                      sizeof(ngx_table_elt_t)) != NGX_OK) {
        throw std::bad_alloc();
    }
    set_request_line(r, asked.target);
    if (ngx_http_parse_uri(r) != NGX_OK ||
        ngx_http_process_request_uri(r) != NGX_OK ||
        !add_line(r, "Host", asked.authority)) {
        return false;
    }
    for (const http::Field &field : asked.fields) {
        if (!add_line(r, field.name, field.value)) {
            return false;
        }
    }
    return true;
}

// What nginx's own step does, which counts otherwise.
Routed step_after_rewrite(ngx_http_request_t *r,
                          const ngx_http_phase_handler_t &phase,
                          unsigned &rounds)
{
    if (!r->uri_changed) {
        r->phase_handler++;
        return Routed::location;
    }
    const auto *cscf = static_cast<ngx_http_core_srv_conf_t *>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    r->phase_handler = static_cast<ngx_int_t>(phase.next);
    r->loc_conf = cscf->ctx->loc_conf;
    return ++rounds <= NGX_HTTP_MAX_URI_CHANGES ? Routed::location
                                                : Routed::refused;
}

// nginx's own step would end the request where a handler answers it.
Routed step_rewrite(ngx_http_request_t *r, ngx_http_phase_handler_t &phase)
{
    const ngx_int_t rc = phase.handler(r);
    if (rc == NGX_DECLINED) {
        r->phase_handler++;
        return Routed::location;
    }
    if (rc == NGX_AGAIN || rc == NGX_DONE) {
        return Routed::waits;
    }
    if (rc == NGX_ERROR) {
        return Routed::refused;
    }
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        r->headers_out.status = static_cast<ngx_uint_t>(rc);
    }
    return Routed::answered;
}

// An internal location, or a redirect to one that ends in a slash.
Routed step_find_location(ngx_http_request_t *r,
                          ngx_http_phase_handler_t &phase)
{
    if (phase.checker(r, &phase) == NGX_AGAIN) {
        return Routed::location;
    }
    r->headers_out.status = static_cast<ngx_uint_t>(r->err_status);
    return Routed::answered;
}

// Routed::location: as far as it goes, on to the next step.
Routed step(ngx_http_request_t *r, ngx_http_phase_handler_t &phase,
            unsigned &rounds)
{
    if (phase.checker == ngx_http_core_rewrite_phase) {
        return step_rewrite(r, phase);
    }
    if (phase.checker == ngx_http_core_find_config_phase) {
        return step_find_location(r, phase);
    }
    return step_after_rewrite(r, phase, rounds);
}

bool is_step(const ngx_http_phase_handler_t &phase)
{
    return phase.checker == ngx_http_core_rewrite_phase ||
           phase.checker == ngx_http_core_find_config_phase ||
           phase.checker == ngx_http_core_post_rewrite_phase;
}

Routed run_phases(ngx_http_request_t *r)
{
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    ngx_http_phase_handler_t *phases = cmcf->phase_engine.handlers;
    unsigned rounds = 0;
    Routed routed = Routed::location;
    r->phase_handler =
        static_cast<ngx_int_t>(cmcf->phase_engine.server_rewrite_index);
    while (routed == Routed::location && is_step(phases[r->phase_handler])) {
        routed = step(r, phases[r->phase_handler], rounds);
    }
    return routed;
}

} // namespace

Routed route(ngx_http_request_t *r, const Asked &asked)
{
    r->connection->log->action = const_cast<char *>(asked.action);
    hold(r);
    set_scheme(r, asked.tls);
    return read(r, asked) ? run_phases(r) : Routed::refused;
}

std::optional<ngx_int_t> phase_of(ngx_http_request_t *r,
                                  ngx_http_handler_pt handler)
{
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const ngx_http_phase_handler_t *phases = cmcf->phase_engine.handlers;
    for (ngx_int_t place = 0; phases[place].checker != nullptr; place++) {
        if (phases[place].handler == handler) {
            return place;
        }
    }
    return std::nullopt;
}

void go_on_from(ngx_http_request_t *r, ngx_int_t place)
{
    release(r);
    r->phase_handler = place;
}

} // namespace edge::ngx
