#include "flow/fill_plan.h"

#include <algorithm>

#include "base/text.h"
#include "cache/early_refresh.h"
#include "cache/storability.h"
#include "cache/stored_fields.h"
#include "cache/tags.h"
#include "flow/framing.h"
#include "flow/sent_request.h"
#include "http/date.h"
#include "http/structured.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/random.h"
#include "ngx/text.h"
#include "ngx/value.h"

namespace edge::flow {

namespace {

using cache::Reason;

// What the origin said: with an upstream also what clients never see.
http::Fields origin_fields(ngx_http_request_t *r)
{
    return ngx::fields(r->pool, r->upstream != nullptr
                                    ? r->upstream->headers_in.headers
                                    : r->headers_out.headers);
}

cache::ResponseFacts response_facts(ngx_http_request_t *r,
                                    const Request &request)
{
    cache::ResponseFacts facts;
    facts.status = static_cast<std::uint16_t>(r->headers_out.status);
    facts.fields = origin_fields(r);
    facts.from_origin = !r->err_status &&
                        (r->upstream == nullptr ||
                         r->upstream->headers_in.status_n == facts.status);
    facts.close_delimited = is_close_delimited(r);
    if (r->headers_out.content_length_n >= 0) {
        facts.content_length =
            static_cast<std::uint64_t>(r->headers_out.content_length_n);
    }
    facts.unusual_request =
        facts.status >= 400 && cache::is_unusual(request.fields);
    facts.requested = request.requested;
    facts.received = ngx::wall_now();
    return facts;
}

void add_field(cache::StringListBuilder &fields, std::string_view name,
               std::string_view value)
{
    fields.add(name);
    fields.add(value);
}

// nginx keeps the type and the charset apart from the list.
std::string content_type(const ngx_http_request_t *r)
{
    const ngx_http_headers_out_t &out = r->headers_out;
    std::string type(ngx::view(out.content_type));
    if (out.content_type_len == out.content_type.len && out.charset.len != 0) {
        type.append("; charset=").append(ngx::view(out.charset));
    }
    return type;
}

// The fields that clients get, and Date as the origin gave it.
std::string stored_fields(ngx_http_request_t *r, const conf::Location &lcf,
                          const cache::ResponseFacts &response,
                          const cache::Storable &storable)
{
    const cache::StoredFields kept(response.fields, storable);
    cache::StringListBuilder fields;
    if (r->headers_out.content_type.len != 0) {
        add_field(fields, "Content-Type", content_type(r));
    }
    const auto date = http::format_date(
        storable.times.date.value_or(storable.times.response));
    add_field(fields, "Date", {date.data(), date.size()});

    ngx::for_each(r->headers_out.headers, [&](const ngx_table_elt_t &line) {
        const std::string_view name = ngx::view(line.key);
        if (kept.keeps(name) &&
            (lcf.show_tags.value || !cache::is_tag_field(name))) {
            add_field(fields, ngx::view(line.key), ngx::view(line.value));
        }
    });
    return std::string(fields.list().encoded());
}

std::string configured_tags(ngx_http_request_t *r, const Request &request)
{
    std::string tags;
    for (ngx::Value *value : request.lcf.tags.value) {
        tags.append(ngx::evaluate(r, *value)).append(" ");
    }
    return tags;
}

void add_configured_vary(std::vector<std::string> &vary,
                         const conf::Location &lcf)
{
    for (const cache::VaryRule &rule : lcf.vary.value) {
        if (rule.normaliser == http::Normaliser::none) {
            vary.emplace_back(rule.name);
        }
    }
    std::sort(vary.begin(), vary.end());
    vary.erase(std::unique(vary.begin(), vary.end()), vary.end());
}

FillPlan make_plan(const cache::ResponseFacts &response,
                   const cache::Storable &storable,
                   const cache::Policy &policy)
{
    FillPlan plan;
    plan.entry.status = response.status;
    plan.entry.times = storable.times;
    plan.entry.must_revalidate = storable.must_revalidate;
    plan.entry.s_maxage = storable.s_maxage;
    plan.entry.explicitly_shared = storable.explicitly_shared;
    plan.entry.authorization_allowed = storable.authorization_allowed;
    plan.expected_size = response.content_length;
    plan.max_size = policy.max_size;
    return plan;
}

} // namespace

std::variant<FillPlan, Reason> plan_fill(ngx_http_request_t *r,
                                         const Request &request)
{
    if (r->method == NGX_HTTP_HEAD) {
        return Reason::head_request;
    }
    if (ngx::any_true(r, request.lcf.no_store.value)) {
        return Reason::no_store_directive;
    }

    const cache::Policy &policy = request.lcf.policy;
    const cache::ResponseFacts response = response_facts(r, request);
    auto judged = judge(request.facts, response, policy);
    if (const auto *reason = std::get_if<Reason>(&judged)) {
        return *reason;
    }
    auto &storable = std::get<cache::Storable>(judged);
    if (has_rewritten(r, storable.vary, request.fields)) {
        return Reason::vary_rewritten;
    }

    auto tags =
        cache::collect_tags(response.fields, configured_tags(r, request));
    if (const auto *reason = std::get_if<Reason>(&tags)) {
        return *reason;
    }

    FillPlan plan = make_plan(response, storable, policy);
    if (const std::uint32_t percent = request.lcf.ttl_jitter_percent.value) {
        plan.entry.times.lifetime = cache::shortened(
            plan.entry.times.lifetime, percent, ngx::random_number());
    }
    plan.fields = stored_fields(r, request.lcf, response, storable);
    plan.vary = std::move(storable.vary);
    add_configured_vary(plan.vary, request.lcf);
    plan.groups = http::parse_string_list(response.fields, "Cache-Groups")
                      .value_or(std::vector<std::string>());
    plan.tags = std::move(std::get<std::vector<std::string>>(tags));
    return plan;
}

} // namespace edge::flow
