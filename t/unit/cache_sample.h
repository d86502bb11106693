#pragma once

// An entry with something in every part of it.

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cache/entry.h"
#include "cache/seal.h"

#include "cmocka.h"

namespace edge_test {

using namespace edge;
using cache::Entry;
using cache::EntryKind;
using cache::Reason;
using cache::StringList;

inline std::string list(std::initializer_list<std::string_view> texts)
{
    cache::StringListBuilder builder;
    for (const std::string_view text : texts) {
        builder.add(text);
    }
    return std::string(builder.list().encoded());
}

// An entry and the strings that its views point into.
struct Sample
{
    std::string key = "GET https example.org /p?x=1";
    std::string tags = list({"product:42", "shop"});
    std::string fields = list({"content-type", "text/plain", "etag", "\"a\""});
    std::string selectors = "01234567abcdefgh";
    std::string body = std::string(1500, 'b');
    Entry entry;

    Sample()
    {
        entry.status = 203;
        entry.must_revalidate = true;
        entry.authorization_allowed = true;
        entry.ticket = {17, invalidate::Generation::of(3, 99), 5};
        entry.times.request = WallTime(Millis(1795219200123));
        entry.times.response = WallTime(Millis(1795219200456));
        entry.times.date = WallTime(Seconds(1795219200));
        entry.times.age = Seconds(7);
        entry.times.lifetime = Millis(60500);
        entry.times.stale_while_revalidate = Seconds(30);
        entry.times.stale_if_error = Seconds(600);
        entry.key = key;
        entry.tenant = "acme";
        entry.selectors = selectors;
        entry.tags = StringList(tags);
        entry.fields = StringList(fields);
        entry.body_size = body.size();
    }

    std::string head() const { return cache::encode_head(entry); }

    std::string sealed() const
    {
        const std::array<std::string_view, 2> pieces = {
            std::string_view(body).substr(0, 100),
            std::string_view(body).substr(100)};
        return cache::seal(head(), pieces);
    }
};

} // namespace edge_test
