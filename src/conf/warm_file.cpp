#include "conf/warm_file.h"

#include "base/hash.h"
#include "base/text.h"
#include "cache/warm_list.h"
#include "conf/arguments.h"
#include "conf/file.h"
#include "conf/main.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

constexpr std::size_t kMaxUrls = 100'000;
constexpr std::size_t kMaxFile = 32 * 1024 * 1024;

char *read(ngx_conf_t *cf, WarmFile &file)
{
    const auto text = read_file(cf, file.name);
    if (!text) {
        return refuse(cf, file.name,
                      "write the name of a file that can be read");
    }
    if (text->size() > kMaxFile) {
        return refuse(cf, file.name, "write a file of at most 32m");
    }
    Split lines(ngx::pool_copy(cf->pool, *text), '\n');
    while (const auto raw = lines.next()) {
        const std::string_view line = trim_ows(
            raw->ends_with('\r') ? raw->substr(0, raw->size() - 1) : *raw);
        if (!line.empty() && !line.starts_with('#')) {
            file.urls.push_back(line);
        }
    }
    if (file.urls.size() > kMaxUrls) {
        return refuse(cf, file.name, "write at most 100000 URLs into it");
    }
    file.hash = hash64(*text) | 1;
    return NGX_CONF_OK;
}

} // namespace

char *set_concurrency(ngx_conf_t *cf, std::string_view word,
                      std::uint32_t &concurrency)
{
    const auto number =
        parse_decimal(parameter(word, "concurrency").value_or(""),
                      cache::kMaxWarmConcurrency + 1);
    if (!number || *number == 0 || *number > cache::kMaxWarmConcurrency) {
        return refuse(cf, word,
                      "write concurrency=N, N from 1 to 64, or nothing");
    }
    concurrency = static_cast<std::uint32_t>(*number);
    return NGX_CONF_OK;
}

char *set_warm_file(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    WarmFile &file = static_cast<Main *>(conf)->warm_file;
    if (!file.name.empty()) {
        return duplicate();
    }
    const auto words = arguments(cf);
    file.name = ngx::view(words[0]);
    file.concurrency = cache::kWarmConcurrency;
    if (words.size() == 2) {
        char *error =
            set_concurrency(cf, ngx::view(words[1]), file.concurrency);
        if (error != NGX_CONF_OK) {
            return error;
        }
    }
    return read(cf, file);
}

} // namespace edge::conf
