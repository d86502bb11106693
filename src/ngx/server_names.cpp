#include "ngx/server_names.h"

#include <algorithm>
#include <span>

#include "ngx/text.h"

namespace edge::ngx {

namespace {

bool matches_regex([[maybe_unused]] ngx_regex_t *regex,
                   [[maybe_unused]] std::string_view host)
{
#if (NGX_PCRE)
    ngx_str_t text = str(host);
    return ngx_regex_exec(regex, &text, nullptr, 0) >= 0;
#else
    return false;
#endif
}

// As nginx looks for a server: by names and wildcards, then by regular
// expressions.
bool is_among(ngx_http_virtual_names_t &names, std::string_view host)
{
    if (ngx_hash_find_combined(&names.names,
                               ngx_hash_key(bytes(host), host.size()),
                               bytes(host), host.size()) != nullptr) {
        return true;
    }
#if (NGX_PCRE)
    return std::ranges::any_of(std::span(names.regex, names.nregex),
                               [host](const ngx_http_server_name_t &name) {
                                   return matches_regex(name.regex->regex,
                                                        host);
                               });
#else
    return false;
#endif
}

} // namespace

ServerNames::ServerNames(ngx_conf_t *cf)
{
    const auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    const std::span servers(
        static_cast<ngx_http_core_srv_conf_t **>(cmcf->servers.elts),
        cmcf->servers.nelts);
    for (const ngx_http_core_srv_conf_t *server : servers) {
        const std::span names(
            static_cast<ngx_http_server_name_t *>(server->server_names.elts),
            server->server_names.nelts);
        for (const ngx_http_server_name_t &name : names) {
            Name own{view(name.name)};
#if (NGX_PCRE)
            if (name.regex != nullptr) {
                own.regex = name.regex->regex;
            }
#endif
            names_[server].push_back(own);
        }
    }
}

// "*.example.com", ".example.com", "www.example.*".
bool ServerNames::matches(const Name &name, std::string_view host)
{
    const std::string_view text = name.text;
    if (name.regex != nullptr) {
        return matches_regex(name.regex, host);
    }
    if (text.starts_with("*.")) {
        return host.ends_with(text.substr(1));
    }
    if (text.starts_with('.')) {
        return host == text.substr(1) || host.ends_with(text);
    }
    if (text.ends_with(".*")) {
        return host.starts_with(text.substr(0, text.size() - 1));
    }
    return text.empty() || text == "_" || text == host;
}

// Where there is only one server nginx does not look at names at all.
bool ServerNames::include(const Entrance &entrance, std::string_view host) const
{
    const ngx_http_addr_conf_t &address = *entrance.address;
    if (address.virtual_names != nullptr &&
        is_among(*address.virtual_names, host)) {
        return true;
    }
    const auto names = names_.find(address.default_server);
    return names != names_.end() &&
           std::ranges::any_of(names->second, [host](const Name &name) {
               return matches(name, host);
           });
}

} // namespace edge::ngx
