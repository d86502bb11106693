#include "conf/api.h"

#include <optional>

#include "conf/arguments.h"
#include "conf/file.h"
#include "conf/location.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

char *set_tokens(ngx_conf_t *cf, Api &api, std::string_view path)
{
    const auto text = read_file(cf, path);
    if (!text) {
        return refuse(cf, path, "write the name of a file that can be read");
    }
    auto parsed = parse_tokens(*text);
    if (const auto *wrong = std::get_if<std::string>(&parsed)) {
        return refuse(cf, path, *wrong);
    }
    api.tokens = std::get<std::vector<Token>>(std::move(parsed));
    return NGX_CONF_OK;
}

char *set_max_purge(ngx_conf_t *cf, Api &api, std::string_view word,
                    std::string_view value)
{
    constexpr Choice<Reach> kChoices[] = {{"tenant", Reach::tenant},
                                          {"zone", Reach::zone},
                                          {"all", Reach::all}};
    return set_chosen(cf, api.max_purge, word, value, kChoices);
}

// "10r/s", or "10r/s,100" with a burst.
char *set_purge_rate(ngx_conf_t *cf, Api &api, std::string_view word,
                     std::string_view value)
{
    const std::size_t comma = value.find(',');
    const auto rate = limit::parse_rate(value.substr(0, comma));
    const auto burst = comma == value.npos
                           ? std::optional<std::uint64_t>(1)
                           : limit::parse_burst(value.substr(comma + 1));
    if (!rate || !burst) {
        return refuse(cf, word, rate ? limit::kBurstSyntax
                                     : limit::kRateSyntax);
    }
    api.purges = limit::make_bucket(*rate, *burst);
    return api.purges ? NGX_CONF_OK
                      : refuse(cf, word, limit::kBucketTooSlow);
}

char *set_parameter(ngx_conf_t *cf, Api &api, std::string_view word)
{
    if (const auto write = parameter(word, "write")) {
        if (*write != "on" && *write != "off") {
            return refuse(cf, word, "write \"write=on\" or \"write=off\"");
        }
        api.write = *write == "on";
        return NGX_CONF_OK;
    }
    if (const auto path = parameter(word, "token_file")) {
        return set_tokens(cf, api, *path);
    }
    if (const auto reach = parameter(word, "max_purge")) {
        return set_max_purge(cf, api, word, *reach);
    }
    if (const auto rate = parameter(word, "purge_rate")) {
        return set_purge_rate(cf, api, word, *rate);
    }
    return refuse(cf, word,
                  "write write=on, token_file=FILE, max_purge=REACH, "
                  "purge_rate=RATE, or nothing");
}

// Routes are what comes behind the location's name.
bool is_prefix_location(const ngx_http_core_loc_conf_t *clcf)
{
#if (NGX_PCRE)
    if (clcf->regex != nullptr) {
        return false;
    }
#endif
    return !clcf->exact_match && !clcf->named &&
           ngx::view(clcf->name).ends_with('/');
}

} // namespace

char *set_api(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Location &lcf = *static_cast<Location *>(conf);
    if (lcf.api != nullptr) {
        return duplicate();
    }
    auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (!is_prefix_location(clcf)) {
        return refuse(cf, "write it into a prefix location that ends in /, "
                          "such as \"location /edge/\"");
    }

    lcf.api = ngx::pool_new<Api>(cf->pool);
    for (const ngx_str_t &word : arguments(cf)) {
        if (char *error = set_parameter(cf, *lcf.api, ngx::view(word))) {
            return error;
        }
    }
    if (lcf.api->write && lcf.api->tokens.empty()) {
        return refuse(cf, "write=on needs a token: write token_file=FILE too");
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
