#include "flow/auth_answer.h"

#include "flow/replay.h"
#include "ngx/headers.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

// auth_request passes all of them on; before 1.23 it knows of one.
void add_challenge(ngx_http_upstream_headers_in_t &in, ngx_table_elt_t &line)
{
    ngx_table_elt_t **end = &in.www_authenticate;
#if (nginx_version >= 1023000)
    while (*end != nullptr) {
        end = &(*end)->next;
    }
#endif
    if (*end == nullptr) {
        *end = &line;
    }
}

void add_header(ngx_http_request_t *r, const cache::Entry &entry,
                ngx_http_upstream_headers_in_t &in)
{
    if (ngx_list_init(&in.headers, r->pool, 20, sizeof(ngx_table_elt_t)) !=
        NGX_OK) {
        throw std::bad_alloc();
    }
    cache::StringList fields = entry.fields;
    while (const auto field = cache::next_field(fields)) {
        ngx_table_elt_t &line =
            ngx::add_line(in.headers, field->name, field->value);
        if (is_field(*field, "WWW-Authenticate")) {
            add_challenge(in, line);
        }
    }
}

// Of an upstream that was not asked: no time, no address.
void add_state(ngx_http_request_t *r, const cache::Entry &entry)
{
    r->upstream_states =
        ngx_array_create(r->pool, 1, sizeof(ngx_http_upstream_state_t));
    if (r->upstream_states == nullptr) {
        throw std::bad_alloc();
    }
    auto *state = static_cast<ngx_http_upstream_state_t *>(
        ngx_array_push(r->upstream_states));
    *state = {};
    state->status = entry.status;
    state->response_time = static_cast<ngx_msec_t>(-1);
    state->connect_time = static_cast<ngx_msec_t>(-1);
    state->header_time = static_cast<ngx_msec_t>(-1);
}

// Variables of the upstream read its header, and some its settings.
void show_as_upstream(ngx_http_request_t *r, const cache::Entry &entry)
{
    static ngx_http_upstream_conf_t no_settings;

    r->upstream = ngx::pool_new<ngx_http_upstream_t>(r->pool);
    r->upstream->conf = &no_settings;
    add_header(r, entry, r->upstream->headers_in);
    add_state(r, entry);
}

void replay_alone(ngx_http_request_t *r, const cache::Entry &entry)
{
    replay(r, entry);
    // The upstream's are looked at in its absence.
    r->headers_out.www_authenticate = nullptr;
}

} // namespace

ngx_int_t send_auth_answer(ngx_http_request_t *r, const cache::Entry &entry)
{
    replay_alone(r, entry);
    show_as_upstream(r, entry);
    return ngx_http_send_header(r);
}

// What the upstream's own header says has been read, if there was one.
void replace_auth_answer(ngx_http_request_t *r, const cache::Entry &entry)
{
    forget_answer(r);
    if (r->upstream != nullptr) {
        r->upstream->headers_in.www_authenticate = nullptr;
        add_header(r, entry, r->upstream->headers_in);
    }
    replay_alone(r, entry);
}

} // namespace edge::flow
