// A log that says where its lines come from.
#pragma once

#include <string>
#include <string_view>

#include "ngx/nginx.h"
#include "ngx/text.h"

namespace edge::ngx {

// A copy of the worker's log whose lines end in ", while " and a context.
class ContextLog
{
public:
    explicit ContextLog(const ngx_log_t &base)
        : log_(base), level_(base.log_level)
    {
        log_.handler = &ContextLog::append_context;
        log_.data = this;
    }
    ContextLog(const ContextLog &) = delete;
    ContextLog &operator=(const ContextLog &) = delete;

    void set_context(std::string_view context) { context_ = context; }

    // Keeps back all but what must never happen: for what is tried again and
    // again, after its first failure was told.
    void set_quiet(bool quiet)
    {
        log_.log_level = quiet ? ngx_uint_t{NGX_LOG_ALERT} : level_;
    }

    ngx_log_t *get() { return &log_; }

private:
    static u_char *append_context(ngx_log_t *log, u_char *buffer,
                                  size_t size) noexcept
    {
        const auto *self = static_cast<ContextLog *>(log->data);
        ngx_str_t context = str(self->context_);
        return ngx_snprintf(buffer, size, ", while %V", &context);
    }

    ngx_log_t log_;
    ngx_uint_t level_;
    std::string context_;
};

} // namespace edge::ngx
