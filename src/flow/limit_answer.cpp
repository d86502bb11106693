#include "flow/limit_answer.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "flow/limit_check.h"
#include "limit/fields.h"
#include "ngx/guard.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/random.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using Headers = conf::LimitHeaders::Kind;
using Kind = conf::LimitBody::Kind;

// By then Redis has been tried again.
constexpr std::uint64_t kRetryClosed = 1;

void add(ngx_http_request_t *r, std::string_view name, std::string_view value)
{
    ngx::add_line(r->headers_out.headers, name,
                  ngx::pool_copy(r->pool, value));
}

void add(ngx_http_request_t *r, std::string_view name, std::uint64_t value)
{
    add(r, name, std::to_string(value));
}

bool has(ngx_http_request_t *r, std::string_view name)
{
    bool found = false;
    ngx::for_each(r->headers_out.headers, [&](const ngx_table_elt_t &line) {
        found = found || equals_ignore_case(ngx::view(line.key), name);
    });
    return found;
}

// Lists: what an origin says of limits of its own stands beside it.
void add_draft_fields(ngx_http_request_t *r, limit::Standings standings)
{
    add(r, "RateLimit-Policy", rate_limit_policy(standings));
    add(r, "RateLimit", rate_limit(standings));
}

// These have room for one limit, and the origin's own may not be hidden.
void add_legacy_fields(ngx_http_request_t *r, limit::Standings standings,
                       bool epoch)
{
    if (has(r, "X-RateLimit-Limit")) {
        return;
    }
    const limit::LegacyFields fields = legacy_fields(standings);
    add(r, "X-RateLimit-Limit", fields.limit);
    add(r, "X-RateLimit-Remaining", fields.remaining);
    const auto now = static_cast<std::uint64_t>(ngx_time());
    add(r, "X-RateLimit-Reset", fields.reset + (epoch ? now : 0));
}

void add_figures(ngx_http_request_t *r, const LimitCheck &check)
{
    const conf::LimitHeaders &headers = check.lcf.limit_headers.value;
    if (headers.kind == Headers::off) {
        return;
    }
    const auto standings = check.standings();
    if (standings.empty()) {
        return;
    }
    if (headers.kind != Headers::legacy) {
        add_draft_fields(r, standings);
    }
    if (headers.kind != Headers::draft) {
        add_legacy_fields(r, standings, headers.epoch);
    }
}

bool is_closed(const LimitCheck &check)
{
    const LimitRound *refusing = check.refusing();
    return refusing != nullptr && refusing->source == limit::Source::closed;
}

// Longer for some than for others, so that they do not come back all at once.
std::optional<std::uint64_t> retry_after(const LimitCheck &check)
{
    if (is_closed(check)) {
        return kRetryClosed;
    }
    const auto seconds = limit::retry_after(check.standings());
    const std::uint64_t jitter = check.lcf.limit_headers.value.jitter;
    if (!seconds || jitter == 0) {
        return seconds;
    }
    return *seconds + check.chance % (*seconds * jitter / 100 + 1);
}

void add_refusal_fields(ngx_http_request_t *r, const LimitCheck &check)
{
    if (const auto seconds = retry_after(check)) {
        add(r, "Retry-After", *seconds);
    }
    add(r, "Cache-Control", "no-store");
}

ngx_uint_t status_of(const LimitCheck &check)
{
    return is_closed(check) ? ngx_uint_t{NGX_HTTP_SERVICE_UNAVAILABLE}
                            : check.lcf.limit_status.value;
}

// What ngx_http_special_response_handler() would find.
bool has_error_page(ngx_http_request_t *r, ngx_uint_t status)
{
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    if (r->error_page || clcf->error_pages == nullptr || r->uri_changes == 0) {
        return false;
    }
    const auto *first =
        static_cast<const ngx_http_err_page_t *>(clcf->error_pages->elts);
    return std::any_of(first, first + clcf->error_pages->nelts,
                       [status](const ngx_http_err_page_t &page) {
                           return page.status == static_cast<ngx_int_t>(status);
                       });
}

std::string problem(const LimitCheck &check)
{
    const auto status = static_cast<unsigned>(status_of(check));
    return is_closed(check) ? limit::capacity_problem(kRetryClosed, status)
                            : limit::quota_problem(check.standings(), status,
                                                   retry_after(check));
}

// Content handler of a refused request.
ngx_int_t send_body(ngx_http_request_t *r)
{
    const LimitCheck &check = *find_limit_check(r);
    const conf::LimitBody &body = check.lcf.limit_body.value;

    // Nobody asked for the body that is not read.
    r->expect_tested = 1;
    if (body.kind == Kind::custom) {
        ngx_str_t type = body.type;
        return ngx_http_send_response(r, status_of(check), &type,
                                      &body.text->compiled);
    }
    ngx_str_t type = ngx::str(limit::kProblemType);
    ngx_http_complex_value_t text{};
    text.value = ngx::str(ngx::pool_copy(r->pool, problem(check)));
    return ngx_http_send_response(r, status_of(check), &type, &text);
}

} // namespace

ngx_int_t refuse_request(ngx_http_request_t *r)
{
    LimitCheck &check = *find_limit_check(r);
    check.answered = true;
    check.chance = ngx::random_number();
    const ngx_uint_t status = status_of(check);
    if (check.lcf.limit_body.value.kind == Kind::none ||
        has_error_page(r, status)) {
        return static_cast<ngx_int_t>(status);
    }
    r->content_handler = ngx::guard<&send_body, NGX_HTTP_INTERNAL_SERVER_ERROR>;
    return NGX_OK;
}

ngx_int_t refuse_before_access(ngx_http_request_t *r)
{
    const ngx_int_t rc = refuse_request(r);
    if (rc != NGX_OK) {
        return rc;
    }
    ngx_http_finalize_request(r, r->content_handler(r));
    return NGX_DONE;
}

void add_limit_fields(ngx_http_request_t *r)
{
    const LimitCheck *check = find_limit_check(r);
    if (check == nullptr) {
        return;
    }
    add_figures(r, *check);
    if (check->refusing() != nullptr) {
        add_refusal_fields(r, *check);
    }
}

} // namespace edge::flow
