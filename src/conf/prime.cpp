#include "conf/prime.h"

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/main.h"
#include "conf/warm_file.h"

namespace edge::conf {

namespace {

constexpr std::uint32_t kMost = 1000;

} // namespace

char *set_prime(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Prime &prime = static_cast<Main *>(conf)->prime;
    if (prime.set) {
        return duplicate();
    }
    prime.set = true;
    const auto words = arguments(cf);
    const std::string_view first = ngx::view(words[0]);
    if (first == "off" && words.size() == 1) {
        return NGX_CONF_OK;
    }
    const auto most = parse_decimal(first, kMost + 1);
    if (!most || *most == 0 || *most > kMost) {
        return refuse(cf, first,
                      "write a number from 1 to 1000, or \"off\" alone");
    }
    prime.most = static_cast<std::uint32_t>(*most);
    return words.size() == 1
               ? NGX_CONF_OK
               : set_concurrency(cf, ngx::view(words[1]), prime.concurrency);
}

} // namespace edge::conf
