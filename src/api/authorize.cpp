#include "api/authorize.h"

#include <algorithm>

#include <openssl/crypto.h>

#include "base/text.h"
#include "ngx/text.h"

namespace edge::api {

namespace {

// The token of `Authorization: Bearer TOKEN` (RFC 6750 2.1).
std::optional<std::string_view> bearer_token(ngx_http_request_t *r)
{
    constexpr std::string_view scheme = "bearer ";
    if (r->headers_in.authorization == nullptr) {
        return std::nullopt;
    }
    const std::string_view value =
        ngx::view(r->headers_in.authorization->value);
    if (!equals_ignore_case(value.substr(0, scheme.size()), scheme)) {
        return std::nullopt;
    }
    return trim_ows(value.substr(scheme.size()));
}

// Of digests: neither time nor length says anything about the token.
bool is_token(std::string_view text, const Digest &expected)
{
    const Digest digest = sha256(text);
    return CRYPTO_memcmp(digest.data(), expected.data(), digest.size()) == 0;
}

} // namespace

std::variant<const conf::Token *, Answer> authorize(ngx_http_request_t *r,
                                                    const conf::Api &api,
                                                    Access access)
{
    if (!api.write && access == Access::write) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This endpoint is read-only. Write \"edge_api write=on "
                       "token_file=FILE;\" to allow it.");
    }
    if (api.tokens.empty()) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This needs a token: write \"edge_api "
                       "token_file=FILE;\".");
    }
    const auto text = bearer_token(r);
    if (!text) {
        add_header(r, "WWW-Authenticate", "Bearer");
        return problem(NGX_HTTP_UNAUTHORIZED,
                       "Send the token as \"Authorization: Bearer TOKEN\".");
    }
    // All of them, so that time says nothing about which one it is.
    const conf::Token *found = nullptr;
    for (const conf::Token &token : api.tokens) {
        if (is_token(*text, token.digest)) {
            found = &token;
        }
    }
    if (found == nullptr) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token is not one of those in token_file.");
    }
    if (access == Access::write && !found->may_write) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token only reads: its line in token_file says "
                       "\"read\".");
    }
    return found;
}

bool may_ask_for(const conf::Token &token,
                 const std::optional<std::string> &tenant)
{
    return token.tenants.empty() ||
           (tenant && std::ranges::find(token.tenants, *tenant) !=
                          token.tenants.end());
}

std::optional<Answer> refuse_purge(const conf::Token &token,
                                   const invalidate::PurgeRequest &request)
{
    if ((request.kinds & ~token.kinds) != 0) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token may not purge by these members: its line "
                       "in token_file says \"kinds=\".");
    }
    if (!may_ask_for(token, request.tenant)) {
        return problem(NGX_HTTP_FORBIDDEN,
                       "This token may not purge this tenant: its line in "
                       "token_file says \"tenants=\".");
    }
    return std::nullopt;
}

} // namespace edge::api
