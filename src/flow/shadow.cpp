#include "flow/shadow.h"

#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;

ShadowHit note_of(const Hit &hit)
{
    PieceHash hash;
    std::uint64_t size = 0;
    hit.for_each_piece([&](std::string_view piece) {
        hash.add(piece);
        size += piece.size();
    });
    return {hit.entry.status, hash.value(), size, hit.age, std::nullopt};
}

// A mismatch is one line a second: it is the configuration that is wrong, and
// not the request.
void report(ngx_http_request_t *r, const Request &request, const char *what)
{
    static time_t last_report;
    if (last_report == ngx_time()) {
        return;
    }
    last_report = ngx_time();
    const auto age = std::chrono::duration_cast<Seconds>(request.shadow->age);
    ngx_str_t tenant = ngx::str(request.identity->tenant);
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "edge cache: shadow: another %s than the origin's would have "
                  "been sent for \"%V\", tenant \"%V\", stored %L s ago: a "
                  "header that Vary or edge_cache_vary should name, a tenant "
                  "that the key lacks, or too long a lifetime",
                  what, &r->unparsed_uri, &tenant,
                  static_cast<std::int64_t>(age.count()));
}

void judge(ngx_http_request_t *r, Request &request)
{
    const ShadowHit &shadow = *request.shadow;
    shm::Counters &counters = request.zone().counters();
    if (r->headers_out.status != shadow.status) {
        counters.shadow_different.add();
        report(r, request, "status");
    } else if (shadow.origin->value() != shadow.body_hash) {
        counters.shadow_different.add();
        report(r, request, "body");
    } else {
        counters.shadow_same.add();
    }
}

} // namespace

void step_aside(ngx_http_request_t *r, Request &request)
{
    request.stale.reset();
    if (request.hit) {
        request.shadow = note_of(*request.hit);
        request.hit.reset();
        request.status = cache::Status::bypass;
        request.may_fill = false;
        request.refuse(Reason::shadow);
    } else if (has_range_or_conditions(r)) {
        request.may_fill = false;
        request.refuse(Reason::shadow_partial);
    }
}

void begin_comparison(ngx_http_request_t *r, Request &request)
{
    if (request.shadow && !r->header_only && !has_range_or_conditions(r)) {
        request.shadow->origin.emplace();
    }
}

void compare(ngx_http_request_t *r, Request &request, const ngx_chain_t *in)
{
    if (!request.shadow || !request.shadow->origin) {
        return;
    }
    for (; in != nullptr; in = in->next) {
        const ngx_buf_t &buffer = *in->buf;
        if (ngx_buf_in_memory(&buffer)) {
            request.shadow->origin->add(
                {reinterpret_cast<const char *>(buffer.pos),
                 static_cast<std::size_t>(buffer.last - buffer.pos)});
        }
        if (buffer.last_buf) {
            judge(r, request);
            request.shadow->origin.reset();
            return;
        }
    }
}

void count_shadow(const ngx_http_request_t *r, const Request &request)
{
    if (!request.shadow) {
        return;
    }
    shm::Counters &counters = request.zone().counters();
    counters.shadow_hits.add();
    counters.shadow_bytes.add(request.shadow->body_size);
    if (r->upstream_states == nullptr) {
        return;
    }
    const std::span states(
        static_cast<ngx_http_upstream_state_t *>(r->upstream_states->elts),
        r->upstream_states->nelts);
    for (const ngx_http_upstream_state_t &state : states) {
        if (state.response_time != static_cast<ngx_msec_t>(-1)) {
            counters.shadow_millis.add(state.response_time);
        }
    }
}

} // namespace edge::flow
