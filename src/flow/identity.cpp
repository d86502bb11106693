#include "flow/identity.h"

#include <optional>

#include "base/digest.h"
#include "cache/admission.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "flow/request_body.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

using cache::Reason;

constexpr std::size_t kMaxTenant = 128;

Reason find_tenant(ngx_http_request_t *r, conf::Location &lcf,
                   const Given &given, std::string_view &tenant)
{
    ngx::Value *value = lcf.tenant.value;
    if (value == nullptr) {
        return Reason::none;
    }
    if (!given.tenant && ngx::names_repeated_header(r, *value)) {
        return Reason::tenant_repeated;
    }
    tenant = given.tenant ? *given.tenant : ngx::evaluate(r, *value);
    if (tenant.empty()) {
        return Reason::tenant_missing;
    }
    return tenant.size() > kMaxTenant || has_control_bytes(tenant)
               ? Reason::tenant_invalid
               : Reason::none;
}

std::string_view without_port_and_dot(std::string_view host)
{
    if (!host.starts_with('[')) {
        host = host.substr(0, host.find(':'));
    } else {
        host = host.substr(0, host.find(']') + 1);
    }
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    return host;
}

// With an absolute-form target nginx takes the host from there, and the origin
// may be told the Host field: two authorities are none.
bool is_ambiguous(ngx_http_request_t *r)
{
    if (r->host_start == nullptr || r->headers_in.host == nullptr) {
        return false;
    }
    return !equals_ignore_case(
        without_port_and_dot(ngx::view(r->headers_in.host->value)),
        ngx::view(r->headers_in.server));
}

// The port that the client names, unless it is the scheme's own or the one it
// came to.
std::string_view unexpected_port(ngx_http_request_t *r, std::string_view scheme)
{
    if (r->headers_in.host == nullptr) {
        return {};
    }
    const std::string_view host = ngx::view(r->headers_in.host->value);
    const std::size_t colon = host.find(':', host.rfind(']') + 1);
    if (colon == host.npos) {
        return {};
    }
    const std::string_view port = host.substr(colon + 1);
    const auto number = parse_decimal(port, 65536);
    const in_port_t usual = scheme == "https" ? 443 : 80;
    const in_port_t local =
        ngx_inet_get_port(r->connection->local_sockaddr);
    return number == usual || number == local ? std::string_view() : port;
}

Reason find_authority(ngx_http_request_t *r, conf::Location &lcf,
                      std::string_view &authority)
{
    if (is_ambiguous(r)) {
        return Reason::host_invalid;
    }
    if (ngx::Value *value = lcf.host.value) {
        if (ngx::names_repeated_header(r, *value)) {
            return Reason::host_invalid;
        }
        authority = ngx::evaluate(r, *value);
    } else if (r->headers_in.server.len != 0) {
        authority = ngx::view(r->headers_in.server);
    } else {
        const auto *server = static_cast<ngx_http_core_srv_conf_t *>(
            ngx_http_get_module_srv_conf(r, ngx_http_core_module));
        authority = ngx::view(server->server_name);
    }
    return has_control_bytes(authority) ? Reason::host_invalid : Reason::none;
}

// Escapes as nginx does before it sends a rewritten URI upstream.
std::string_view escaped_uri(ngx_http_request_t *r)
{
    const std::size_t escapes =
        ngx_escape_uri(nullptr, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
    const std::size_t path = r->uri.len + 2 * escapes;
    const std::size_t query = r->args.len == 0 ? 0 : r->args.len + 1;

    auto *out =
        static_cast<u_char *>(ngx::allocate(r->pool, path + query + 1));
    u_char *end = out;
    if (escapes != 0) {
        end = reinterpret_cast<u_char *>(
            ngx_escape_uri(end, r->uri.data, r->uri.len, NGX_ESCAPE_URI));
    } else {
        end = ngx_cpymem(end, r->uri.data, r->uri.len);
    }
    if (query != 0) {
        *end++ = '?';
        end = ngx_cpymem(end, r->args.data, r->args.len);
    }
    return {reinterpret_cast<char *>(out),
            static_cast<std::size_t>(end - out)};
}

// nginx passes a fragment on, and no origin should have seen it.
bool is_valid_target(std::string_view target)
{
    return !target.empty() && target.find('#') == target.npos &&
           !has_control_bytes(target);
}

Reason find_target(ngx_http_request_t *r, Identity &identity)
{
    const std::string_view requested = ngx::view(r->unparsed_uri);
    identity.target = requested;
    if (!r->valid_unparsed_uri) {
        identity.target = escaped_uri(r);
        identity.requested = requested;
    }
    const bool is_valid =
        is_valid_target(identity.target) &&
        (r->valid_unparsed_uri || is_valid_target(requested));
    return is_valid ? Reason::none : Reason::uri_invalid;
}

// Where an internal redirect has led, if there was one.
std::string_view redirect_of(ngx_http_request_t *r)
{
    if (!r->internal) {
        return {};
    }
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    const std::string_view name = ngx::view(clcf->name);
    return name.starts_with('@') ? name : ngx::view(r->uri);
}

// The digest of all lines of a field, each behind its length.
std::string_view digest_lines(ngx_http_request_t *r, std::string_view name)
{
    std::string lines;
    ngx::for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
        if (equals_ignore_case(ngx::view(line.key), name)) {
            lines += std::to_string(line.value.len) + ':';
            lines += ngx::view(line.value);
        }
    });
    return ngx::pool_copy(r->pool, view(sha256(lines)));
}

// edge_cache_authorization: what the credential adds to the key.
std::string_view credential_part(ngx_http_request_t *r,
                                 const cache::Policy &policy)
{
    if (r->headers_in.authorization == nullptr ||
        policy.authorization == cache::Authorization::refuse) {
        return {};
    }
    return policy.authorization == cache::Authorization::tenant
               ? "present"
               : digest_lines(r, "Authorization");
}

// The value of one cookie on all lines of Cookie (RFC 6265 5.4).
std::string cookie_values(ngx_http_request_t *r, std::string_view name)
{
    std::string values;
    ngx::for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
        if (!equals_ignore_case(ngx::view(line.key), "Cookie")) {
            return;
        }
        Split pairs(ngx::view(line.value), ';');
        while (const auto pair = pairs.next()) {
            const std::size_t equals = pair->find('=');
            if (equals != pair->npos && pair->substr(0, equals) == name) {
                values += std::to_string(pair->size()) + ':';
                values += *pair;
            }
        }
    });
    return values;
}

// edge_cache_cookies key: what the named cookies add to the key.
std::string_view cookies_part(ngx_http_request_t *r,
                              const conf::Location &lcf)
{
    if (lcf.policy.cookies != cache::Cookies::key) {
        return {};
    }
    std::string all;
    for (const std::string_view name : lcf.cookie_names.value) {
        all += cookie_values(r, name) + ';';
    }
    return ngx::pool_copy(r->pool, view(sha256(all)));
}

Reason find_custom_key(ngx_http_request_t *r, conf::Location &lcf,
                       std::string_view &key)
{
    ngx::Value *value = lcf.key.value;
    if (value == nullptr) {
        return Reason::none;
    }
    if (ngx::names_repeated_header(r, *value)) {
        return Reason::uri_invalid;
    }
    key = ngx::evaluate(r, *value);
    return key.empty() ? Reason::uri_invalid : Reason::none;
}

bool is_https([[maybe_unused]] ngx_http_request_t *r)
{
#if (NGX_HTTP_SSL)
    return r->connection->ssl != nullptr;
#else
    return false;
#endif
}

Reason make_key(ngx_http_request_t *r, conf::Location &lcf,
                const tier::Zone &zone, const Given &given,
                Identity &identity)
{
    cache::KeyParts parts;
    parts.zone = zone.settings.name;
    parts.tenant = identity.tenant;
    parts.method = "GET";
    if (cache::is_keyed_by_body(ngx::view(r->method_name), lcf.policy)) {
        const auto method = method_and_body(r);
        if (!method) {
            return Reason::request_body;
        }
        parts.method = *method;
    }
    parts.scheme = identity.scheme;
    parts.authority = identity.authority;
    if (lcf.host.value == nullptr) {
        parts.port = unexpected_port(r, identity.scheme);
    }
    parts.custom_target = !identity.custom_key.empty();
    if (parts.custom_target) {
        parts.target = identity.custom_key;
    } else {
        parts.target = identity.target;
        parts.requested = identity.requested;
    }
    parts.redirect = redirect_of(r);
    parts.credential = given.credential ? *given.credential
                                        : credential_part(r, lcf.policy);
    parts.cookies = cookies_part(r, lcf);
    parts.fingerprint = lcf.fingerprint;

    const std::size_t size = key_size(parts);
    if (size > cache::kMaxKey) {
        return Reason::key_too_long;
    }
    auto *bytes = static_cast<char *>(ngx::allocate(r->pool, size));
    write_key(parts, bytes);
    identity.key = {bytes, size};
    identity.resource = hash128(identity.key, zone.secret());
    return Reason::none;
}

} // namespace

std::variant<Identity, Reason> identify(ngx_http_request_t *r,
                                        conf::Location &lcf,
                                        const tier::Zone &zone,
                                        const Given &given)
{
    Identity identity;
    identity.scheme = given.scheme;
    if (given.scheme.empty()) {
        identity.scheme = is_https(r) ? "https" : "http";
    }

    Reason reason = find_tenant(r, lcf, given, identity.tenant);
    if (reason == Reason::none) {
        reason = find_authority(r, lcf, identity.authority);
    }
    if (reason == Reason::none) {
        reason = find_target(r, identity);
    }
    if (reason == Reason::none) {
        reason = find_custom_key(r, lcf, identity.custom_key);
    }
    if (reason == Reason::none) {
        reason = make_key(r, lcf, zone, given, identity);
    }
    if (reason != Reason::none) {
        return reason;
    }
    return identity;
}

invalidate::EntryNames names_of(const Identity &identity)
{
    invalidate::EntryNames names;
    names.scheme = identity.scheme;
    names.authority = identity.authority;
    names.target = identity.target;
    names.requested = identity.requested;
    names.custom_key = identity.custom_key;
    return names;
}

} // namespace edge::flow
