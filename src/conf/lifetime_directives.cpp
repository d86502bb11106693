#include "conf/lifetime_directives.h"

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/location.h"

namespace edge::conf {

namespace {

Location &location_of(void *conf)
{
    return *static_cast<Location *>(conf);
}

std::optional<std::uint16_t> parse_valid_status(std::string_view word)
{
    if (word == "any") {
        return 0;
    }
    const auto status = parse_decimal(word, 1000);
    if (!status || *status < 200 || *status > 599) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(*status);
}

} // namespace

char *set_valid(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    // nginx's own meaning of a time alone.
    static constexpr std::uint16_t usual[] = {200, 301, 302};

    Setting<std::vector<cache::ValidRule>> &valid = location_of(conf).valid;
    const auto words = arguments(cf);
    const auto lifetime = parse_time(ngx::view(words.back()));
    if (!lifetime) {
        return refuse(cf, ngx::view(words.back()),
                      "write a time as the last word, such as 60s or 500ms");
    }

    valid.set = true;
    for (const ngx_str_t &word : words.first(words.size() - 1)) {
        const auto status = parse_valid_status(ngx::view(word));
        if (!status) {
            return refuse(cf, ngx::view(word),
                          "write a status from 200 to 599, or \"any\"");
        }
        valid.value.push_back({*status, *lifetime});
    }
    if (words.size() == 1) {
        for (const std::uint16_t status : usual) {
            valid.value.push_back({status, *lifetime});
        }
    }
    return NGX_CONF_OK;
}

char *set_heuristic(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<Heuristic> &setting = location_of(conf).heuristic;
    if (setting.set) {
        return duplicate();
    }
    Heuristic heuristic;
    const auto words = arguments(cf);
    if (const std::string_view word = ngx::view(words[0]); word != "off") {
        const auto percent = parse_percent(word);
        if (!percent) {
            return refuse(cf, word, "write a part from 1% to 100%, or \"off\"");
        }
        heuristic.percent = *percent;
    }
    if (words.size() > 1) {
        const std::string_view word = ngx::view(words[1]);
        const auto max = parse_time(parameter(word, "max").value_or(""));
        if (!max) {
            return refuse(cf, word, "write max=TIME, such as max=24h");
        }
        heuristic.max = *max;
    }
    setting = heuristic;
    return NGX_CONF_OK;
}

char *set_early_refresh(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    constexpr std::uint64_t most = 1000;
    Setting<std::uint32_t> &setting = location_of(conf).early_refresh;
    if (setting.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const std::uint64_t factor =
        word == "off" ? 0 : parse_decimal(word, most + 1).value_or(0);
    if (word != "off" && (factor == 0 || factor > most)) {
        return refuse(cf, word, "write \"off\" or a number from 1 to 1000");
    }
    setting = static_cast<std::uint32_t>(factor);
    return NGX_CONF_OK;
}

char *set_ttl_jitter(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    constexpr std::uint32_t most = 50;
    Setting<std::uint32_t> &setting = location_of(conf).ttl_jitter_percent;
    if (setting.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const std::uint32_t percent =
        word == "off" ? 0 : parse_percent(word).value_or(0);
    if (word != "off" && (percent == 0 || percent > most)) {
        return refuse(cf, word, "write \"off\" or a part from 1% to 50%");
    }
    setting = percent;
    return NGX_CONF_OK;
}

} // namespace edge::conf
