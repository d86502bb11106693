#include "conf/api.h"

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/location.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

constexpr std::size_t kMinToken = 16;

// The first line of the file.
std::optional<std::string> read_token(ngx_conf_t *cf, std::string_view path)
{
    ngx_str_t name = ngx::str(ngx::pool_copy(cf->pool, path));
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return std::nullopt;
    }
    std::ifstream file(std::string(ngx::view(name)));
    std::string line;
    if (!std::getline(file, line)) {
        return std::nullopt;
    }
    return std::string(trim_ows(line.substr(0, line.find('\r'))));
}

char *set_token(ngx_conf_t *cf, Api &api, std::string_view path)
{
    const auto token = read_token(cf, path);
    if (!token) {
        return refuse(cf, path, "write the name of a file that can be read");
    }
    if (token->size() < kMinToken) {
        return refuse(cf, path,
                      "write a token of 16 characters or more into the first "
                      "line of that file");
    }
    api.token = sha256(*token);
    return NGX_CONF_OK;
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
        return set_token(cf, api, *path);
    }
    return refuse(cf, word, "write write=on, token_file=FILE, or nothing");
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
    if (lcf.api->write && !lcf.api->token) {
        return refuse(cf, "write=on needs a token: write token_file=FILE too");
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
