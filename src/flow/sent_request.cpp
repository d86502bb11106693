#include "flow/sent_request.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "ngx/text.h"

namespace edge::flow {

namespace {

bool is_http1(const ngx_http_upstream_t *upstream)
{
    const std::string_view schema = ngx::view(upstream->schema);
    return schema == "http://" || schema == "https://";
}

// The header as it was sent: nginx makes it in the first buffer.
std::string_view sent_header(const ngx_http_upstream_t *upstream)
{
    const ngx_chain_t *first = upstream->request_bufs;
    if (first == nullptr || !ngx_buf_in_memory(first->buf)) {
        return {};
    }
    const auto *start = reinterpret_cast<const char *>(first->buf->start);
    const auto *end = reinterpret_cast<const char *>(first->buf->last);
    const std::string_view all(start, static_cast<std::size_t>(end - start));
    return all.substr(0, all.find("\r\n\r\n"));
}

std::vector<http::Field> parse(std::string_view header)
{
    std::vector<http::Field> fields;
    std::size_t at = header.find("\r\n"); // behind the request line
    while (at != header.npos) {
        const std::size_t start = at + 2;
        at = header.find("\r\n", start);
        const std::string_view line = header.substr(start, at - start);
        const std::size_t colon = line.find(':');
        if (colon != line.npos) {
            fields.push_back({line.substr(0, colon),
                              trim_ows(line.substr(colon + 1))});
        }
    }
    return fields;
}

// All lines of a field as one; nothing without any.
std::optional<std::string> joined(http::Fields fields, std::string_view name)
{
    std::optional<std::string> all;
    for_each_value(fields, name, [&all](std::string_view value) {
        all = all ? *all + ", " : std::string();
        *all += trim_ows(value);
    });
    return all;
}

} // namespace

bool has_rewritten(ngx_http_request_t *r, std::span<const std::string> names,
                   http::Fields client)
{
    if (names.empty() || r->upstream == nullptr || !is_http1(r->upstream)) {
        return false;
    }
    const std::vector<http::Field> sent = parse(sent_header(r->upstream));
    return std::any_of(names.begin(), names.end(), [&](const auto &name) {
        const auto value = joined(sent, name);
        return value && value != joined(client, name);
    });
}

} // namespace edge::flow
