#include "module/directives.h"

#include "api/handler.h"
#include "conf/api.h"
#include "conf/cache_directives.h"
#include "conf/cache_zone.h"
#include "conf/compress.h"
#include "conf/fetch_limit.h"
#include "conf/lifetime_directives.h"
#include "conf/limit_directives.h"
#include "conf/limit_zone.h"
#include "conf/main.h"
#include "conf/prime.h"
#include "conf/redis_block.h"
#include "conf/settle.h"
#include "conf/stale_directives.h"
#include "conf/values.h"
#include "conf/warm_file.h"
#include "conf/warm_start.h"
#include "flow/explain.h"
#include "flow/warm.h"
#include "ngx/guard.h"

namespace edge::module {

namespace {

using conf::Location;
using ngx::guard;

using Setter = char *(*) (ngx_conf_t *, ngx_command_t *, void *);

constexpr ngx_uint_t kAnyLevel =
    NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

// nginx never writes through the name.
inline ngx_str_t name(const char *text, std::size_t size)
{
    return {size, reinterpret_cast<u_char *>(const_cast<char *>(text))};
}

template <std::size_t N>
ngx_command_t http(const char (&text)[N], ngx_uint_t arguments, Setter set)
{
    return {name(text, N - 1),
            NGX_HTTP_MAIN_CONF | arguments,
            set,
            NGX_HTTP_MAIN_CONF_OFFSET,
            0,
            nullptr};
}

template <std::size_t N>
ngx_command_t any(const char (&text)[N], ngx_uint_t arguments, Setter set)
{
    return {name(text, N - 1), kAnyLevel | arguments,
            set,               NGX_HTTP_LOC_CONF_OFFSET,
            0,                 nullptr};
}

// What needs the way of a request to be answered.
constexpr api::Route kFlowRoutes[] = {
    {"explain", NGX_HTTP_GET | NGX_HTTP_POST, "GET, POST",
     &flow::answer_explain},
    {"warm", NGX_HTTP_GET | NGX_HTTP_POST, "GET, POST", &flow::answer_warm},
    {"warm/", NGX_HTTP_GET, "GET", &flow::answer_warm_job},
};

ngx_int_t answer_api(ngx_http_request_t *r)
{
    return api::handle(r, kFlowRoutes);
}

char *set_api(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    char *result = conf::set_api(cf, command, conf);
    if (result == NGX_CONF_OK) {
        auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
            ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
        clcf->handler =
            guard<&answer_api, NGX_HTTP_INTERNAL_SERVER_ERROR>;
    }
    return result;
}

} // namespace

ngx_command_t directives[] = {
    {name("edge_redis", 10),
     NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1,
     guard<&conf::set_redis>, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
    http("edge_cache_zone", NGX_CONF_1MORE, guard<&conf::set_cache_zone>),
    http("edge_cache_instance", NGX_CONF_TAKE1, guard<&conf::set_instance>),
    http("edge_cache_fill_memory", NGX_CONF_TAKE1,
         guard<&conf::set_fill_memory>),
    http("edge_cache_lock_waits", NGX_CONF_TAKE1,
         guard<&conf::set_lock_waits>),
    http("edge_cache_prime", NGX_CONF_TAKE12, guard<&conf::set_prime>),
    http("edge_cache_warm_file", NGX_CONF_TAKE12,
         guard<&conf::set_warm_file>),
    http("edge_cache_warm_start", NGX_CONF_TAKE12,
         guard<&conf::set_warm_start>),

    any("edge_cache", NGX_CONF_TAKE12, guard<&conf::set_cache>),
    any("edge_cache_tenant", NGX_CONF_TAKE1,
        guard<&conf::set_value<&Location::tenant>>),
    any("edge_cache_host", NGX_CONF_TAKE1,
        guard<&conf::set_value<&Location::host>>),
    any("edge_cache_key", NGX_CONF_TAKE1,
        guard<&conf::set_value<&Location::key>>),
    any("edge_cache_valid", NGX_CONF_1MORE, guard<&conf::set_valid>),
    any("edge_cache_heuristic", NGX_CONF_TAKE12,
        guard<&conf::set_heuristic>),
    any("edge_cache_ignore_headers", NGX_CONF_1MORE,
        guard<&conf::set_ignore_headers>),
    any("edge_cache_drop_headers", NGX_CONF_1MORE,
        guard<&conf::set_drop_headers>),
    any("edge_cache_age_header", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::age_header>>),
    any("edge_cache_methods", NGX_CONF_1MORE, guard<&conf::set_methods>),
    any("edge_cache_query", NGX_CONF_1MORE, guard<&conf::set_query>),
    any("edge_cache_status_header", NGX_CONF_TAKE1,
        guard<&conf::set_status_header>),
    any("edge_cache_vary", NGX_CONF_1MORE, guard<&conf::set_vary>),
    any("edge_cache_tags", NGX_CONF_1MORE,
        guard<&conf::set_values<&Location::tags>>),
    any("edge_cache_show_tags", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::show_tags>>),
    any("edge_cache_authorization", NGX_CONF_TAKE1,
        guard<&conf::set_authorization>),
    any("edge_cache_cookies", NGX_CONF_1MORE, guard<&conf::set_cookies>),
    any("edge_cache_set_cookie", NGX_CONF_TAKE1,
        guard<&conf::set_set_cookie>),
    any("edge_cache_bypass", NGX_CONF_1MORE,
        guard<&conf::set_values<&Location::bypass>>),
    any("edge_cache_no_store", NGX_CONF_1MORE,
        guard<&conf::set_values<&Location::no_store>>),
    any("edge_cache_body_key", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::body_key>>),
    any("edge_cache_client_control", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::client_control>>),
    any("edge_cache_close_delimited", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::close_delimited>>),
    any("edge_cache_early_refresh", NGX_CONF_TAKE1,
        guard<&conf::set_early_refresh>),
    any("edge_cache_compress", NGX_CONF_TAKE123,
        guard<&conf::set_compress>),
    any("edge_cache_ttl_jitter", NGX_CONF_TAKE1,
        guard<&conf::set_ttl_jitter>),
    any("edge_cache_fetch_limit", NGX_CONF_TAKE123,
        guard<&conf::set_fetch_limit>),
    any("edge_cache_ignore_client_abort", NGX_CONF_TAKE1,
        guard<&conf::set_ignore_client_abort>),
    any("edge_cache_revalidate", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::revalidate>>),
    any("edge_cache_use_stale", NGX_CONF_1MORE, guard<&conf::set_use_stale>),
    any("edge_cache_stale_s_maxage", NGX_CONF_TAKE1,
        guard<&conf::set_stale_s_maxage>),
    any("edge_cache_background_update", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::background_update>>),
    any("edge_cache_invalidate", NGX_CONF_TAKE1,
        guard<&conf::set_invalidate>),
    any("edge_cache_settle", NGX_CONF_TAKE1, guard<&conf::set_settle>),
    any("edge_cache_purge", NGX_CONF_TAKE1,
        guard<&conf::set_value<&Location::purge>>),
    any("edge_cache_lock", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::lock>>),
    any("edge_cache_lock_timeout", NGX_CONF_TAKE1,
        guard<&conf::set_time<&Location::lock_timeout>>),
    any("edge_cache_lock_age", NGX_CONF_TAKE1,
        guard<&conf::set_time<&Location::lock_age>>),
    any("edge_cache_max_size", NGX_CONF_TAKE1, guard<&conf::set_max_size>),
    any("edge_cache_min_uses", NGX_CONF_TAKE1, guard<&conf::set_min_uses>),
    any("edge_cache_label", NGX_CONF_TAKE1, guard<&conf::set_label>),

    http("edge_limit_zone", NGX_CONF_2MORE, guard<&conf::set_limit_zone>),
    any("edge_limit", NGX_CONF_1MORE, guard<&conf::set_limit>),
    any("edge_limit_status", NGX_CONF_TAKE1, guard<&conf::set_limit_status>),
    any("edge_limit_headers", NGX_CONF_TAKE123,
        guard<&conf::set_limit_headers>),
    any("edge_limit_body", NGX_CONF_TAKE12, guard<&conf::set_limit_body>),
    any("edge_limit_fallback", NGX_CONF_TAKE123,
        guard<&conf::set_limit_fallback>),
    any("edge_limit_dry_run", NGX_CONF_TAKE1,
        guard<&conf::set_flag<&Location::limit_dry_run>>),
    any("edge_limit_log_level", NGX_CONF_TAKE1,
        guard<&conf::set_limit_log_level>),

    {name("edge_api", 8), NGX_HTTP_LOC_CONF | NGX_CONF_ANY,
     guard<&set_api>, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr},

    ngx_null_command,
};

} // namespace edge::module
