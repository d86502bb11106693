#include "conf/fetch_limit.h"

#include <algorithm>

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/location.h"
#include "conf/main.h"
#include "shm/fetch_counts.h"

namespace edge::conf {

namespace {

using shm::FetchCounts;

// nullopt: there are too many names.
std::optional<std::size_t> group_of(Main &mcf, std::string_view name)
{
    const auto known = std::ranges::find(mcf.fetch_groups, name);
    const auto index =
        static_cast<std::size_t>(known - mcf.fetch_groups.begin());
    if (known == mcf.fetch_groups.end()) {
        if (index == FetchCounts::kGroups) {
            return std::nullopt;
        }
        mcf.fetch_groups.push_back(name);
    }
    return index;
}

// An error, or null.
char *set_option(ngx_conf_t *cf, FetchLimit &limit, std::string_view word)
{
    if (const auto name = parameter(word, "upstream")) {
        if (name->empty() || name->size() > FetchCounts::kMaxName ||
            has_control_bytes(*name)) {
            return refuse(cf, word, "write a name of 1 to 63 characters");
        }
        limit.upstream = *name;
        return nullptr;
    }
    if (word != "busy=503") {
        return refuse(cf, word, "write upstream=NAME or busy=503");
    }
    limit.refuses = true;
    return nullptr;
}

} // namespace

char *set_fetch_limit(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<FetchLimit> &setting = static_cast<Location *>(conf)->fetch_limit;
    if (setting.set) {
        return duplicate();
    }
    const auto words = arguments(cf);
    const std::string_view word = ngx::view(words[0]);
    FetchLimit limit;
    limit.limit = static_cast<std::uint32_t>(
        parse_decimal(word, FetchCounts::kMaxLimit + 1).value_or(0));
    const bool is_off = word == "off" && words.size() == 1;
    if (!is_off && (limit.limit == 0 || limit.limit > FetchCounts::kMaxLimit)) {
        return refuse(cf, word,
                      "write a number from 1 to 65535, or \"off\" alone");
    }
    for (const ngx_str_t &option : words.subspan(1)) {
        if (char *error = set_option(cf, limit, ngx::view(option))) {
            return error;
        }
    }
    const auto group =
        is_off ? std::size_t{0} : group_of(main(cf), limit.upstream);
    if (!group) {
        return refuse(cf, limit.upstream, "there are 16 names already");
    }
    limit.group = *group;
    setting = limit;
    return NGX_CONF_OK;
}

} // namespace edge::conf
