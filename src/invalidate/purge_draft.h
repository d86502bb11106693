// A purge request while it is read, member by member: the rules that the body
// and the header fields share.
#pragma once

#include <string_view>

#include "invalidate/purge_request.h"

namespace edge::invalidate {

class PurgeDraft
{
public:
    // All of these: false once anything was refused.
    bool tag(std::string_view text);
    bool url(std::string_view text);
    bool path(std::string_view text);
    bool prefix(std::string_view text);
    bool key(std::string_view text);
    bool all();
    bool tenant(std::string_view text);
    bool mode(std::string_view text);
    bool match(std::string_view text);
    bool settle(std::string_view text);
    bool zone(std::string_view text);
    bool wait(std::string_view text);

    // The first refusal stands.
    bool refuse(std::string_view detail, int status = 400);

    // What was read, or why not; the draft is used up.
    PurgeParse finish();

private:
    void note(PurgeKind kind, std::string_view name, std::string_view text);
    bool match_all();
    bool add(std::optional<Selector> selector, std::string_view otherwise);

    PurgeRequest request_;
    std::optional<PurgeRefusal> refusal_;
};

} // namespace edge::invalidate
