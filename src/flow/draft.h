// An answer as it is stored: under which names, with what can purge it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/entry.h"
#include "flow/fill.h"
#include "flow/request.h"
#include "flow/variant.h"
#include "ngx/nginx.h"
#include "tier/redis_tier.h"
#include "tier/zone.h"

namespace edge::flow {

class Draft
{
public:
    // Views into all of them, which outlive it.
    Draft(ngx_http_request_t *r, Request &request, const FillPlan &plan,
          std::uint64_t body_size);
    Draft(const Draft &) = delete;
    Draft &operator=(const Draft &) = delete;

    // False: it varies by more than is kept apart. Nothing else is known then.
    bool is_named() const { return is_named_; }

    cache::Entry &entry() { return entry_; }
    tier::ObjectName name() const;
    tier::RedisName redis_name() const;

    // The record that says by which fields the resource's variants differ, if
    // they do; kept for as long as the entry is.
    std::optional<cache::Entry> vary_record() const;
    tier::ObjectName resource() const;
    tier::RedisName redis_resource() const;

private:
    const Identity &identity_;
    const bool is_only_here_;
    bool is_named_;
    std::string vary_;
    std::string tags_;
    std::string selectors_;
    std::optional<VariantKey> variant_;
    cache::Entry entry_;
};

} // namespace edge::flow
