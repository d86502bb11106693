#include "http/vary.h"

#include <algorithm>
#include <numeric>

#include "http/lower_case.h"
#include "http/token.h"

namespace edge::http {

namespace {

// "*" stands above everything else that may be wrong.
void add_line(Vary &vary, std::string_view line)
{
    Split members(line, ',');
    while (const auto member = members.next()) {
        if (*member == "*") {
            vary.kind = Vary::Kind::any;
        } else if (is_token(*member)) {
            vary.names.push_back(lower_case(*member));
        } else if (!member->empty() && vary.kind == Vary::Kind::names) {
            vary.kind = Vary::Kind::invalid;
        }
    }
}

bool over_limit(const std::vector<std::string> &names)
{
    const auto add = [](std::size_t sum, const std::string &name) {
        return sum + name.size();
    };
    return names.size() > Vary::max_names ||
           std::accumulate(names.begin(), names.end(), std::size_t{0}, add) >
               Vary::max_bytes;
}

} // namespace

Vary parse_vary(Fields response)
{
    Vary vary;
    for_each_value(response, "Vary",
                   [&vary](std::string_view line) { add_line(vary, line); });

    auto &names = vary.names;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());

    if (vary.kind == Vary::Kind::names && over_limit(names)) {
        vary.kind = Vary::Kind::too_many;
    }
    if (vary.kind != Vary::Kind::names) {
        names.clear();
    }
    return vary;
}

} // namespace edge::http
