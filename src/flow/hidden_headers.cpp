#include "flow/hidden_headers.h"

#include <algorithm>
#include <array>

#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/pool.h"

namespace edge::flow {

namespace {

// By name: each may have come in several lines.
bool is_hidden(const ngx_table_elt_t &line)
{
    constexpr std::array<std::string_view, 4> names = {
        "range", "if-range", "if-none-match", "if-modified-since"};
    return std::any_of(names.begin(), names.end(), [&](auto name) {
        return equals_ignore_case(ngx::view(line.key), name);
    });
}

// A list of one part points into itself.
void assign(ngx_list_t &to, const ngx_list_t &from)
{
    to = from;
    if (from.last == &from.part) {
        to.last = &to.part;
    }
}

void restore_at_end(void *data)
{
    const auto *hidden = static_cast<HiddenHeaders *>(data);
    restore_headers(hidden->request, *hidden);
}

// Cleanups run before all log handlers; ours may run after the access log's.
HiddenHeaders *make_hidden(ngx_http_request_t *r)
{
    ngx_http_cleanup_t *cleanup = ngx_http_cleanup_add(r, 0);
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    auto *hidden = ngx::pool_new<HiddenHeaders>(r->pool);
    hidden->request = r;
    cleanup->data = hidden;
    cleanup->handler = ngx::guard<&restore_at_end>;
    return hidden;
}

// The value is a copy: variables may outlive the stored object.
void add_line(ngx_http_request_t *r, std::string_view name,
              std::string_view lower_case, std::string_view value)
{
    if (value.empty()) {
        return;
    }
    ngx::add_line(r->headers_in.headers, name, ngx::pool_copy(r->pool, value))
        .lowcase_key = ngx::bytes(lower_case);
}

} // namespace

bool has_range_or_conditions(const ngx_http_request_t *r)
{
    const ngx_http_headers_in_t &in = r->headers_in;
    return in.range != nullptr || in.if_range != nullptr ||
           in.if_none_match != nullptr || in.if_modified_since != nullptr;
}

// proxy and its kin copy every line of the list, whatever its hash says, so a
// line can only be left out of a new list.
HiddenHeaders *hide_range_and_conditions(ngx_http_request_t *r,
                                         const cache::Condition &asked)
{
    if (!has_range_or_conditions(r) && asked.empty()) {
        return nullptr;
    }

    ngx_http_headers_in_t &in = r->headers_in;
    HiddenHeaders *hidden = make_hidden(r);
    assign(hidden->headers, in.headers);
    hidden->range = std::exchange(in.range, nullptr);
    hidden->if_range = std::exchange(in.if_range, nullptr);
    hidden->if_none_match = std::exchange(in.if_none_match, nullptr);
    hidden->if_modified_since = std::exchange(in.if_modified_since, nullptr);

    if (ngx_list_init(&in.headers, r->pool, 20, sizeof(ngx_table_elt_t)) !=
        NGX_OK) {
        throw std::bad_alloc();
    }
    ngx::for_each(hidden->headers, [&](const ngx_table_elt_t &line) {
        if (!is_hidden(line)) {
            ngx::push(in.headers) = line;
        }
    });
    add_line(r, "If-None-Match", "if-none-match", asked.etag);
    add_line(r, "If-Modified-Since", "if-modified-since",
             asked.last_modified);
    return hidden;
}

void restore_headers(ngx_http_request_t *r, const HiddenHeaders &hidden)
{
    ngx_http_headers_in_t &in = r->headers_in;
    assign(in.headers, hidden.headers);
    in.range = hidden.range;
    in.if_range = hidden.if_range;
    in.if_none_match = hidden.if_none_match;
    in.if_modified_since = hidden.if_modified_since;
}

} // namespace edge::flow
