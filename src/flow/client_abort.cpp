#include "flow/client_abort.h"

#include <algorithm>

#include "flow/fill.h"
#include "ngx/guard.h"

namespace edge::flow {

namespace {

// Where nginx does not hear of it by an event of its own, it finds out for
// itself, and the fetch ends.
bool has_left(const ngx_http_request_t *r)
{
    const ngx_connection_t *connection = r->connection;
#if (NGX_HTTP_V2)
    if (r->stream != nullptr) {
        return connection->error || connection->write->timedout;
    }
#endif
    return connection->error || connection->read->pending_eof ||
           connection->write->timedout;
}

// nginx is through with the upstream, if there is one.
bool is_over(const ngx_http_request_t *r)
{
    return r->upstream != nullptr && r->upstream->cleanup == nullptr;
}

// Of a subrequest's answer a part may be on its way.
bool is_whole(const ngx_http_request_t *r)
{
    return r->postponed == nullptr && r->connection->data == r;
}

// A length that is not known yet is none: it is asked again as it grows.
bool is_wanted(const Request &request)
{
    const auto limit = request.lcf.ignore_client_abort.value;
    if (request.is_own()) {
        return true;
    }
    if (!limit) {
        return false;
    }
    if (request.role && request.role->is_awaited()) {
        return true;
    }
    if (!request.fill) {
        return request.may_fill && *limit > 0;
    }
    const std::uint64_t announced =
        request.fill->plan().expected_size.value_or(0);
    return std::max(announced, request.fill->size()) <= *limit;
}

bool may_go_on(const ngx_http_request_t *r, const Request &request)
{
    const bool is_filling =
        request.fill ? !request.fill_ended : request.may_fill;
    return is_filling && !is_over(r) && is_whole(r) && is_wanted(request);
}

// The connection stays as it is, so that nginx can end it as it always does;
// nothing is written to it, nor waited for.
void abandon(ngx_http_request_t *r, Request &request)
{
    request.is_abandoned = true;
    request.zone().counters().fills_outlived.add();
    if (request.watch.is_sending) {
        r->write_event_handler = request.watch.write;
    }

    ngx_connection_t *connection = r->connection;
    connection->error = 0;
    connection->read->eof = 1;
    ngx_event_t *write = connection->write;
    write->ready = 1;
    write->timedout = 0;
    write->delayed = 0;
    if (write->timer_set) {
        ngx_del_timer(write);
    }
}

// As nginx has it in its log when a client leaves that was sent nothing.
ngx_int_t end_alone(ngx_http_request_t *r)
{
    if (r->connection->sent == 0) {
        r->headers_out.status = NGX_HTTP_CLIENT_CLOSED_REQUEST;
    }
    return NGX_ERROR;
}

void on_client(ngx_http_request_t *r,
               ngx_http_event_handler_pt ClientWatch::*handler)
{
    Request &request = *find_request(r);
    if (request.is_abandoned) {
        return;
    }
    if (!has_left(r) || !may_go_on(r, request)) {
        (request.watch.*handler)(r);
        return;
    }
    abandon(r, request);
    if (request.fill) {
        // What the client was too slow to take moves on.
        r->write_event_handler(r);
    }
}

void on_read(ngx_http_request_t *r)
{
    on_client(r, &ClientWatch::read);
}

void on_write(ngx_http_request_t *r)
{
    on_client(r, &ClientWatch::write);
}

// In place of those that nginx sets where it would end the fetch. Once it has
// the header it writes for itself.
void replace_handlers(ngx_http_request_t *r, ClientWatch &watch)
{
    const ngx_http_upstream_conf_t *conf = r->upstream->conf;
    if (conf->ignore_client_abort || conf->store) {
        return;
    }
    watch.read = r->read_event_handler;
    r->read_event_handler = ngx::guard<&on_read>;
    if (!r->header_sent) {
        watch.write = r->write_event_handler;
        r->write_event_handler = ngx::guard<&on_write>;
    }
}

// A fetch that fails at once may have led `r` to another location already: what
// is under way then is that one's.
bool is_fetching(ngx_http_request_t *r, const Request &request)
{
    return r->upstream != nullptr && !is_over(r) && find_request(r) == &request;
}

ngx_int_t fetch(ngx_http_request_t *r)
{
    Request &request = *find_request(r);
    const ngx_int_t rc = request.watch.content(r);
    if (rc == NGX_DONE && is_fetching(r, request)) {
        replace_handlers(r, request.watch);
    }
    return rc;
}

} // namespace

void watch_client(ngx_http_request_t *r, Request &request)
{
    if (!request.lcf.ignore_client_abort.value ||
        r->content_handler == nullptr) {
        return;
    }
    request.watch.content = r->content_handler;
    r->content_handler = ngx::guard<&fetch, NGX_HTTP_INTERNAL_SERVER_ERROR>;
}

void watch_sending(ngx_http_request_t *r, Request &request)
{
    if (request.has_client() && r->upstream != nullptr) {
        request.watch.write = r->write_event_handler;
        request.watch.is_sending = true;
        r->write_event_handler = ngx::guard<&on_write>;
    }
}

ngx_int_t survive(ngx_http_request_t *r, Request &request, ngx_int_t rc)
{
    if (rc != NGX_ERROR || !r->connection->error || !may_go_on(r, request)) {
        return rc;
    }
    abandon(r, request);
    return NGX_OK;
}

ngx_int_t go_on_alone(ngx_http_request_t *r, Request &request)
{
    r->header_sent = 1;
    return may_go_on(r, request) ? NGX_OK : end_alone(r);
}

} // namespace edge::flow
