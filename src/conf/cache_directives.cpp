#include "conf/cache_directives.h"

#include "cache/entry.h"
#include "conf/arguments.h"
#include "conf/location.h"
#include "conf/main.h"
#include "conf/values.h"
#include "http/token.h"
#include "ngx/pool.h"

namespace edge::conf {

namespace {

Location &location_of(void *conf)
{
    return *static_cast<Location *>(conf);
}

// Any number of words out of a list, as a bit mask.
template <std::size_t N>
char *set_mask(ngx_conf_t *cf, Setting<std::uint32_t> &setting,
               const Choice<std::uint32_t> (&choices)[N])
{
    if (setting.set) {
        return duplicate();
    }
    std::uint32_t mask = 0;
    for (const ngx_str_t &argument : arguments(cf)) {
        const auto bit = choose(ngx::view(argument), choices);
        if (!bit) {
            return refuse(cf, ngx::view(argument), what_to_write(choices));
        }
        mask |= *bit;
    }
    setting = mask;
    return NGX_CONF_OK;
}

} // namespace

char *set_cache(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<tier::Zone *> &zone = location_of(conf).zone;
    if (zone.set) {
        return duplicate();
    }
    const auto words = arguments(cf);
    const std::string_view name = ngx::view(words[0]);
    const bool is_off = name == "off";
    if (words.size() == 2 && (is_off || ngx::view(words[1]) != "shadow")) {
        return refuse(cf, ngx::view(words[1]),
                      "write \"shadow\" behind a zone's name, or nothing");
    }
    zone = is_off ? nullptr : main(cf).zone(cf, name);
    location_of(conf).shadow = words.size() == 2;
    return NGX_CONF_OK;
}

char *set_ignore_headers(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<std::uint32_t> choices[] = {
        {"Cache-Control", cache::kIgnoreCacheControl},
        {"Expires", cache::kIgnoreExpires},
        {"X-Accel-Expires", cache::kIgnoreAccelExpires},
        {"Set-Cookie", cache::kIgnoreSetCookie},
        {"Vary", cache::kIgnoreVary},
        {"Edge-Cache-Control", cache::kIgnoreEdgeCacheControl},
        {"CDN-Cache-Control", cache::kIgnoreCdnCacheControl},
        {"Date", cache::kIgnoreDate},
        {"Surrogate-Key", cache::kIgnoreSurrogateKey},
        {"xkey", cache::kIgnoreXkey},
        {"Cache-Tag", cache::kIgnoreCacheTag},
        {"Cache-Groups", cache::kIgnoreCacheGroups},
        {"Cache-Group-Invalidation", cache::kIgnoreCacheGroupInvalidation}};
    return set_mask(cf, location_of(conf).ignored_fields, choices);
}

char *set_drop_headers(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    // A hit without them would be another answer.
    static constexpr std::string_view needed[] = {
        "Content-Encoding", "Content-Range", "Content-Type", "Date", "Vary"};

    auto &names = location_of(conf).dropped_fields;
    if (names.set) {
        return duplicate();
    }
    names.set = true;
    for (const ngx_str_t &word : arguments(cf)) {
        const std::string_view name = ngx::view(word);
        const auto is_named = [name](std::string_view other) {
            return equals_ignore_case(name, other);
        };
        if (!http::is_token(name) || std::ranges::any_of(needed, is_named)) {
            return refuse(cf, name,
                          "write the name of a header field that hits can do "
                          "without");
        }
        names.value.push_back(name);
    }
    return NGX_CONF_OK;
}

// As in nginx, what is cached for GET answers HEAD, so both are always there.
char *set_methods(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    constexpr std::uint32_t both = cache::kMethodGet | cache::kMethodHead;
    static constexpr Choice<std::uint32_t> choices[] = {
        {"GET", both},
        {"HEAD", both},
        {"POST", both | cache::kMethodPost},
        {"QUERY", both | cache::kMethodQuery}};
    return set_mask(cf, location_of(conf).methods, choices);
}

char *set_vary(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using http::Normaliser;
    static constexpr Choice<Normaliser> choices[] = {
        {"list", Normaliser::list},
        {"encoding", Normaliser::encoding},
        {"language", Normaliser::language}};

    const auto words = arguments(cf);
    const std::string_view name = ngx::view(words[0]);
    if (!http::is_token(name)) {
        return refuse(cf, name, "write the name of a header field");
    }
    ngx_strlow(words[0].data, words[0].data, words[0].len);
    cache::VaryRule rule{name};
    if (words.size() > 1) {
        const std::string_view word = ngx::view(words[1]);
        const auto normaliser = choose(word, choices);
        if (!normaliser) {
            return refuse(cf, word, what_to_write(choices));
        }
        rule.normaliser = *normaliser;
    }
    if (words.size() > 2 && rule.normaliser != Normaliser::language) {
        return refuse(cf, "write languages behind \"language\" only");
    }
    for (ngx_str_t &language : words.subspan(std::min<std::size_t>(
             words.size(), 2))) {
        ngx_strlow(language.data, language.data, language.len);
        rule.offered.push_back(ngx::view(language));
    }
    Setting<std::vector<cache::VaryRule>> &vary = location_of(conf).vary;
    vary.set = true;
    vary.value.push_back(std::move(rule));
    return NGX_CONF_OK;
}

char *set_authorization(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using cache::Authorization;
    static constexpr Choice<Authorization> choices[] = {
        {"refuse", Authorization::refuse},
        {"key", Authorization::key},
        {"tenant", Authorization::tenant}};
    return set_choice(cf, location_of(conf).authorization, choices);
}

char *set_cookies(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using cache::Cookies;
    static constexpr Choice<Cookies> choices[] = {
        {"explicit", Cookies::explicit_},
        {"bypass", Cookies::bypass},
        {"ignore", Cookies::ignore},
        {"key", Cookies::key}};

    Location &lcf = location_of(conf);
    if (char *error = set_choice(cf, lcf.cookies, choices)) {
        return error;
    }
    const bool by_name = lcf.cookies.value == Cookies::key;
    if (by_name != (arguments(cf).size() > 1)) {
        return refuse(cf, "write the cookies' names behind \"key\", and "
                          "behind no other word");
    }
    std::vector<std::string_view> names;
    for (const ngx_str_t &name : arguments(cf).subspan(1)) {
        names.push_back(ngx::view(name));
    }
    lcf.cookie_names = std::move(names);
    return NGX_CONF_OK;
}

char *set_set_cookie(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using cache::SetCookie;
    static constexpr Choice<SetCookie> choices[] = {
        {"refuse", SetCookie::refuse},
        {"strip", SetCookie::strip},
        {"store", SetCookie::store}};
    return set_choice(cf, location_of(conf).set_cookie, choices);
}

char *set_status_header(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<StatusHeader> choices[] = {
        {"on", StatusHeader::on},
        {"off", StatusHeader::off},
        {"key", StatusHeader::key}};
    return set_choice(cf, location_of(conf).status_header, choices);
}

// One line to choose arguments, and one to sort them.
char *set_query(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using Rules = cache::QueryRules;
    static constexpr Choice<Rules::Choice> choices[] = {
        {"sort", Rules::Choice::all},
        {"drop", Rules::Choice::drop},
        {"keep", Rules::Choice::keep}};

    Setting<Rules> &query = location_of(conf).query;
    const auto words = arguments(cf);
    const std::string_view word = ngx::view(words[0]);
    const auto choice = choose(word, choices);
    if (!choice) {
        return refuse(cf, word, what_to_write(choices));
    }
    const bool sorts = *choice == Rules::Choice::all;
    if (sorts != (words.size() == 1)) {
        return refuse(cf, "write the arguments' names behind \"drop\" or "
                          "\"keep\", and none behind \"sort\"");
    }
    if (sorts ? query.value.sort : query.value.choice != Rules::Choice::all) {
        return duplicate();
    }
    query.set = true;
    query.value.sort |= sorts;
    if (!sorts) {
        query.value.choice = *choice;
    }
    for (const ngx_str_t &name : words.subspan(1)) {
        query.value.names.push_back(ngx::view(name));
    }
    return NGX_CONF_OK;
}

char *set_ignore_client_abort(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    using Bytes = std::optional<std::uint64_t>;
    static constexpr Choice<Bytes> choices[] = {{"off", std::nullopt},
                                                {"waited", 0}};

    Setting<Bytes> &setting = location_of(conf).ignore_client_abort;
    if (setting.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    if (const auto chosen = choose(word, choices)) {
        setting = *chosen;
        return NGX_CONF_OK;
    }
    const auto bytes = parse_size(word);
    if (!bytes || *bytes == 0) {
        return refuse(cf, word,
                      "write \"off\", \"waited\" or a size, such as 64k");
    }
    setting = bytes;
    return NGX_CONF_OK;
}

char *set_invalidate(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    static constexpr Choice<Invalidate> choices[] = {
        {"fleet", Invalidate::fleet},
        {"instance", Invalidate::instance},
        {"off", Invalidate::off}};
    return set_choice(cf, location_of(conf).invalidate, choices);
}

char *set_max_size(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<std::uint64_t> &size = location_of(conf).max_size;
    if (size.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto bytes = parse_size(word);
    if (!bytes || *bytes == 0 || *bytes > cache::kMaxBody) {
        return refuse(cf, word, "write a size from 1 to 8m");
    }
    size = *bytes;
    return NGX_CONF_OK;
}

char *set_min_uses(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    constexpr std::uint64_t most = 100;

    Setting<unsigned> &uses = location_of(conf).min_uses;
    if (uses.set) {
        return duplicate();
    }
    const std::string_view word = ngx::view(arguments(cf)[0]);
    const auto number = parse_decimal(word, most + 1);
    if (!number || *number == 0 || *number > most) {
        return refuse(cf, word, "write a number from 1 to 100");
    }
    uses = static_cast<unsigned>(*number);
    return NGX_CONF_OK;
}

char *set_label(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    Setting<std::string_view> &label = location_of(conf).label;
    if (label.set) {
        return duplicate();
    }
    label = ngx::view(arguments(cf)[0]);
    return NGX_CONF_OK;
}

} // namespace edge::conf
