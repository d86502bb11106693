#include "conf/settle.h"

#include "conf/arguments.h"
#include "conf/location.h"
#include "invalidate/record.h"
#include "ngx/text.h"

namespace edge::conf {

char *set_settle(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<Millis> &settle = static_cast<Location *>(conf)->settle;
    if (settle.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto time = word == "off" ? Millis(0) : parse_time(word);
    if (!time || *time > invalidate::kMaxSettle) {
        return refuse(cf, word, "write \"off\" or a time up to 60s");
    }
    settle = *time;
    return NGX_CONF_OK;
}

} // namespace edge::conf
