#include "flow/fill_plan.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "cache/caching_fields.h"
#include "cache/early_refresh.h"
#include "cache/revalidation.h"
#include "cache/storability.h"
#include "cache/stored_fields.h"
#include "cache/tags.h"
#include "flow/framing.h"
#include "flow/sent_request.h"
#include "http/date.h"
#include "ngx/clock.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/random.h"
#include "ngx/text.h"
#include "ngx/value.h"

namespace edge::flow {

namespace {

using cache::Reason;

cache::ResponseFacts response_facts(ngx_http_request_t *r,
                                    const Request &request)
{
    cache::ResponseFacts facts;
    facts.status = static_cast<std::uint16_t>(r->headers_out.status);
    facts.fields = ngx::origin_fields(r);
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

// nginx keeps the charset apart from the type.
std::string content_type(const ngx_http_request_t *r)
{
    const ngx_http_headers_out_t &out = r->headers_out;
    std::string type(ngx::view(out.content_type));
    if (out.content_type_len == out.content_type.len && out.charset.len != 0) {
        type.append("; charset=").append(ngx::view(out.charset));
    }
    return type;
}

// What clients get. nginx keeps the type apart from the list.
std::vector<http::Field> sent_fields(ngx_http_request_t *r)
{
    std::vector<http::Field> fields;
    if (r->headers_out.content_type.len != 0) {
        fields.push_back(
            {"Content-Type", ngx::pool_copy(r->pool, content_type(r))});
    }
    ngx::for_each(r->headers_out.headers, [&](const ngx_table_elt_t &line) {
        fields.push_back({ngx::view(line.key), ngx::view(line.value)});
    });
    return fields;
}

// Those of `sent` that are stored, and Date as the origin gave it.
std::string stored_fields(const conf::Location &lcf,
                          const cache::ResponseFacts &response,
                          const cache::Storable &storable, http::Fields sent)
{
    constexpr std::size_t usual_size = 512;
    const cache::StoredFields kept(response.fields, storable);
    cache::StringListBuilder fields;
    fields.reserve(usual_size);
    const auto date = http::format_date(
        storable.times.date.value_or(storable.times.response));
    add_field(fields, "Date", {date.data(), date.size()});
    for (const http::Field &field : sent) {
        if (kept.keeps(field.name) &&
            (lcf.show_tags.value || !cache::is_tag_field(field.name))) {
            add_field(fields, field.name, field.value);
        }
    }
    return fields.take();
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

// What the filters behind us do with a body is only known when a client's
// header passes them (flow/capture): without one the form stays as it was.
cache::Compression compression_of(const Request &request,
                                  const cache::ResponseFacts &response)
{
    const cache::Compression &wanted = request.lcf.compression.value;
    const bool is_known =
        request.has_client() ||
        (request.stale && request.stale->entry.is_compressed());
    const bool is_short = response.content_length &&
                          *response.content_length < wanted.min_length;
    return wanted.level != 0 && is_known && !is_short &&
                   !request.lcf.shadow.value &&
                   cache::is_compressible(response.fields)
               ? wanted
               : cache::Compression{};
}

// Whoever purges by what it was tagged with before means it still, also while
// the 304 was on its way.
void add_stored_names(FillPlan &plan, const cache::Entry &stored,
                      const cache::Policy &policy)
{
    std::ranges::move(stored.tags.strings(), std::back_inserter(plan.tags));
    std::sort(plan.tags.begin(), plan.tags.end());
    plan.tags.erase(std::unique(plan.tags.begin(), plan.tags.end()),
                    plan.tags.end());

    cache::StringList fields = stored.fields;
    while (const auto field = next_field(fields)) {
        std::ranges::move(cache::groups({&*field, 1}, policy),
                          std::back_inserter(plan.groups));
    }
}

// `sent`: the fields that clients get.
std::variant<FillPlan, Reason> plan(ngx_http_request_t *r,
                                    const Request &request,
                                    const cache::ResponseFacts &response,
                                    http::Fields sent)
{
    if (ngx::any_true(r, request.lcf.no_store.value)) {
        return Reason::no_store_directive;
    }
    const cache::Policy &policy = request.lcf.policy;
    cache::RequestFacts asked = request.facts;
    if (asked.method == "HEAD") {
        asked.method = "GET"; // which it tells about
    }
    auto judged = judge(asked, response, policy);
    if (const auto *reason = std::get_if<Reason>(&judged)) {
        return *reason;
    }
    auto &storable = std::get<cache::Storable>(judged);
    if (has_rewritten(r, storable.vary, request.fields)) {
        return Reason::vary_rewritten;
    }

    auto tags = cache::collect_tags(response.fields,
                                    configured_tags(r, request), policy);
    if (const auto *reason = std::get_if<Reason>(&tags)) {
        return *reason;
    }

    FillPlan plan = make_plan(response, storable, policy);
    plan.compression = compression_of(request, response);
    if (const std::uint32_t percent = request.lcf.ttl_jitter_percent.value) {
        plan.entry.times.lifetime = cache::shortened(
            plan.entry.times.lifetime, percent, ngx::random_number());
    }
    plan.fields = stored_fields(request.lcf, response, storable, sent);
    plan.vary = std::move(storable.vary);
    add_configured_vary(plan.vary, request.lcf);
    plan.groups = cache::groups(response.fields, policy);
    plan.tags = std::move(std::get<std::vector<std::string>>(tags));
    return plan;
}

} // namespace

std::variant<FillPlan, Reason> plan_fill(ngx_http_request_t *r,
                                         const Request &request)
{
    if (r->method == NGX_HTTP_HEAD) {
        return Reason::head_request;
    }
    return plan(r, request, response_facts(r, request), sent_fields(r));
}

std::variant<FillPlan, Reason> plan_auth_check(ngx_http_request_t *r,
                                               const Request &request)
{
    cache::ResponseFacts response = response_facts(r, request);
    response.close_delimited = false;
    response.content_length = 0;
    // A right is not to be had without the fields that limit it.
    const auto said = read_caching_fields(response, request.lcf.policy);
    if (!said.control.withheld.names().empty()) {
        return Reason::response_private;
    }
    return plan(r, request, response, response.fields);
}

std::variant<FillPlan, Reason> plan_refresh(ngx_http_request_t *r,
                                            const Request &request)
{
    const cache::Entry &stored = request.stale->entry;
    cache::ResponseFacts response = response_facts(r, request);
    if (!confirms(response.fields, stored)) {
        return Reason::validator_mismatch;
    }
    const auto fields = update_fields(stored.fields, response.fields);
    response.status = stored.status;
    response.fields = fields;
    response.close_delimited = false;
    response.content_length = stored.body_size;

    auto planned = plan(r, request, response,
                        update_fields(stored.fields, sent_fields(r)));
    if (auto *refreshed = std::get_if<FillPlan>(&planned)) {
        add_stored_names(*refreshed, stored, request.lcf.policy);
        refreshed->entry.identity_size = stored.identity_size;
        if (refreshed->tags.size() > cache::kMaxTags) {
            return Reason::tag_limit;
        }
    }
    return planned;
}

std::string confirmed_fields(ngx_http_request_t *r, const Request &request)
{
    const cache::Entry &stored = request.stale->entry;
    const cache::ResponseFacts response = response_facts(r, request);
    if (!confirms(response.fields, stored)) {
        return std::string(stored.fields.encoded());
    }
    cache::Storable all;
    all.strip_set_cookie = false;
    all.times.date = date_of(response, request.lcf.policy);
    all.times.response = response.received;
    return stored_fields(
        request.lcf, response, all,
        update_fields(stored.fields, sent_fields(r)));
}

} // namespace edge::flow
