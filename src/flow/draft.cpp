#include "flow/draft.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "http/vary.h"
#include "invalidate/selector.h"

namespace edge::flow {

namespace {

// The names that are known, and those of the new answer: keying by more than
// is needed is safe, by less is not.
std::vector<std::string> merge_vary(const Request &request,
                                    std::vector<std::string> names)
{
    for (std::string &name : known_vary(request)) {
        names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::string selectors_of(Request &request, const FillPlan &plan)
{
    invalidate::EntryNames names = names_of(*request.identity);
    names.tags = plan.tags;
    names.groups = plan.groups;
    std::string selectors = selectors_of(request);
    invalidate::add_selectors_of_answer(selectors, names);
    return selectors;
}

} // namespace

Draft::Draft(ngx_http_request_t *r, Request &request, const FillPlan &plan,
             std::uint64_t body_size)
    : identity_(*request.identity),
      is_only_here_(request.redis() == nullptr), entry_(plan.entry)
{
    const std::vector<std::string> names = merge_vary(request, plan.vary);
    is_named_ = names.size() <= http::Vary::max_names;
    if (!is_named_) {
        return;
    }
    vary_ = encode(names);
    tags_ = encode(plan.tags);
    selectors_ = selectors_of(request, plan);
    if (!names.empty()) {
        variant_ = variant_key(r->pool, request, cache::StringList(vary_));
    }
    entry_.ticket = request.ticket;
    entry_.key = variant_ ? variant_->key : identity_.key;
    entry_.tenant = identity_.tenant;
    entry_.selectors = selectors_;
    entry_.tags = cache::StringList(tags_);
    entry_.fields = cache::StringList(plan.fields);
    entry_.body_size = body_size;
}

tier::ObjectName Draft::name() const
{
    return {variant_ ? variant_->hash : identity_.resource,
            identity_.resource, is_only_here_};
}

tier::RedisName Draft::redis_name() const
{
    return {identity_.key, variant_ ? variant_->key : std::string_view()};
}

// It carries nothing that could be purged.
std::optional<cache::Entry> Draft::vary_record() const
{
    if (!variant_) {
        return std::nullopt;
    }
    cache::Entry record = entry_;
    record.kind = cache::EntryKind::vary;
    record.status = 0;
    record.key = identity_.key;
    record.vary = cache::StringList(vary_);
    record.selectors = {};
    record.tags = {};
    record.fields = {};
    record.body_size = 0;
    record.identity_size = 0;
    return record;
}

tier::ObjectName Draft::resource() const
{
    return {identity_.resource, identity_.resource, is_only_here_};
}

tier::RedisName Draft::redis_resource() const
{
    return {identity_.key, {}};
}

} // namespace edge::flow
