#include "conf/arguments.h"

#include "base/text.h"

namespace edge::conf {

char *refuse(ngx_conf_t *cf, std::string_view value, std::string_view write)
{
    ngx_str_t name = ngx::str(directive(cf));
    ngx_str_t bad = ngx::str(value);
    ngx_str_t help = ngx::str(write);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\": %V", &bad, &name,
                       &help);
    return static_cast<char *>(NGX_CONF_ERROR);
}

char *refuse(ngx_conf_t *cf, std::string_view write)
{
    ngx_str_t name = ngx::str(directive(cf));
    ngx_str_t help = ngx::str(write);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %V", &name, &help);
    return static_cast<char *>(NGX_CONF_ERROR);
}

char *set_count(ngx_conf_t *cf, std::uint32_t most, std::uint32_t &count)
{
    const auto words = arguments(cf);
    const std::string_view word = ngx::view(words[0]);
    if (word == "off" && words.size() == 1) {
        count = 0;
        return NGX_CONF_OK;
    }
    const auto number = parse_decimal(word, most + 1);
    if (!number || *number == 0 || *number > most) {
        return refuse(cf, word,
                      "write a number from 1 to " + std::to_string(most) +
                          ", or \"off\" alone");
    }
    count = static_cast<std::uint32_t>(*number);
    return NGX_CONF_OK;
}

std::optional<Millis> parse_time(std::string_view text)
{
    ngx_str_t value = ngx::str(text);
    const ngx_int_t millis = ngx_parse_time(&value, 0);
    if (millis == NGX_ERROR) {
        return std::nullopt;
    }
    return Millis(millis);
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    ngx_str_t value = ngx::str(text);
    const ssize_t size = ngx_parse_size(&value);
    if (size == NGX_ERROR) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(size);
}

std::optional<std::uint32_t> parse_percent(std::string_view text)
{
    if (!text.ends_with('%')) {
        return std::nullopt;
    }
    text.remove_suffix(1);
    const auto percent = parse_decimal(text, 1000);
    if (!percent || *percent < 1 || *percent > 100) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*percent);
}

std::optional<NamedSize> parse_named_size(std::string_view word)
{
    const std::string_view name = word.substr(0, word.find(':'));
    if (name.size() == word.size() || !is_zone_name(name)) {
        return std::nullopt;
    }
    const auto size = parse_size(word.substr(name.size() + 1));
    if (!size) {
        return std::nullopt;
    }
    return NamedSize{name, *size};
}

bool is_zone_name(std::string_view name)
{
    return !name.empty() && name.size() <= 64 &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_digit(c) || c == '_' || c == '-' || c == '.' ||
                      (lower(c) >= 'a' && lower(c) <= 'z');
           });
}

std::optional<std::string_view> parameter(std::string_view word,
                                          std::string_view name)
{
    if (!word.starts_with(name) || word.size() <= name.size() ||
        word[name.size()] != '=') {
        return std::nullopt;
    }
    return word.substr(name.size() + 1);
}

} // namespace edge::conf
