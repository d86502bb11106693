#include "invalidate/purge_request.h"

#include <array>

#include "base/json.h"
#include "base/text.h"
#include "invalidate/purge_draft.h"

namespace edge::invalidate {

namespace {

using Json = nlohmann::json;

struct Member
{
    std::string_view name;
    bool (PurgeDraft::*text)(std::string_view);
};

constexpr std::string_view kAll = "all";
constexpr std::string_view kTags = "tags";

// "all" is no text, and handled apart.
constexpr std::array<Member, 12> kMembers = {{
    {kTags, &PurgeDraft::tag},
    {"url", &PurgeDraft::url},
    {"path", &PurgeDraft::path},
    {"prefix", &PurgeDraft::prefix},
    {"key", &PurgeDraft::key},
    {kAll, nullptr},
    {"match", &PurgeDraft::match},
    {"mode", &PurgeDraft::mode},
    {"settle", &PurgeDraft::settle},
    {"zone", &PurgeDraft::zone},
    {"wait", &PurgeDraft::wait},
    {"tenant", &PurgeDraft::tenant},
}};

// Of {"name": text, ..., "tags": [text, ...], "all": true}: depth 2, known
// here, so nothing recurses and nothing but a name and a text is kept.
class BodyReader final : public JsonReader
{
public:
    PurgeDraft draft;

    bool start_object(std::size_t) override
    {
        if (depth_ != 0) {
            return wrong_type();
        }
        depth_ = 1;
        return true;
    }
    bool end_object() override { return true; }

    bool key(string_t &name) override
    {
        for (const Member &member : kMembers) {
            if (member.name == name) {
                return begin(member);
            }
        }
        return draft.refuse("remove " + shown(name) +
                            ": a purge has no such member");
    }

    bool start_array(std::size_t) override
    {
        if (depth_ != 1 || member_->name != kTags) {
            return wrong_type();
        }
        depth_ = 2;
        return true;
    }
    bool end_array() override
    {
        depth_ = 1;
        return true;
    }

    bool string(string_t &text) override
    {
        const bool is_tags = depth_ != 0 && member_->name == kTags;
        if (depth_ != (is_tags ? 2 : 1) || member_->text == nullptr) {
            return wrong_type();
        }
        return (draft.*member_->text)(text);
    }

    bool boolean(bool value) override
    {
        if (depth_ != 1 || member_->name != kAll || !value) {
            return wrong_type();
        }
        return draft.all();
    }

    bool parse_error(std::size_t position, const std::string &,
                     const Json::exception &) override
    {
        return draft.refuse("send one JSON object in UTF-8; this is none from "
                            "byte " +
                            std::to_string(position) + " on");
    }

private:
    bool begin(const Member &member)
    {
        const auto bit = 1u << (&member - kMembers.data());
        if (seen_ & bit) {
            return draft.refuse("write \"" + std::string(member.name) +
                                "\" once");
        }
        seen_ |= bit;
        member_ = &member;
        return true;
    }

    bool wrong_type() override
    {
        if (depth_ == 0) {
            return draft.refuse("send one JSON object");
        }
        const std::string name(member_->name);
        return draft.refuse(name == kTags ? "write \"tags\" as a list of texts"
                            : name == kAll
                                ? "write \"all\" as true, or leave it out"
                                : "write \"" + name + "\" as a text");
    }

    int depth_ = 0;
    unsigned seen_ = 0;
    const Member *member_ = nullptr;
};

void read_field(PurgeDraft &draft, const http::Field &field)
{
    const bool by_commas = http::is_field(field, "Cache-Tag");
    if (by_commas || http::is_field(field, "Surrogate-Key")) {
        Split tags(field.value, by_commas ? ',' : ' ');
        while (const auto tag = tags.next()) {
            if (!tag->empty() && !draft.tag(*tag)) {
                return;
            }
        }
    } else if (http::is_field(field, "Edge-Tenant")) {
        draft.tenant(field.value);
    } else if (http::is_field(field, "Edge-Purge")) {
        draft.mode(field.value);
    } else if (http::is_field(field, "Edge-Match")) {
        draft.match(field.value);
    } else if (http::is_field(field, "Edge-Settle")) {
        draft.settle(field.value);
    }
}

bool is_repeated(http::Fields fields, std::string_view name)
{
    std::size_t lines = 0;
    http::for_each_value(fields, name, [&](std::string_view) { lines++; });
    return lines > 1;
}

} // namespace

PurgeParse parse_purge_body(std::string_view body)
{
    if (body.size() > kMaxPurgeBody) {
        return PurgeRefusal{413, "send at most 256 KiB; several requests if "
                                 "need be"};
    }
    BodyReader reader;
    Json::sax_parse(body.begin(), body.end(), &reader);
    return reader.draft.finish();
}

PurgeParse parse_purge_fields(http::Fields fields)
{
    PurgeDraft draft;
    for (const std::string_view name :
         {"Edge-Tenant", "Edge-Purge", "Edge-Match", "Edge-Settle"}) {
        if (is_repeated(fields, name)) {
            draft.refuse("send " + std::string(name) + " once");
        }
    }
    for (const http::Field &field : fields) {
        read_field(draft, field);
    }
    return draft.finish();
}

TenantHash tenant_of(const PurgeRequest &request)
{
    return request.all_tenants ? kAllTenants
                               : hash_tenant(request.tenant.value_or(""));
}

Purge purge_of(const PurgeRequest &request)
{
    const TenantHash tenant = tenant_of(request);
    Purge purge;
    purge.mode = request.mode;
    for (const Selector selector : request.selectors) {
        purge.rows.push_back(row_key(selector, tenant));
    }
    purge.together = request.match_all ? purge.rows.size() : 1;
    purge.settle = request.settle;
    return purge;
}

} // namespace edge::invalidate
