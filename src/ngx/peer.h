// One outgoing connection, TCP or unix: a socket and its two events. Whoever
// owns it sets the deadlines.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ngx/nginx.h"
#include "ngx/tls.h"

namespace edge::ngx {

// What a name was resolved to.
struct Address
{
    ngx_sockaddr_t address{};
    socklen_t size = 0;
    std::string text; // "127.0.0.1:6379"
};

class Peer
{
public:
    using Handler = void (*)(void *);
    struct Handlers
    {
        Handler readable;
        Handler writable;
        void *data;
    };

    Peer(const Handlers &handlers, ngx_log_t *log)
        : handlers_(handlers), log_(log)
    {
    }
    ~Peer() { close(); }
    Peer(const Peer &) = delete;
    Peer &operator=(const Peer &) = delete;

    // False: failed, and logged. Otherwise one of the handlers is called once
    // it is decided.
    bool connect(const Address &address);
    // Whether the connect has succeeded, when a handler was called for it;
    // logs why not.
    bool connected();

    // Once connected: begins TLS with a server of that name. False: failed,
    // and logged. Otherwise one of the handlers is called once it is decided.
    bool secure(const Tls &tls, std::string_view name);
    // Why the server is not to be talked to, when a handler was called for it.
    std::optional<std::string_view> insecure() const;

    bool open() const { return connection_ != nullptr; }
    void close();

    enum class Status
    {
        done,  // some bytes
        again, // none now: the handler will be called
        closed // by the other side, or broken: logged if broken
    };
    struct Io
    {
        Status status;
        std::size_t size; // with `done`
    };
    // Fills `first`, which may be empty, before `rest`.
    Io receive(std::span<char> first, std::span<char> rest);
    Io send(std::string_view bytes);

private:
    static void on_read(ngx_event_t *event);
    static void on_write(ngx_event_t *event);
    static void on_secured(ngx_connection_t *connection);
    static void on_session(ngx_connection_t *connection);
    static Io io(ssize_t result, ngx_int_t waits);
    void listen();

    Handlers handlers_;
    ngx_log_t *log_;
    ngx_connection_t *connection_ = nullptr;
    TlsSession session_;
};

} // namespace edge::ngx
