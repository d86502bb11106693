#include "conf/stale_directives.h"

#include "conf/arguments.h"
#include "conf/location.h"
#include "conf/values.h"

namespace edge::conf {

namespace {

constexpr Choice<std::uint32_t> kCauses[] = {
    {"error", cache::kStaleError},     {"timeout", cache::kStaleTimeout},
    {"updating", cache::kStaleUpdating}, {"http_500", cache::kStale500},
    {"http_502", cache::kStale502},    {"http_503", cache::kStale503},
    {"http_504", cache::kStale504},    {"http_403", cache::kStale403},
    {"http_404", cache::kStale404},    {"http_429", cache::kStale429},
};

constexpr Millis kDefaultTime = std::chrono::hours(1);

} // namespace

char *set_use_stale(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<UseStale> &setting = static_cast<Location *>(conf)->use_stale;
    const auto words = arguments(cf);
    const bool is_off = words.size() == 1 && ngx::view(words[0]) == "off";
    if (setting.set && (is_off || setting.value.is_off)) {
        return refuse(cf, "write \"off\" alone, or no \"off\"");
    }
    setting.set = true;
    if (is_off) {
        setting.value.is_off = true;
        return NGX_CONF_OK;
    }

    cache::StaleRule rule{0, kDefaultTime};
    for (const ngx_str_t &word : words) {
        const auto cause = choose(ngx::view(word), kCauses);
        const auto time = cause || &word != &words.back() || rule.causes == 0
                              ? std::nullopt
                              : parse_time(ngx::view(word));
        if (!cause && (!time || *time <= Millis(0))) {
            return refuse(cf, ngx::view(word),
                          what_to_write(kCauses) +
                              ", and at most a time behind them, such as 10m");
        }
        rule.causes |= cause.value_or(0);
        rule.time = time.value_or(rule.time);
    }
    setting.value.rules.push_back(rule);
    return NGX_CONF_OK;
}

char *set_stale_s_maxage(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<bool> choices[] = {{"allow", true},
                                               {"forbid", false}};

    return set_choice(cf, static_cast<Location *>(conf)->stale_s_maxage,
                      choices);
}

} // namespace edge::conf
