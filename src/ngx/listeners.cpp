#include "ngx/listeners.h"

#include <span>
#include <vector>

#include "ngx/text.h"

namespace edge::ngx {

namespace {

Entrance make_entrance(ngx_listening_t &socket, ngx_http_addr_conf_t &address)
{
    return {&socket, socket.type,
            &address,
            address.default_server->ctx,
            socket.sockaddr, socket.socklen};
}

template <typename Address, typename Visit>
void visit_addresses(ngx_listening_t &socket, const ngx_http_port_t &port,
                     Visit &&visit)
{
    for (Address &address :
         std::span(static_cast<Address *>(port.addrs), port.naddrs)) {
        visit(make_entrance(socket, address.conf));
    }
}

template <typename Visit> void for_each_entrance(Visit &&visit)
{
    const std::span sockets(
        static_cast<ngx_listening_t *>(ngx_cycle->listening.elts),
        ngx_cycle->listening.nelts);
    for (ngx_listening_t &socket : sockets) {
        if (socket.handler != ngx_http_init_connection ||
            socket.type != SOCK_STREAM) {
            continue;
        }
        const auto &port = *static_cast<ngx_http_port_t *>(socket.servers);
#if (NGX_HAVE_INET6)
        if (socket.sockaddr->sa_family == AF_INET6) {
            visit_addresses<ngx_http_in6_addr_t>(socket, port, visit);
            continue;
        }
#endif
        visit_addresses<ngx_http_in_addr_t>(socket, port, visit);
    }
}

// Names that are regular expressions count as unknown. Where there is only one
// server nginx does not look at names at all.
bool knows(const Entrance &entrance, std::string_view host)
{
    ngx_http_virtual_names_t *names = entrance.address->virtual_names;
    if (names == nullptr) {
        return view(entrance.address->default_server->server_name) == host;
    }
    return ngx_hash_find_combined(
               &names->names, ngx_hash_key(bytes(host), host.size()),
               bytes(host), host.size()) != nullptr;
}

std::vector<Entrance> entrances(bool tls, std::optional<in_port_t> port)
{
    std::vector<Entrance> found;
    for_each_entrance([&](const Entrance &entrance) {
        auto *local = const_cast<sockaddr *>(entrance.local);
        const bool is_tls = entrance.address->ssl;
        if (is_tls == tls && (!port || ngx_inet_get_port(local) == *port)) {
            found.push_back(entrance);
        }
    });
    return found;
}

} // namespace

std::optional<Entrance> find_entrance(const Origin &origin)
{
    constexpr in_port_t http = 80;
    constexpr in_port_t https = 443;
    std::vector<Entrance> found = entrances(
        origin.tls, origin.port.value_or(origin.tls ? https : http));
    if (found.empty() && !origin.port) {
        found = entrances(origin.tls, std::nullopt);
    }
    for (const Entrance &entrance : found) {
        if (knows(entrance, origin.host)) {
            return entrance;
        }
    }
    return found.empty() ? std::nullopt : std::optional(found.front());
}

} // namespace edge::ngx
