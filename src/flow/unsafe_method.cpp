#include "flow/unsafe_method.h"

#include <algorithm>

#include "http/method.h"
#include "http/structured.h"
#include "invalidate/selector.h"
#include "invalidate/written.h"
#include "ngx/headers.h"
#include "ngx/text.h"
#include "tier/redis_tier.h"

namespace edge::flow {

namespace {

using invalidate::RowKey;

// 2xx and 3xx, of the origin itself.
bool has_succeeded(const ngx_http_request_t *r)
{
    const ngx_uint_t status = r->upstream != nullptr
                                  ? r->upstream->headers_in.status_n
                                  : r->headers_out.status;
    return status >= 200 && status < 400;
}

std::vector<std::string> written_groups(http::Fields fields,
                                        const cache::Policy &policy)
{
    if (policy.ignores(cache::kIgnoreCacheGroupInvalidation)) {
        return {};
    }
    auto groups = http::parse_string_list(fields, "Cache-Group-Invalidation")
                      .value_or(std::vector<std::string>());
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
}

bool is_unsafe(const ngx_http_request_t *r)
{
    return !http::is_safe_method(ngx::view(r->method_name));
}

std::vector<RowKey> rows_of(ngx_http_request_t *r, const Write &write)
{
    invalidate::Written written;
    written.names = names_of(write.identity);
    const http::Fields fields = ngx::origin_fields(r);
    for (const std::string_view name : {"Location", "Content-Location"}) {
        http::for_each_value(fields, name, [&](std::string_view value) {
            written.locations.push_back(value);
        });
    }
    written.groups = written_groups(fields, write.lcf->policy);
    const auto tenant = invalidate::hash_tenant(write.identity.tenant);
    std::vector<RowKey> rows;
    for (const invalidate::Selector selector : selectors_of(written)) {
        rows.push_back(invalidate::row_key(selector, tenant));
    }
    return rows;
}

} // namespace

void note_unsafe_method(ngx_http_request_t *r, Request &request)
{
    if (request.lcf.invalidate.value == conf::Invalidate::off ||
        !is_unsafe(r)) {
        return;
    }
    auto identified = identify(r, request.lcf, request.zone());
    if (auto *identity = std::get_if<Identity>(&identified)) {
        request.written = Write{&request.lcf, *identity};
    }
}

void invalidate_written(ngx_http_request_t *r, Request &request)
{
    if (!has_succeeded(r)) {
        return;
    }
    const conf::Location &lcf = *request.written->lcf;
    const std::vector<RowKey> rows = rows_of(r, *request.written);
    request.written.reset();

    tier::Zone &zone = *lcf.zone.value;
    if (lcf.invalidate.value == conf::Invalidate::fleet &&
        zone.redis() != nullptr) {
        zone.redis()->writes().add(rows);
        return;
    }
    std::uint64_t ignored = 0;
    zone.invalidate(rows, Millis(0), ignored);
    zone.counters().writes_local.add(rows.size());
}

void leave_written(ngx_http_request_t *r, Request &request)
{
    invalidate_written(r, request);
    if (!is_unsafe(r)) {
        request.written.reset();
    }
}

} // namespace edge::flow
