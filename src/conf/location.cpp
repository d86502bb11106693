#include "conf/location.h"

#include "base/hash.h"
#include "conf/auth_check.h"
#include "conf/limit_directives.h"
#include "conf/main.h"
#include "ngx/pool.h"
#include "ngx/text.h"
#include "tier/zone.h"

namespace edge::conf {

namespace {

void inherit(Location &child, const Location &parent)
{
    child.zone.inherit(parent.zone);
    child.shadow.inherit(parent.shadow);
    child.tenant.inherit(parent.tenant);
    child.host.inherit(parent.host);
    child.key.inherit(parent.key);
    child.query.inherit(parent.query);
    child.valid.inherit(parent.valid);
    child.heuristic.inherit(parent.heuristic);
    child.ignored_fields.inherit(parent.ignored_fields);
    child.dropped_fields.inherit(parent.dropped_fields);
    child.methods.inherit(parent.methods);
    child.vary.inherit(parent.vary);
    child.tags.inherit(parent.tags);
    child.show_tags.inherit(parent.show_tags);
    child.authorization.inherit(parent.authorization);
    child.cookies.inherit(parent.cookies);
    child.cookie_names.inherit(parent.cookie_names);
    child.set_cookie.inherit(parent.set_cookie);
    child.bypass.inherit(parent.bypass);
    child.no_store.inherit(parent.no_store);
    child.invalidate.inherit(parent.invalidate);
    child.settle.inherit(parent.settle);
    child.purge.inherit(parent.purge);
    child.close_delimited.inherit(parent.close_delimited);
    child.client_control.inherit(parent.client_control);
    child.body_key.inherit(parent.body_key);
    child.ignore_client_abort.inherit(parent.ignore_client_abort);
    child.early_refresh.inherit(parent.early_refresh);
    child.ttl_jitter_percent.inherit(parent.ttl_jitter_percent);
    child.compression.inherit(parent.compression);
    child.fetch_limit.inherit(parent.fetch_limit);
    child.revalidate.inherit(parent.revalidate);
    child.use_stale.inherit(parent.use_stale);
    child.stale_s_maxage.inherit(parent.stale_s_maxage);
    child.background_update.inherit(parent.background_update);
    child.lock.inherit(parent.lock);
    child.lock_timeout.inherit(parent.lock_timeout);
    child.lock_age.inherit(parent.lock_age);
    child.max_size.inherit(parent.max_size);
    child.min_uses.inherit(parent.min_uses);
    child.status_header.inherit(parent.status_header);
    child.age_header.inherit(parent.age_header);
    child.label.inherit(parent.label);
    child.limits.inherit(parent.limits);
    child.limit_status.inherit(parent.limit_status);
    child.limit_headers.inherit(parent.limit_headers);
    child.limit_body.inherit(parent.limit_body);
    child.limit_fallback.inherit(parent.limit_fallback);
    child.limit_dry_run.inherit(parent.limit_dry_run);
    child.limit_log_level.inherit(parent.limit_log_level);
}

cache::Policy make_policy(const Location &lcf)
{
    cache::Policy policy;
    policy.authorization = lcf.authorization.value;
    policy.cookies = lcf.cookies.value;
    policy.set_cookie = lcf.set_cookie.value;
    policy.close_delimited = lcf.close_delimited.value;
    policy.client_control = lcf.client_control.value;
    policy.body_key = lcf.body_key.value;
    policy.ignored_fields = lcf.ignored_fields.value;
    policy.dropped_fields = lcf.dropped_fields.value;
    policy.methods = lcf.methods.value;
    policy.max_size = lcf.max_size.value;
    policy.valid = lcf.valid.value;
    policy.revalidate = lcf.revalidate.value;
    policy.use_stale = !lcf.use_stale.value.is_off;
    policy.stale = lcf.use_stale.value.rules;
    policy.stale_s_maxage = lcf.stale_s_maxage.value;
    policy.heuristic_percent = lcf.heuristic.value.percent;
    policy.heuristic_max = lcf.heuristic.value.max;
    return policy;
}

// Of what decides what a stored body means and who may have it; lifetimes are
// not among it.
std::uint64_t make_fingerprint(const Location &lcf)
{
    std::string text;
    text += static_cast<char>(lcf.authorization.value);
    text += static_cast<char>(lcf.cookies.value);
    text += static_cast<char>(lcf.set_cookie.value);
    text += lcf.ignored_fields.value & cache::kIgnoreVary ? '-' : 'v';
    for (const cache::VaryRule &rule : lcf.vary.value) {
        text.append(rule.name).append(",");
        text += static_cast<char>('0' + static_cast<int>(rule.normaliser));
        for (const std::string_view language : rule.offered) {
            text.append(language).append(",");
        }
    }
    // Nobody is ever served what was only stored to be compared.
    text += lcf.shadow.value ? 's' : ';';
    for (const std::string_view name : lcf.cookie_names.value) {
        text.append(name).append(",");
    }
    return hash64(text);
}

// The operator's endpoint is never cached, nor limited.
void keep_api_apart(Location &lcf)
{
    if (lcf.api != nullptr) {
        lcf.zone = nullptr;
        lcf.limits = std::vector<LimitUse>();
    }
}

std::string_view default_label(ngx_conf_t *cf)
{
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    return clcf->name.len != 0 ? ngx::view(clcf->name) : "server";
}

// A true `if` puts its own settings in place of its location's, but leaves the
// content handler there, and is no location of its own.
void inherit_own(ngx_conf_t *cf, Location &child, const Location &parent)
{
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (!clcf->noname) {
        return;
    }
    if (child.api == nullptr) {
        child.api = parent.api;
    }
    inherit_auth_check(child, parent);
}

bool is_location(ngx_conf_t *cf)
{
    const auto *clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    return clcf->noname || clcf->name.len != 0;
}

Location *make_auth_check(ngx_conf_t *cf, const Location &lcf)
{
    auto *check = ngx::pool_new<Location>(cf->pool, lcf);
    restrict_to_auth_checks(*check);
    check->policy = make_policy(*check);
    check->fingerprint = make_fingerprint(*check);
    return check;
}

} // namespace

void *create_location(ngx_conf_t *cf)
{
    return ngx::pool_new<Location>(cf->pool);
}

char *merge_location(ngx_conf_t *cf, void *parent, void *child)
{
    Location &lcf = *static_cast<Location *>(child);
    inherit(lcf, *static_cast<Location *>(parent));
    inherit_own(cf, lcf, *static_cast<Location *>(parent));
    keep_api_apart(lcf);

    if (char *error = check_limits(cf, lcf)) {
        return error;
    }
    if (lcf.zone.value == nullptr) {
        return NGX_CONF_OK;
    }
    if (lcf.authorization.value == cache::Authorization::tenant &&
        lcf.tenant.value == nullptr) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"edge_cache_authorization tenant\" shares answers "
                           "inside a tenant: write \"edge_cache_tenant\" too");
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    if (!lcf.body_key.value &&
        (lcf.methods.value & (cache::kMethodPost | cache::kMethodQuery))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "answers to POST and QUERY depend on the body: "
                           "write \"edge_cache_body_key on\" beside "
                           "\"edge_cache_methods\"");
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    lcf.zone.value->settings.has_tenants |= lcf.tenant.value != nullptr;
    lcf.policy = make_policy(lcf);
    lcf.fingerprint = make_fingerprint(lcf);
    lcf.label_index = main(cf).label(lcf.label.value.empty() ? default_label(cf)
                                                             : lcf.label.value);
    if (lcf.zone.set && is_location(cf)) {
        lcf.auth_check = make_auth_check(cf, lcf);
    }
    return NGX_CONF_OK;
}

} // namespace edge::conf
