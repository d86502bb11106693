// Host names into addresses without holding up the event loop, by the servers
// of the `resolver` directive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ngx/nginx.h"
#include "ngx/peer.h"

namespace edge::ngx {

Address copy_address(const ngx_addr_t &address);

// An IPv4 or IPv6 address, and a port. Empty text: `host` is none.
Address literal_address(const std::string &host, std::uint16_t port);

// One question at a time; withdrawn with its object.
class Resolve
{
public:
    using Callback = void (*)(void *);

    // `callback` is called from the event loop, never from inside ask().
    Resolve(Callback callback, void *data) : callback_(callback), data_(data) {}
    ~Resolve() { cancel(); }
    Resolve(const Resolve &) = delete;
    Resolve &operator=(const Resolve &) = delete;

    enum class Status
    {
        failed,
        done,   // addresses() are there already
        waiting // the callback will be called
    };
    Status ask(ngx_resolver_t *resolver, const std::string &host,
               std::uint16_t port, Millis timeout);
    void cancel();

    // Empty: the name is not known, or nobody answered.
    const std::vector<Address> &addresses() const { return addresses_; }

private:
    static void on_answer(ngx_resolver_ctx_t *context);
    void take();

    Callback callback_;
    void *data_;
    ngx_resolver_ctx_t *context_ = nullptr;
    std::string host_;
    std::uint16_t port_ = 0;
    bool asking_ = false; // inside ask()
    std::vector<Address> addresses_;
};

} // namespace edge::ngx
