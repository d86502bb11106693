#include "flow/coding.h"

#include "cache/compression.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

constexpr std::string_view kField = "Accept-Encoding";

// Parts are cut out of the identity: only its entity-tag may be strong.
bool wants_part(const ngx_http_request_t *r)
{
    return r->method == NGX_HTTP_GET && r->headers_in.range != nullptr;
}

bool has_member(std::string_view list, std::string_view name)
{
    Split members(list, ',');
    while (const auto member = members.next()) {
        if (equals_ignore_case(*member, name)) {
            return true;
        }
    }
    return false;
}

bool announces_forms(std::string_view name, std::string_view value)
{
    return equals_ignore_case(name, "Vary") && has_member(value, kField);
}

bool takes_packed(const ngx_http_request_t *r, const Request &request)
{
    return request.lcf.compression.value.level != 0 && !wants_part(r) &&
           cache::accepts_gzip(request.fields);
}

} // namespace

bool choose_form(ngx_http_request_t *r, Request &request)
{
    Hit &hit = *request.hit;
    if (!hit.is_packed() || takes_packed(r, request)) {
        return true;
    }
    const auto size = static_cast<std::size_t>(hit.entry.identity_size);
    auto *bytes = static_cast<char *>(ngx::allocate(r->pool, size));
    cache::Decompressor decompressor({bytes, size});
    hit.for_each_piece(
        [&decompressor](auto piece) { decompressor.append(piece); });
    if (!decompressor.is_complete()) {
        return false;
    }
    hit.identity = std::string_view(bytes, size);
    request.zone().counters().hits_unpacked.add();
    return true;
}

void describe_form(ngx_http_request_t *r, const Hit &hit)
{
    if (!hit.entry.is_compressed()) {
        return;
    }
    announce_forms(r);
    ngx_http_headers_out_t &out = r->headers_out;
    if (hit.identity) {
        out.content_length_n = static_cast<off_t>(hit.identity->size());
        return;
    }
    out.content_encoding =
        &ngx::add_line(out.headers, "Content-Encoding", "gzip");
    if (out.etag != nullptr) {
        out.etag->value = ngx::str(ngx::pool_copy(
            r->pool, cache::weak_tag(ngx::view(out.etag->value))));
    }
}

void announce_forms(ngx_http_request_t *r)
{
    bool is_known = false;
    ngx::for_each(r->headers_out.headers, [&](const ngx_table_elt_t &line) {
        is_known |=
            announces_forms(ngx::view(line.key), ngx::view(line.value));
    });
    if (!is_known) {
        ngx::add_line(r->headers_out.headers, "Vary", kField);
    }
}

std::string announce_forms(std::string encoded)
{
    cache::StringList fields(encoded);
    while (const auto field = next_field(fields)) {
        if (announces_forms(field->name, field->value)) {
            return encoded;
        }
    }
    cache::StringListBuilder more;
    more.add("Vary");
    more.add(kField);
    encoded.append(more.take());
    return encoded;
}

} // namespace edge::flow
