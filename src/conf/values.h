// Setters for directives whose arguments have variables, and for flags: made
// for one member of Location each, as nginx makes its slots for an offset.
#pragma once

#include "conf/arguments.h"
#include "conf/location.h"

namespace edge::conf {

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

    Setting<bool> &setting = static_cast<Location *>(conf)->*Member;
    if (setting.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto value = choose(word, choices);
    if (!value) {
        return refuse(cf, word, what_to_write(choices));
    }
    setting = *value;
    return NGX_CONF_OK;
}

} // namespace edge::conf
