#include "conf/prime.h"

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
    char *error = set_count(cf, kMost, prime.most);
    const auto words = arguments(cf);
    return error != NGX_CONF_OK || words.size() == 1
               ? error
               : set_concurrency(cf, ngx::view(words[1]), prime.concurrency);
}

} // namespace edge::conf
