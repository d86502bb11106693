// nginx's headers: the only place that includes them. First in every file
// that needs it, as they settle the width of off_t.
#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include <ngx_http.h>
}

extern "C" ngx_module_t ngx_http_edge_cache_module;
