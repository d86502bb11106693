#include "flow/explain.h"

#include <variant>

#include "api/authorize.h"
#include "api/body.h"
#include "api/later.h"
#include "api/response.h"
#include "flow/explanation.h"
#include "ngx/listeners.h"
#include "ngx/pool.h"
#include "ngx/route.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using api::Answer;
using api::problem;

constexpr std::size_t kMaxBody = 64 * 1024;

std::optional<Answer> refuse_token(const conf::Token &token,
                                   const cache::Question &question)
{
    if (api::may_ask_for(token, question.tenant)) {
        return std::nullopt;
    }
    return problem(NGX_HTTP_FORBIDDEN,
                   "This token is for some tenants only: name one of them by "
                   "tenant=.");
}

// The token first: who has none is told nothing.
std::optional<Answer> read_question(ngx_http_request_t *r,
                                    std::string_view form, bool is_logged,
                                    Explanation &explanation)
{
    auto authorized =
        api::authorize(r, *conf::location(r).api, api::Access::read);
    if (auto *refused = std::get_if<Answer>(&authorized)) {
        return std::move(*refused);
    }
    auto parsed = cache::parse_question(form, is_logged);
    if (const auto *mistake = std::get_if<std::string_view>(&parsed)) {
        return problem(NGX_HTTP_BAD_REQUEST, *mistake);
    }
    explanation.question = std::get<cache::Question>(std::move(parsed));
    return refuse_token(*std::get<const conf::Token *>(authorized),
                        explanation.question);
}

std::optional<Answer> refuse_route(ngx::Routed routed,
                                   const ngx_http_request_t *r)
{
    switch (routed) {
    case ngx::Routed::location:
        return std::nullopt;
    case ngx::Routed::answered:
        return problem(NGX_HTTP_NOT_FOUND,
                       "Nothing is cached there: nginx answers by itself, "
                       "with " +
                           std::to_string(r->headers_out.status) + ".");
    case ngx::Routed::waits:
        return problem(NGX_HTTP_NOT_FOUND,
                       "This cannot be followed: the rewriting of that "
                       "location waits for something.");
    case ngx::Routed::refused:
        break;
    }
    return problem(NGX_HTTP_BAD_REQUEST,
                   "nginx takes no such request: look at the URL and the "
                   "header fields.");
}

std::optional<Answer> refuse_location(ngx_http_request_t *r,
                                      const cache::Question &question)
{
    const conf::Location &lcf = conf::location(r);
    if (lcf.zone.value == nullptr) {
        return problem(NGX_HTTP_NOT_FOUND,
                       "Nothing is cached there: the location of that URL has "
                       "no edge_cache.");
    }
    if (question.tenant && lcf.tenant.value == nullptr) {
        return problem(NGX_HTTP_BAD_REQUEST,
                       "There are no tenants there: leave tenant= out.");
    }
    return std::nullopt;
}

std::optional<Answer> find_location(ngx_http_request_t *r,
                                    Explanation &explanation)
{
    const cache::Question &question = explanation.question;
    const cache::Url &url = question.url;
    const auto entrance =
        ngx::find_entrance({url.tls, url.host, url.port});
    if (!entrance) {
        return problem(NGX_HTTP_NOT_FOUND,
                       "No server listens for that scheme at that port: write "
                       "the URL as clients of this nginx do, which may be "
                       "behind something that ends TLS.");
    }
    explanation.request = ngx::make_detached(*r->connection, *entrance);
    if (explanation.request == nullptr) {
        api::add_header(r, "Retry-After", "1");
        return problem(NGX_HTTP_SERVICE_UNAVAILABLE,
                       "This worker has few connections left: ask again.");
    }
    std::vector<http::Field> fields;
    for (const http::FormField &field : question.fields) {
        fields.push_back({field.name, field.value});
    }
    const ngx::Routed routed =
        ngx::route(explanation.request.get(),
                   {"explaining", url.authority, url.target, url.tls, fields});
    auto refused = refuse_route(routed, explanation.request.get());
    if (!refused) {
        refused = refuse_location(explanation.request.get(), question);
    }
    if (refused) {
        explanation.request.reset(); // what waits for it must not go on
    }
    return refused;
}

ngx_int_t send_explanation(ngx_http_request_t *r, Explanation &explanation)
{
    Answer answer;
    answer.body = api::to_text(describe(explanation));
    return api::send(r, answer);
}

// NGX_DONE: the flow finalizes the request.
ngx_int_t answer(ngx_http_request_t *r, std::string_view form, bool is_logged)
{
    Explanation &explanation = *ngx::pool_new<Explanation>(r->pool);
    if (const auto refused = read_question(r, form, is_logged, explanation)) {
        return api::send(r, *refused);
    }
    if (const auto refused = find_location(r, explanation)) {
        return api::send(r, *refused);
    }
    look_here(explanation);
    return is_shared(explanation)
               ? api::answer_later<&look_there, &send_explanation>(r,
                                                                   explanation)
               : send_explanation(r, explanation);
}

ngx_int_t answer_body(ngx_http_request_t *r)
{
    const auto body = api::read_body(r, kMaxBody);
    return body ? answer(r, *body, false)
                : api::send(r, problem(NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                       "Send at most 64 KiB."));
}

} // namespace

ngx_int_t answer_explain(ngx_http_request_t *r)
{
    if (r->method == NGX_HTTP_POST) {
        return api::answer_with_body<&answer_body>(r);
    }
    ngx_int_t rc = ngx_http_discard_request_body(r);
    if (rc == NGX_OK) {
        rc = answer(r, ngx::view(r->args), true);
    }
    if (rc == NGX_DONE) {
        r->main->count++;
    }
    return rc;
}

} // namespace edge::flow
