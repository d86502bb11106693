// What selects an answer: a request's Vary-nominated fields, entity-tags and
// query. Rules applied twice are rules applied once.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "cache/query_rules.h"
#include "cache/vary_key.h"
#include "http/etag.h"
#include "http/vary.h"

using namespace edge;

namespace {

void check_query(std::string_view query)
{
    using Choice = cache::QueryRules::Choice;
    const cache::QueryRules rules[] = {{Choice::drop, {"a", "b*"}, true},
                                       {Choice::keep, {"a", "b*"}, false},
                                       {Choice::all, {}, true}};
    for (const cache::QueryRules &rule : rules) {
        const auto once = cache::apply(rule, query);
        if (once && (once->size() > query.size() ||
                     cache::apply(rule, *once))) {
            std::abort();
        }
    }
}

void check_list(std::string_view value)
{
    using http::Normaliser;
    const auto once = http::normalise(Normaliser::list, value);
    if (!once || http::normalise(Normaliser::list, *once) != once) {
        std::abort();
    }
    (void)http::normalise(Normaliser::encoding, value);
    (void)http::normalise(Normaliser::language, value);
}

void check_tags(std::string_view line)
{
    http::EntityTagReader tags(line);
    while (const auto tag = tags.next()) {
        if (tag->opaque.size() < 2 || tag->opaque.front() != '"' ||
            tag->opaque.back() != '"') {
            std::abort();
        }
    }
}

void check_vary(std::string_view text)
{
    const http::Field response{"Vary", text};
    const http::Vary vary = http::parse_vary({&response, 1});
    cache::StringListBuilder names;
    for (const std::string &name : vary.names) {
        names.add(name);
    }
    const http::Field request[] = {{"Accept-Language", text}, {"A", text}};
    const cache::VaryRule rule{"accept-language",
                               http::Normaliser::language};
    if (cache::vary_key(names.list(), request, {&rule, 1}).empty() !=
        vary.names.empty()) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    check_query(text);
    check_list(text);
    check_tags(text);
    check_vary(text);
    return 0;
}
