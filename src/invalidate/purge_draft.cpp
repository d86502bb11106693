#include "invalidate/purge_draft.h"

#include <algorithm>
#include <utility>

#include "invalidate/purge_target.h"

namespace edge::invalidate {

namespace {

// Of the audit log's text.
constexpr std::size_t kMaxWhat = 300;

} // namespace

bool PurgeDraft::refuse(std::string_view detail, int status)
{
    if (!refusal_) {
        refusal_ = PurgeRefusal{status, std::string(detail)};
    }
    return false;
}

void PurgeDraft::note(PurgeKind kind, std::string_view name,
                      std::string_view text)
{
    request_.kinds |= kind;
    std::string &what = request_.what;
    if (what.size() > kMaxWhat) {
        return;
    }
    what.append(what.empty() ? "" : " ").append(name);
    if (!text.empty()) {
        what.append("=").append(text.substr(0, kMaxWhat));
    }
    if (what.size() > kMaxWhat) {
        what.resize(kMaxWhat);
        what += "...";
    }
}

bool PurgeDraft::add(std::optional<Selector> selector,
                     std::string_view otherwise)
{
    if (!selector) {
        return refuse(otherwise);
    }
    if (request_.selectors.size() == kMaxPurgeSelectors) {
        return refuse("name at most 1000 things to purge in one request; "
                      "send several",
                      413);
    }
    request_.selectors.push_back(*selector);
    return true;
}

bool PurgeDraft::tag(std::string_view text)
{
    note(kPurgeTags, "tag", text);
    if (!add(parse_tag(text), "write tags of 1 to 1024 bytes, without "
                              "control characters")) {
        return false;
    }
    request_.tags.emplace_back(text);
    return true;
}

bool PurgeDraft::url(std::string_view text)
{
    note(kPurgeUrl, "url", text);
    return add(parse_url(text), "write \"url\" as \"/path?query\" or "
                                "\"https://host/path?query\"");
}

bool PurgeDraft::path(std::string_view text)
{
    note(kPurgePath, "path", text);
    return add(parse_path(text), "write \"path\" as \"/path\", without a "
                                 "query");
}

bool PurgeDraft::prefix(std::string_view text)
{
    note(kPurgePrefix, "prefix", text);
    return add(parse_prefix(text), "write \"prefix\" as \"/folder/\": it "
                                   "starts and ends with a slash and has at "
                                   "most 32 of them");
}

bool PurgeDraft::key(std::string_view text)
{
    note(kPurgeKey, "key", text);
    return add(parse_key(text), "write \"key\" as the text of edge_cache_key");
}

bool PurgeDraft::all()
{
    request_.everything = true;
    note(kPurgeAll, "all", {});
    return add(select_everything(), {});
}

bool PurgeDraft::tenant(std::string_view text)
{
    if (text == "*") {
        request_.all_tenants = true;
        return true;
    }
    if (!is_tenant(text)) {
        return refuse("name a tenant in 1 to 128 bytes without control "
                      "characters, or \"*\" for all tenants");
    }
    request_.tenant = text;
    return true;
}

bool PurgeDraft::mode(std::string_view text)
{
    if (text != "hard" && text != "soft") {
        return refuse("write the mode as hard or soft");
    }
    request_.mode = text == "soft" ? PurgeMode::soft : PurgeMode::hard;
    return true;
}

bool PurgeDraft::match(std::string_view text)
{
    if (text != "any" && text != "all") {
        return refuse("write the match as any or all");
    }
    request_.match_all = text == "all";
    return true;
}

bool PurgeDraft::settle(std::string_view text)
{
    const auto time = parse_wait(text);
    if (!time || *time > kMaxSettle) {
        return refuse("write \"settle\" as \"500ms\" or \"2s\", at most "
                      "\"60s\"");
    }
    request_.settle = *time;
    return true;
}

// A tag that is named twice counts once; of a single one all is any.
bool PurgeDraft::match_all()
{
    if (request_.kinds != kPurgeTags) {
        return refuse("name nothing but tags with the match all: it purges "
                      "what has all of them");
    }
    std::vector<Selector> &tags = request_.selectors;
    std::ranges::sort(tags);
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    if (tags.size() > kMaxTogether) {
        return refuse("name at most 8 tags with the match all");
    }
    request_.match_all = tags.size() > 1;
    request_.what.insert(0, "match=all ");
    return true;
}

bool PurgeDraft::zone(std::string_view text)
{
    if (text.empty()) {
        return refuse("name a zone, or leave \"zone\" out for all zones");
    }
    request_.zone = text;
    return true;
}

bool PurgeDraft::wait(std::string_view text)
{
    request_.wait = parse_wait(text);
    if (!request_.wait || *request_.wait > kMaxPurgeWait) {
        return refuse("write \"wait\" as \"500ms\" or \"2.4s\", at most "
                      "\"10s\"");
    }
    return true;
}

PurgeParse PurgeDraft::finish()
{
    if (!refusal_ && request_.selectors.empty()) {
        refuse("name at least one of tags, url, path, prefix, key or all");
    }
    if (!refusal_ && request_.match_all) {
        match_all();
    }
    if (refusal_) {
        return *std::move(refusal_);
    }
    return std::move(request_);
}

} // namespace edge::invalidate
