#include "ngx/resolve.h"

#include <cstring>

#include "ngx/guard.h"
#include "ngx/text.h"

namespace edge::ngx {

namespace {

Address address_of(const sockaddr *from, socklen_t size, std::uint16_t port)
{
    Address address;
    u_char text[NGX_SOCKADDR_STRLEN];

    std::memcpy(&address.address, from, size);
    address.size = size;
    ngx_inet_set_port(&address.address.sockaddr, port);
    const std::size_t length =
        ngx_sock_ntop(&address.address.sockaddr, size, text, sizeof(text), 1);
    address.text.assign(reinterpret_cast<const char *>(text), length);
    return address;
}

} // namespace

Address literal_address(const std::string &host, std::uint16_t port)
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = ngx_inet_addr(bytes(host), host.size());
    if (v4.sin_addr.s_addr != INADDR_NONE) {
        return address_of(reinterpret_cast<sockaddr *>(&v4), sizeof(v4), port);
    }
#if (NGX_HAVE_INET6)
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    if (ngx_inet6_addr(bytes(host), host.size(), v6.sin6_addr.s6_addr) ==
        NGX_OK) {
        return address_of(reinterpret_cast<sockaddr *>(&v6), sizeof(v6), port);
    }
#endif
    return {};
}

Address copy_address(const ngx_addr_t &address)
{
    Address copy;
    std::memcpy(&copy.address, address.sockaddr, address.socklen);
    copy.size = address.socklen;
    copy.text = view(address.name);
    return copy;
}

Resolve::Status Resolve::ask(ngx_resolver_t *resolver, const std::string &host,
                             std::uint16_t port, Millis timeout)
{
    cancel();
    addresses_.clear();
    host_ = host;
    port_ = port;

    ngx_resolver_ctx_t *context = ngx_resolve_start(resolver, nullptr);
    if (context == nullptr || context == NGX_NO_RESOLVER) {
        return Status::failed;
    }
    context->name = str(host_);
    context->handler = guard<&Resolve::on_answer>;
    context->data = this;
    context->timeout = static_cast<ngx_msec_t>(timeout.count());
    context->cancelable = 1;

    context_ = context;
    asking_ = true;
    const ngx_int_t rc = ngx_resolve_name(context);
    asking_ = false;
    if (rc != NGX_OK) {
        context_ = nullptr;
        return Status::failed;
    }
    if (context_ != nullptr) {
        return Status::waiting;
    }
    return addresses_.empty() ? Status::failed : Status::done;
}

void Resolve::cancel()
{
    if (context_ != nullptr) {
        ngx_resolve_name_done(context_);
        context_ = nullptr;
    }
}

void Resolve::take()
{
    if (context_->state == NGX_OK) {
        for (ngx_uint_t i = 0; i < context_->naddrs; i++) {
            const ngx_resolver_addr_t &found = context_->addrs[i];
            addresses_.push_back(
                address_of(found.sockaddr, found.socklen, port_));
        }
    }
    cancel();
}

void Resolve::on_answer(ngx_resolver_ctx_t *context)
{
    auto *self = static_cast<Resolve *>(context->data);
    self->take();
    if (!self->asking_) {
        self->callback_(self->data_);
    }
}

} // namespace edge::ngx
