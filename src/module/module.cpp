// Every entry that nginx has into this module.

#include "conf/location.h"
#include "conf/main.h"
#include "flow/capture.h"
#include "flow/log.h"
#include "flow/preaccess.h"
#include "flow/precontent.h"
#include "module/directives.h"
#include "module/variables.h"
#include "module/worker.h"
#include "ngx/guard.h"
#include "ngx/nginx.h"

namespace edge::module {

namespace {

using ngx::guard;

ngx_int_t add_handler(ngx_conf_t *cf, ngx_http_phases phase,
                      ngx_http_handler_pt handler)
{
    auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    void *place = ngx_array_push(&cmcf->phases[phase].handlers);
    if (place == nullptr) {
        return NGX_ERROR;
    }
    *static_cast<ngx_http_handler_pt *>(place) = handler;
    return NGX_OK;
}

ngx_int_t postconfiguration(ngx_conf_t *cf)
{
    flow::install_filters();
    conf::main(cf).server_names = ngx::ServerNames(cf);

    // Handlers of a phase run in reverse order, and a dynamic module is the
    // last to register: before try_files and mirror.
    if (add_handler(cf, NGX_HTTP_PREACCESS_PHASE,
                    guard<&flow::on_preaccess, NGX_DECLINED>) != NGX_OK ||
        add_handler(cf, NGX_HTTP_PRECONTENT_PHASE,
                    flow::kOnPrecontent) != NGX_OK) {
        return NGX_ERROR;
    }
    return add_handler(cf, NGX_HTTP_LOG_PHASE,
                       guard<&flow::on_log, NGX_OK>);
}

ngx_http_module_t context = {
    guard<&add_variables, NGX_ERROR>,
    guard<&postconfiguration, NGX_ERROR>,
    guard<&conf::create_main>,
    guard<&conf::init_main>,
    nullptr,
    nullptr,
    guard<&conf::create_location>,
    guard<&conf::merge_location>,
};

} // namespace

} // namespace edge::module

ngx_module_t ngx_http_edge_cache_module = {
    NGX_MODULE_V1,
    &edge::module::context,
    edge::module::directives,
    NGX_HTTP_MODULE,
    nullptr, // init master
    edge::ngx::guard<&edge::module::init_module, NGX_ERROR>,
    edge::ngx::guard<&edge::module::init_worker, NGX_ERROR>,
    nullptr, // init thread
    nullptr, // exit thread
    edge::ngx::guard<&edge::module::exit_worker>,
    nullptr, // exit master
    NGX_MODULE_V1_PADDING,
};
