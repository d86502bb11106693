#include "flow/auth_subject.h"

#include <algorithm>
#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "conf/location.h"
#include "flow/parts.h"
#include "http/connection.h"
#include "http/credential.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// Says what a client can read and how it is connected, and nothing of who it
// is or what it wants to do.
bool is_indifferent(std::string_view name)
{
    constexpr std::string_view names[] = {
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Cache-Control",
        "Pragma",
        "Priority",
        "Upgrade-Insecure-Requests",
    };
    return http::is_of_one_exchange(name) ||
           std::ranges::any_of(names, [name](std::string_view indifferent) {
               return equals_ignore_case(name, indifferent);
           });
}

bool counts(std::string_view name, const conf::Location &lcf)
{
    // By name, where it is in the key by itself.
    if (equals_ignore_case(name, "Cookie")) {
        return lcf.policy.cookies != cache::Cookies::key;
    }
    return lcf.key.value != nullptr ? http::is_credential(name)
                                    : !is_indifferent(name);
}

// In PEM; empty without one.
std::string_view certificate_of([[maybe_unused]] ngx_http_request_t *r)
{
    ngx_str_t certificate{};
#if (NGX_HTTP_SSL)
    if (r->connection->ssl != nullptr &&
        ngx_ssl_get_raw_certificate(r->connection, r->pool, &certificate) !=
            NGX_OK) {
        throw std::bad_alloc();
    }
#endif
    return ngx::view(certificate);
}

void add_client(ngx_http_request_t *r, std::string &text)
{
    const ngx_connection_t &connection = *r->connection;
    const ngx_proxy_protocol_t *proxy = connection.proxy_protocol;
    add_part(text, ngx::view(connection.addr_text));
    add_part(text, proxy ? ngx::view(proxy->src_addr) : std::string_view());
    add_part(text, certificate_of(r));
}

} // namespace

std::string_view auth_subject(ngx_http_request_t *r, const conf::Location &lcf,
                              http::Fields fields)
{
    std::string text;
    add_part(text, ngx::view(r->main->method_name));
    if (lcf.key.value == nullptr) {
        add_part(text, ngx::view(r->main->unparsed_uri));
        add_client(r, text);
    }
    for (const http::Field &field : fields) {
        if (counts(field.name, lcf)) {
            add_part(text, field.name);
            add_part(text, field.value);
        }
    }
    return ngx::pool_copy(r->pool, "auth " + std::string(view(sha256(text))));
}

} // namespace edge::flow
