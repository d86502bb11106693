#include "flow/query.h"

#include <optional>
#include <span>
#include <string>

#include "cache/query_rules.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::flow {

namespace {

// nullopt where the rules change nothing.
std::optional<std::string> by_rules(const cache::QueryRules &rules,
                                    std::string_view target)
{
    const std::size_t mark = target.find('?');
    if (mark == target.npos) {
        return std::nullopt;
    }
    const auto query = cache::apply(rules, target.substr(mark + 1));
    if (!query) {
        return std::nullopt;
    }
    std::string changed(target.substr(0, query->empty() ? mark : mark + 1));
    return changed.append(*query);
}

// $request_uri keeps a value that was taken before: a proxy_pass with it in it
// would ask for another resource than the key names.
void forget_request_uri(ngx_http_request_t *r)
{
    const auto *cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const std::span variables(
        static_cast<ngx_http_variable_t *>(cmcf->variables.elts),
        cmcf->variables.nelts);
    for (std::size_t i = 0; i < variables.size(); i++) {
        if (ngx::view(variables[i].name) == "request_uri") {
            r->variables[i].valid = 0;
            r->variables[i].not_found = 0;
        }
    }
}

} // namespace

Target target_of(const ngx_http_request_t *r)
{
    return {r->args, r->unparsed_uri};
}

void restore_target(ngx_http_request_t *r, const Target &target)
{
    if (target.unparsed_uri.data != r->unparsed_uri.data) {
        r->unparsed_uri = target.unparsed_uri;
        forget_request_uri(r);
    }
    r->args = target.args;
}

void rewrite_query(ngx_http_request_t *r, const conf::Location &lcf)
{
    const cache::QueryRules &rules = lcf.query.value;
    if (const auto query = cache::apply(rules, ngx::view(r->args))) {
        r->args = ngx::str(ngx::pool_copy(r->pool, *query));
    }
    // Not the same after a rewrite: origins may be told either.
    if (const auto target = by_rules(rules, ngx::view(r->unparsed_uri))) {
        r->unparsed_uri = ngx::str(ngx::pool_copy(r->pool, *target));
        forget_request_uri(r);
    }
}

} // namespace edge::flow
