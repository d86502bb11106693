#include "flow/described.h"

#include <utility>
#include <vector>

#include "cache/freshness.h"
#include "cache/staleness.h"
#include "flow/stored_entry.h"
#include "http/structured.h"
#include "invalidate/log_format.h"
#include "ngx/clock.h"

namespace edge::flow {

namespace {

using api::Json;
using api::seconds;
using Cause = shm::Objection::Cause;

std::string_view name(Cause cause)
{
    switch (cause) {
    case Cause::none:
        return "";
    case Cause::behind:
        return "log_behind";
    case Cause::epoch:
        return "other_log";
    case Cause::floor:
        return "purges_forgotten";
    case Cause::write_floor:
        return "writes_forgotten";
    case Cause::purge:
        return "purge";
    case Cause::local_purge:
        return "local_purge";
    case Cause::write:
        return "unsafe_method";
    }
    return "";
}

std::vector<std::string> groups_of(const cache::Entry &entry)
{
    std::vector<http::Field> fields;
    cache::StringList list = entry.fields;
    while (const auto field = next_field(list)) {
        fields.push_back(*field);
    }
    return http::parse_string_list(fields, "Cache-Groups")
        .value_or(std::vector<std::string>());
}

Json describe_selector(const Request &request, const cache::Entry &entry,
                       invalidate::RowKey row)
{
    const std::vector<std::string> tags = entry.tags.strings();
    const std::vector<std::string> groups = groups_of(entry);
    invalidate::EntryNames names = names_of(*request.identity);
    names.tags = tags;
    names.groups = groups;
    const auto name = invalidate::name_of_row(
        row, invalidate::hash_tenant(entry.tenant), names);
    if (!name) {
        return nullptr; // of another URL with the same key
    }
    Json json{{"kind", name->kind}};
    if (!name->value.empty() && (name->kind != "key" || shows_key(request))) {
        json["value"] = name->value;
    }
    json["all_tenants"] = name->of_all_tenants;
    return json;
}

Json describe_objection(const Request &request, const cache::Entry &entry,
                        bool in_memory)
{
    const shm::Objection objection =
        request.zone().objection(entry, in_memory);
    if (objection.cause == Cause::none) {
        return nullptr;
    }
    Json json{{"cause", name(objection.cause)}};
    json["mode"] = objection.effect == shm::Usability::stale_only ? "soft"
                                                                  : "hard";
    if (objection.generation != invalidate::Generation()) {
        json["generation"] = format_id(objection.generation);
    }
    if (objection.row != 0) {
        json["selector"] = describe_selector(request, entry, objection.row);
    }
    return json;
}

Json stale_causes(const Request &request, const cache::Entry &entry)
{
    Json causes = Json::array();
    const WallTime now = ngx::wall_now();
    const cache::Policy &policy = request.lcf.policy;
    if (may_be_stale(entry, cache::kStaleUpdating, policy, now)) {
        causes.push_back("updating");
    }
    if (may_be_stale(entry, cache::kStaleError, policy, now)) {
        causes.push_back("error");
    }
    return causes;
}

// By the same way as every request, on a copy.
void judge_for(const Request &request, Hit found, Json &json)
{
    Request copy(request.lcf);
    copy.fields = request.fields;
    copy.facts = request.facts;
    copy.identity = request.identity;
    take_stored(copy, std::move(found));
    const std::string_view fresh =
        copy.status == cache::Status::stale ? "stale" : "fresh";
    json["usable"] = copy.hit             ? fresh
                     : copy.found_expired ? "expired"
                                          : "no";
    if (copy.reason != cache::Reason::none) {
        json["reason"] = cache::name(copy.reason);
    }
}

} // namespace

bool shows_key(const Request &request)
{
    return !request.facts.has_authorization && !request.facts.has_cookie;
}

Json describe(const Request &request, Hit found)
{
    const cache::Entry entry = found.entry;
    const bool in_memory = found.object.has_value();
    Json json;
    judge_for(request, std::move(found), json);
    json["status"] = entry.status;
    json["age"] = seconds(current_age(entry.times, ngx::wall_now()));
    json["lifetime"] = seconds(entry.times.lifetime);
    json["fresh_for"] =
        seconds(remaining_lifetime(entry.times, ngx::wall_now()));
    json["stale_while_revalidate"] =
        seconds(entry.times.stale_while_revalidate);
    json["stale_if_error"] = seconds(entry.times.stale_if_error);
    json["may_be_stale"] = stale_causes(request, entry);
    json["body_bytes"] = entry.uncompressed_size();
    json["stored_bytes"] = entry.body_size;
    json["tags"] = entry.tags.strings();
    json["ticket"] = format_id(entry.ticket.generation);
    json["against"] = describe_objection(request, entry, in_memory);
    return json;
}

} // namespace edge::flow
