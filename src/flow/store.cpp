#include "flow/store.h"

#include <algorithm>

#include "flow/variant.h"
#include "http/vary.h"
#include "invalidate/selector.h"

namespace edge::flow {

namespace {

using cache::Entry;
using cache::Reason;

std::string encode(const std::vector<std::string> &texts)
{
    cache::StringListBuilder list;
    for (const std::string &text : texts) {
        list.add(text);
    }
    return std::string(list.list().encoded());
}

// The names a stored record of the resource's Vary has, and those of the new
// answer: keying by more than is needed is safe, by less is not.
std::vector<std::string> merge_vary(Request &request,
                                    std::vector<std::string> names)
{
    const auto record = request.zone().find(request.identity->resource);
    if (record) {
        const auto decoded = cache::decode_head((*record)->head());
        const auto *entry = std::get_if<Entry>(&decoded);
        if (entry != nullptr && entry->key == request.identity->key) {
            cache::StringList known = entry->vary;
            while (const auto name = known.next()) {
                names.emplace_back(*name);
            }
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::string selectors_of(const Identity &identity, const FillPlan &plan)
{
    invalidate::EntryNames names;
    names.scheme = identity.scheme;
    names.authority = identity.authority;
    names.target = identity.target;
    names.custom_key = identity.custom_key;
    names.tags = plan.tags;
    return invalidate::selectors_of(names);
}

// The record that says by which fields the resource's variants differ. It
// carries nothing that could be purged.
Reason store_vary_record(Request &request, std::string_view names,
                         const Entry &object)
{
    Entry record = object;
    record.kind = cache::EntryKind::vary;
    record.status = 0;
    record.vary = cache::StringList(names);
    record.selectors = {};
    record.tags = {};
    record.fields = {};
    record.body_size = 0;

    const Hash128 &resource = request.identity->resource;
    return request.zone().put({resource, resource}, record, {});
}

Reason store(ngx_http_request_t *r, Request &request)
{
    FillPlan &plan = request.fill->plan();
    const Identity &identity = *request.identity;
    const std::vector<std::string> names = merge_vary(request, plan.vary);
    if (names.size() > http::Vary::max_names) {
        return Reason::vary_limit;
    }
    const std::string vary = encode(names);
    const std::string tags = encode(plan.tags);
    const std::string selectors = selectors_of(identity, plan);

    Entry &entry = plan.entry;
    entry.ticket = request.ticket;
    entry.key = identity.key;
    entry.tenant = identity.tenant;
    entry.selectors = selectors;
    entry.tags = cache::StringList(tags);
    entry.fields = cache::StringList(plan.fields);
    entry.body_size = request.fill->size();

    tier::ObjectName name{identity.resource, identity.resource};
    if (!vary.empty()) {
        const Reason reason = store_vary_record(request, vary, entry);
        if (reason != Reason::none) {
            return reason;
        }
        const VariantKey variant =
            variant_key(r->pool, identity, cache::StringList(vary),
                        request.fields, request.zone().secret());
        entry.key = variant.key;
        name.hash = variant.hash;
    }
    return request.zone().put(name, entry, request.fill->pieces());
}

} // namespace

void store_fill(ngx_http_request_t *r, Request &request)
{
    request.fill_ended = true;
    const Reason reason = request.fill->is_complete()
                              ? store(r, request)
                              : Reason::truncated;
    request.refuse(reason);

    shm::Counters &counters = request.zone().counters();
    if (reason == Reason::none) {
        counters.fills_stored.add();
    } else {
        counters.fills_aborted.add();
    }
}

} // namespace edge::flow
