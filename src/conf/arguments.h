// Reading a directive's arguments: every refusal names the directive, the
// value, and what to write instead.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ngx/nginx.h"
#include "ngx/text.h"

namespace edge::conf {

// The arguments behind the directive's name.
inline std::span<ngx_str_t> arguments(ngx_conf_t *cf)
{
    auto *words = static_cast<ngx_str_t *>(cf->args->elts);
    return {words + 1, cf->args->nelts - 1};
}

inline std::string_view directive(ngx_conf_t *cf)
{
    return ngx::view(static_cast<ngx_str_t *>(cf->args->elts)[0]);
}

// Logs `invalid value "..." in "directive", <write>` and returns
// NGX_CONF_ERROR. `write` says what to write.
char *refuse(ngx_conf_t *cf, std::string_view value, std::string_view write);

// The same without a value.
char *refuse(ngx_conf_t *cf, std::string_view write);

inline char *duplicate()
{
    return const_cast<char *>("is duplicate");
}

template <typename T> struct Choice
{
    std::string_view word;
    T value;
};

template <typename T, std::size_t N>
std::optional<T> choose(std::string_view word, const Choice<T> (&choices)[N])
{
    for (const Choice<T> &choice : choices) {
        if (choice.word == word) {
            return choice.value;
        }
    }
    return std::nullopt;
}

// `write "a", "b" or "c"`
template <typename T, std::size_t N>
std::string what_to_write(const Choice<T> (&choices)[N])
{
    std::string text = "write ";
    for (std::size_t i = 0; i < N; i++) {
        text += i == 0 ? "\"" : i + 1 == N ? "\" or \"" : "\", \"";
        text += choices[i].word;
    }
    return text + "\"";
}

// What is chosen by `text`, which is `word` or a part of it.
template <typename T, std::size_t N>
char *set_chosen(ngx_conf_t *cf, T &value, std::string_view word,
                 std::string_view text, const Choice<T> (&choices)[N])
{
    const std::optional<T> chosen = choose(text, choices);
    if (!chosen) {
        return refuse(cf, word, what_to_write(choices));
    }
    value = *chosen;
    return NGX_CONF_OK;
}

// The first argument: a number from 1 to `most`, or "off" alone, which is 0.
char *set_count(ngx_conf_t *cf, std::uint32_t most, std::uint32_t &count);

// nginx's times: 10m, 1h30m, 500ms. Nullopt when it is none.
std::optional<Millis> parse_time(std::string_view text);
// nginx's sizes: 64k, 1m.
std::optional<std::uint64_t> parse_size(std::string_view text);
// 1% to 100%.
std::optional<std::uint32_t> parse_percent(std::string_view text);

// The NAME:SIZE of a zone in shared memory.
struct NamedSize
{
    std::string_view name;
    std::uint64_t size;
};
inline constexpr std::string_view kNamedSizeSyntax =
    "write NAME:SIZE, such as api:64m; a name has letters, digits, and - _ . "
    "only";
std::optional<NamedSize> parse_named_size(std::string_view word);
bool is_zone_name(std::string_view name);

// `name=value` when the word starts so.
std::optional<std::string_view> parameter(std::string_view word,
                                          std::string_view name);

} // namespace edge::conf
