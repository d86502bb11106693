// Setters for directives whose arguments have variables, and for flags: made
// for one member of Location each, as nginx makes its slots for an offset.
#pragma once

#include "conf/arguments.h"
#include "conf/location.h"

namespace edge::conf {

// Compiles a part of an argument.
inline char *set_compiled(ngx_conf_t *cf, ngx::Value *&value,
                          std::string_view text)
{
    ngx_str_t source = ngx::str(text);
    value = ngx::compile(cf, &source);
    return value ? NGX_CONF_OK : static_cast<char *>(NGX_CONF_ERROR);
}

// One word out of a list.
template <typename T, std::size_t N>
char *set_choice(ngx_conf_t *cf, Setting<T> &setting,
                 const Choice<T> (&choices)[N])
{
    if (setting.set) {
        return duplicate();
    }
    setting.set = true;
    const std::string_view word = ngx::view(arguments(cf)[0]);
    return set_chosen(cf, setting.value, word, word, choices);
}

// One argument.
template <Setting<ngx::Value *> Location::*Member>
char *set_value(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<ngx::Value *> &setting = static_cast<Location *>(conf)->*Member;
    if (setting.set) {
        return duplicate();
    }
    setting = ngx::compile(cf, &arguments(cf)[0]);
    return setting.value ? NGX_CONF_OK : static_cast<char *>(NGX_CONF_ERROR);
}

// Any number of arguments.
template <Setting<std::vector<ngx::Value *>> Location::*Member>
char *set_values(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    auto &setting = static_cast<Location *>(conf)->*Member;
    if (setting.set) {
        return duplicate();
    }
    setting.set = true;
    for (ngx_str_t &argument : arguments(cf)) {
        ngx::Value *value = ngx::compile(cf, &argument);
        if (value == nullptr) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        setting.value.push_back(value);
    }
    return NGX_CONF_OK;
}

template <Setting<bool> Location::*Member>
char *set_flag(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<bool> choices[] = {{"on", true}, {"off", false}};

    return set_choice(cf, static_cast<Location *>(conf)->*Member, choices);
}

// A time, as nginx writes it, above 0.
template <Setting<Millis> Location::*Member>
char *set_time(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<Millis> &setting = static_cast<Location *>(conf)->*Member;
    if (setting.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto time = parse_time(word);
    if (!time || *time <= Millis(0)) {
        return refuse(cf, word, "write a time above 0, such as 5s or 500ms");
    }
    setting = *time;
    return NGX_CONF_OK;
}

} // namespace edge::conf
