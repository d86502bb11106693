#include "ngx/guard.h"

namespace edge::ngx {

void log_exception(std::exception_ptr failure) noexcept
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception &e) {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0, "edge cache: %s",
                      e.what());
    } catch (...) {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
                      "edge cache: unknown exception");
    }
}

} // namespace edge::ngx
