// TLS towards a server that has to prove who it is. One context for each
// configuration, one session for each connection that is made again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::ngx {

// Names of files in PEM; empty: none. Without `ca`, the system's authorities
// are believed.
struct TlsFiles
{
    std::string_view ca;
    std::string_view certificate;
    std::string_view key;
};

// What lets the next handshake with the same server be a short one.
class TlsSession
{
public:
    // Takes what the server offers on `c`.
    void keep(ngx_connection_t *c);
    // Offers it on `c`, if it is one with a server of that name.
    void offer(ngx_connection_t *c, std::string_view name);

private:
    struct Free
    {
        void operator()(void *session) const;
    };
    std::unique_ptr<void, Free> session_;
    std::string name_;
};

class Tls
{
public:
    // TLS 1.2 or later. False: logged, with what to do about it.
    bool prepare(ngx_conf_t *cf, const TlsFiles &files);

    // Gives `c` what its handshake needs. The certificate has to be for
    // `name`, a host name or an address. False: logged.
    bool attach(ngx_connection_t *c, std::string_view name) const;

private:
#if (NGX_OPENSSL)
    // nginx frees the context with the configuration's pool.
    mutable ngx_ssl_t ssl_{};
#endif
};

// After the handshake: why the server is not to be talked to, as a phrase for
// the log; nullopt: it is the one that was meant.
std::optional<std::string_view> tls_refusal(ngx_connection_t *c);

// Before the connection is closed.
void detach_tls(ngx_connection_t *c);

} // namespace edge::ngx
