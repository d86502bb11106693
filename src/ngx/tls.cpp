#include "ngx/tls.h"

#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::ngx {

#if (NGX_OPENSSL)

namespace {

// Of certificates between the server's own and the authority's.
constexpr ngx_int_t kDepth = 5;

// nginx logs what is wrong, and keeps the names of the files.
bool use_certificate(ngx_conf_t *cf, ngx_ssl_t &ssl, const TlsFiles &files)
{
    ngx_str_t certificate = str(pool_copy(cf->pool, files.certificate));
    ngx_str_t key = str(pool_copy(cf->pool, files.key));
    return ngx_ssl_certificate(cf, &ssl, &certificate, &key, nullptr) == NGX_OK;
}

bool use_authorities(ngx_conf_t *cf, ngx_ssl_t &ssl, std::string_view file)
{
    if (file.empty()) {
        return SSL_CTX_set_default_verify_paths(ssl.ctx) == 1;
    }
    ngx_str_t name = str(pool_copy(cf->pool, file));
    return ngx_ssl_trusted_certificate(cf, &ssl, &name, kDepth) == NGX_OK;
}

bool is_address(std::string_view name)
{
    return ngx_inet_addr(bytes(name), name.size()) != INADDR_NONE ||
           name.find(':') != name.npos;
}

// The name is checked together with the chain. RFC 6066 3: addresses are not
// sent to the server.
bool expect_name(SSL *ssl, const std::string &name)
{
    if (is_address(name)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
                                             name.c_str()) == 1;
    }
    return SSL_set1_host(ssl, name.c_str()) == 1 &&
           SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

} // namespace

void TlsSession::Free::operator()(void *session) const
{
    SSL_SESSION_free(static_cast<SSL_SESSION *>(session));
}

void TlsSession::keep(ngx_connection_t *c)
{
    session_.reset(ngx_ssl_get_session(c));
}

void TlsSession::offer(ngx_connection_t *c, std::string_view name)
{
    if (name != name_) {
        session_.reset();
        name_ = name;
    }
    if (session_) {
        SSL_set_session(c->ssl->connection,
                        static_cast<SSL_SESSION *>(session_.get()));
    }
}

bool Tls::prepare(ngx_conf_t *cf, const TlsFiles &files)
{
    ssl_.log = cf->log;
    if (ngx_ssl_create(&ssl_, NGX_SSL_TLSv1_2 | NGX_SSL_TLSv1_3, nullptr) !=
        NGX_OK) {
        return false;
    }
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (cleanup == nullptr) {
        ngx_ssl_cleanup_ctx(&ssl_);
        return false;
    }
    cleanup->handler = ngx_ssl_cleanup_ctx;
    cleanup->data = &ssl_;
    // What is to be sent grows, and moves, while the socket is full.
    SSL_CTX_set_mode(ssl_.ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return (files.certificate.empty() || use_certificate(cf, ssl_, files)) &&
           use_authorities(cf, ssl_, files.ca) &&
           ngx_ssl_client_session_cache(cf, &ssl_, 1) == NGX_OK;
}

bool Tls::attach(ngx_connection_t *c, std::string_view name) const
{
    if (c->pool == nullptr) {
        c->pool = ngx_create_pool(NGX_MIN_POOL_SIZE, c->log);
    }
    if (c->pool == nullptr ||
        ngx_ssl_create_connection(&ssl_, c, NGX_SSL_CLIENT) != NGX_OK) {
        return false;
    }
    return expect_name(c->ssl->connection, std::string(name));
}

// The handshake of nginx goes on whatever the certificate is worth.
std::optional<std::string_view> tls_refusal(ngx_connection_t *c)
{
    if (!c->ssl->handshaked) {
        return "TLS handshake failed";
    }
    X509 *certificate = SSL_get_peer_certificate(c->ssl->connection);
    if (certificate == nullptr) {
        return "no certificate";
    }
    X509_free(certificate);

    const long result = SSL_get_verify_result(c->ssl->connection);
    if (result == X509_V_OK) {
        return std::nullopt;
    }
    return X509_verify_cert_error_string(result);
}

// Without a farewell: to wait until it can be written would keep the
// connection, and Redis does not need it.
void detach_tls(ngx_connection_t *c)
{
    if (c->ssl != nullptr) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;
        ngx_ssl_shutdown(c);
    }
}

#else

void TlsSession::Free::operator()(void *) const {}

bool Tls::prepare(ngx_conf_t *cf, const TlsFiles &)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "this nginx was built without TLS: take one that was "
                       "built with --with-http_ssl_module");
    return false;
}

void detach_tls(ngx_connection_t *) {}

#endif

} // namespace edge::ngx
