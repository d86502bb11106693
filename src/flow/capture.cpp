#include "flow/capture.h"

#include "flow/arrival.h"
#include "flow/auth_check.h"
#include "flow/client_abort.h"
#include "flow/client_fields.h"
#include "flow/coding.h"
#include "flow/collapse.h"
#include "flow/fetch_limit.h"
#include "flow/fill.h"
#include "flow/fill_plan.h"
#include "flow/limit_answer.h"
#include "flow/revalidate.h"
#include "flow/shadow.h"
#include "flow/store.h"
#include "flow/substitute.h"
#include "flow/supersede.h"
#include "flow/unsafe_method.h"
#include "ngx/chain.h"
#include "ngx/cleanup.h"
#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "tier/worker.h"

namespace edge::flow {

namespace {

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt next_body_filter;

// A body that never became whole leaves no trace but this. Cleanups run before
// all log handlers; ours may run after the access log's.
void on_request_end(void *data)
{
    Request &request = *static_cast<Request *>(data);
    if (!request.fill_ended) {
        request.refuse(cache::Reason::truncated);
        request.end_fill();
    }
    // Clients who wait try again at once; what nobody waits for is held down.
    if (request.refresh) {
        if (request.reason == cache::Reason::truncated) {
            note_failure(request);
        }
        request.end_role(cache::Reason::truncated, 0);
    }
    request.role.reset();
}

// Everybody's first configuration: before 1.29.4 nginx asks upstreams by
// HTTP/1.0, and their answers end with the connection.
void warn_once(ngx_http_request_t *r, conf::Location &lcf)
{
    if (lcf.has_warned) {
        return;
    }
    lcf.has_warned = true;
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "edge cache: answers that end with the connection are not "
                  "stored: write \"proxy_http_version 1.1; proxy_set_header "
                  "Connection \"\";\" (%V)",
                  &r->uri);
}

std::uint16_t status_of(const ngx_http_request_t *r)
{
    return static_cast<std::uint16_t>(r->headers_out.status);
}

void begin_fill(ngx_http_request_t *r, Request &request)
{
    request.may_fill = false;
    auto planned = plan_fill(r, request);
    if (const auto *reason = std::get_if<cache::Reason>(&planned)) {
        request.refuse(*reason);
        if (*reason == cache::Reason::head_request) {
            learn_from_head(r, request);
        } else {
            forget_outdated(r, request, status_of(r), *reason);
        }
        request.end_role(*reason, status_of(r));
        if (*reason == cache::Reason::close_delimited) {
            warn_once(r, request.lcf);
        }
        return;
    }
    ngx::at_request_end<&on_request_end>(r, &request);
    request.fill =
        ngx::pool_new<Fill>(r->pool, r->pool, request.zone().fill_budget(),
                            std::move(std::get<FillPlan>(planned)));
    if (request.fill->plan().compression.level != 0) {
        announce_forms(r);
    }
    request.zone().counters().fills_started.add();
}

// Filters that read or change the body say so when the header passes: what
// they were given is to be stored as it is. The copy filter in front of us then
// reads files into memory.
ngx_int_t pass_header(ngx_http_request_t *r, Request &request)
{
    const ngx_int_t rc = request.has_client()
                             ? survive(r, request, next_header_filter(r))
                             : go_on_alone(r, request);
    if (request.fill && r->filter_need_in_memory) {
        request.fill->end_packing();
    }
    if (request.fill || request.shadow) {
        r->filter_need_in_memory = 1;
    }
    return rc;
}

ngx_int_t filter_header(ngx_http_request_t *r)
{
    Request *request = find_request(r);
    if (request != nullptr && request->status != cache::Status::none &&
        !substitute_header(r, *request) &&
        request->may_fill) {
        ngx::guard<&begin_fill>(r, *request);
    }
    if (request != nullptr && request->lcf.shadow.value) {
        ngx::guard<&begin_comparison>(r, *request);
    } else if (request != nullptr) {
        if (!request->hit) {
            ngx::guard<&hide_own_fields>(r, request->lcf);
        }
        obey_no_transform(r);
        ngx::guard<&add_cache_status>(r, *request);
    }
    if (request != nullptr && request->written) {
        ngx::guard<&invalidate_written>(r, *request);
    }
    ngx::guard<&add_limit_fields>(r);
    if (r != r->main) {
        ngx::guard<&end_auth_check>(r);
    }
    return request != nullptr ? pass_header(r, *request)
                              : next_header_filter(r);
}

// Our bytes: those that are stored, unless a filter behind us writes into what
// it gets.
void add_copy(ngx_http_request_t *r, ngx::Chain &copies, std::string_view bytes)
{
    const bool is_temporary = r->filter_need_temporary && !bytes.empty();
    ngx_buf_t &copy = copies.append(
        is_temporary ? ngx::pool_copy(r->pool, bytes) : bytes);
    if (is_temporary) {
        copy.temporary = 1;
        copy.memory = 0;
    }
}

// `copy` is what there is of `original`.
void flag(ngx_buf_t &copy, const ngx_buf_t &original)
{
    copy.flush = original.flush;
    copy.sync = original.sync;
    copy.last_buf = original.last_buf;
    copy.last_in_chain = original.last_in_chain;
}

// Takes over the bytes of one buffer: the copies go to the client in its
// place. False when the fill ended here, and the original has to go.
bool take(ngx_http_request_t *r, Fill &fill, ngx_buf_t &buffer,
          ngx::Chain &copies)
{
    if (ngx_buf_special(&buffer)) {
        flag(copies.append({}), buffer);
        return true;
    }
    do {
        const auto copy = fill.append(
            {reinterpret_cast<const char *>(buffer.pos),
             static_cast<std::size_t>(buffer.last - buffer.pos)});
        if (!copy) {
            return false;
        }
        add_copy(r, copies, *copy);
        buffer.pos += copy->size();
    } while (buffer.pos != buffer.last);
    flag(*copies.last(), buffer);
    buffer.file_pos = buffer.file_last;
    return true;
}

// The chain to send instead of `in`. Where the fill is given up, the rest of
// `in` goes as it is.
ngx_chain_t *take_all(ngx_http_request_t *r, Request &request, ngx_chain_t *in)
{
    Fill &fill = *request.fill;
    if (fill.size() == 0 && fill.arrival() == nullptr && in != nullptr) {
        ngx::guard<&begin_arrival>(r, request, in);
    }
    ngx::Chain copies(r->pool);
    for (; in != nullptr; in = in->next) {
        if (!take(r, fill, *in->buf, copies)) {
            request.refuse(fill.refused());
            request.end_fill();
            request.end_role(fill.refused(), status_of(r));
            return copies.link(in);
        }
        if (in->buf->last_buf) {
            ngx::guard<&store_fill>(r, request);
        }
    }
    return copies.link();
}

ngx_int_t filter_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    Request *request = find_request(r);
    if (request != nullptr) {
        end_turn_at_last(*request, in);
        compare(r, *request, in);
    }
    if (request != nullptr && request->substituted != 0) {
        return next_body_filter(r, substitute_body(r, *request, in));
    }
    if (request == nullptr || !request->fill) {
        return next_body_filter(r, in);
    }
    if (!request->fill_ended) {
        in = take_all(r, *request, in);
    }
    return request->has_client()
               ? survive(r, *request, next_body_filter(r, in))
               : go_on_alone(r, *request);
}

} // namespace

void install_filters()
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx::guard<&filter_header, NGX_ERROR>;
    next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx::guard<&filter_body, NGX_ERROR>;
}

} // namespace edge::flow
