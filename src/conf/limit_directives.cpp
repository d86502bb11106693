#include "conf/limit_directives.h"

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/location.h"
#include "conf/values.h"

namespace edge::conf {

namespace {

char *set_headers_parameter(ngx_conf_t *cf, LimitHeaders &headers,
                            std::string_view word)
{
    if (const auto reset = parameter(word, "reset")) {
        headers.epoch = *reset == "epoch";
        return headers.epoch || *reset == "delta"
                   ? NGX_CONF_OK
                   : refuse(cf, word, "write reset=delta or reset=epoch");
    }
    const auto text = parameter(word, "retry_after_jitter");
    if (!text) {
        return refuse(cf, word, "write reset=epoch or retry_after_jitter=10%");
    }
    const bool is_percentage = text->ends_with('%');
    const auto percent =
        parse_decimal(text->substr(0, text->size() - is_percentage), 101);
    if (!is_percentage || !percent || *percent > 100) {
        return refuse(cf, word, "write retry_after_jitter= from 0% to 100%");
    }
    headers.jitter = *percent;
    return NGX_CONF_OK;
}

char *set_fallback_parameter(ngx_conf_t *cf, LimitFallback &fallback,
                             std::string_view word)
{
    if (const auto text = parameter(word, "after")) {
        const auto after = parse_time(*text);
        if (!after || *after < Millis(1) || *after > Millis(1000)) {
            return refuse(cf, word, "write after= from 1ms to 1s");
        }
        fallback.after = *after;
        return NGX_CONF_OK;
    }
    const auto instances = parameter(word, "instances");
    if (!instances) {
        return refuse(cf, word,
                      "write instances=auto, instances=N or after=5ms");
    }
    if (*instances == "auto") {
        return NGX_CONF_OK;
    }
    const auto count = parse_decimal(*instances, 10001);
    if (!count || *count < 1 || *count > 10000) {
        return refuse(cf, word,
                      "write instances=auto, or a number from 1 to 10000");
    }
    fallback.instances = *count;
    return NGX_CONF_OK;
}

// One word of a list, and parameters behind it.
template <typename T, std::size_t N>
char *set_kind(ngx_conf_t *cf, Setting<T> &setting,
               const Choice<typename T::Kind> (&choices)[N],
               char *(*set_parameter)(ngx_conf_t *, T &, std::string_view))
{
    if (setting.set) {
        return duplicate();
    }
    const auto words = arguments(cf);
    T value;
    const std::string_view kind = ngx::view(words[0]);
    if (char *error = set_chosen(cf, value.kind, kind, kind, choices)) {
        return error;
    }
    for (const ngx_str_t &word : words.subspan(1)) {
        if (char *error = set_parameter(cf, value, ngx::view(word))) {
            return error;
        }
    }
    setting = value;
    return NGX_CONF_OK;
}

} // namespace

char *set_limit_status(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<ngx_uint_t> &status = static_cast<Location *>(conf)->limit_status;
    if (status.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto number = parse_decimal(word, 1000);
    if (!number || *number < 400 || *number > 599) {
        return refuse(cf, word, "write a status from 400 to 599");
    }
    status = static_cast<ngx_uint_t>(*number);
    return NGX_CONF_OK;
}

char *set_limit_headers(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using Kind = LimitHeaders::Kind;
    static constexpr Choice<Kind> choices[] = {{"off", Kind::off},
                                               {"draft", Kind::draft},
                                               {"legacy", Kind::legacy},
                                               {"both", Kind::both}};

    return set_kind(cf, static_cast<Location *>(conf)->limit_headers, choices,
                    &set_headers_parameter);
}

char *set_limit_log_level(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<ngx_uint_t> choices[] = {{"info", NGX_LOG_INFO},
                                                     {"notice", NGX_LOG_NOTICE},
                                                     {"warn", NGX_LOG_WARN},
                                                     {"error", NGX_LOG_ERR}};
    return set_choice(cf, static_cast<Location *>(conf)->limit_log_level,
                      choices);
}

char *set_limit_body(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using Kind = LimitBody::Kind;

    Setting<LimitBody> &setting = static_cast<Location *>(conf)->limit_body;
    if (setting.set) {
        return duplicate();
    }
    const auto words = arguments(cf);
    const std::string_view text = ngx::view(words[0]);
    const bool named = text == "problem" || text == "off";

    LimitBody body;
    body.kind = text == "problem" ? Kind::problem
                : text == "off"   ? Kind::none
                                  : Kind::custom;
    body.type = ngx::str("application/json");
    if (words.size() > 1) {
        const auto type = parameter(ngx::view(words[1]), "type");
        if (!type || type->empty() || named) {
            return refuse(cf, ngx::view(words[1]),
                          "write type=TYPE behind a body of your own, or "
                          "nothing");
        }
        body.type = ngx::str(*type);
    }
    if (!named) {
        if (char *error = set_compiled(cf, body.text, text)) {
            return error;
        }
    }
    setting = body;
    return NGX_CONF_OK;
}

char *set_limit_fallback(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using Kind = LimitFallback::Kind;
    static constexpr Choice<Kind> choices[] = {
        {"local", Kind::local}, {"open", Kind::open}, {"closed", Kind::closed}};

    return set_kind(cf, static_cast<Location *>(conf)->limit_fallback, choices,
                    &set_fallback_parameter);
}

} // namespace edge::conf
