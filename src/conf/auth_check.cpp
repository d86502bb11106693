#include "conf/auth_check.h"

namespace edge::conf {

namespace {

template <typename T> void forget_inherited(Setting<T> &setting)
{
    if (!setting.set) {
        setting.value = T{};
    }
}

} // namespace

void restrict_to_auth_checks(Location &check)
{
    check.is_auth_check = true;
    forget_inherited(check.host);
    forget_inherited(check.key);
    forget_inherited(check.valid);
    forget_inherited(check.ignored_fields);
    check.ignored_fields.value &= ~std::uint32_t{cache::kIgnoreSetCookie};
    check.set_cookie.value = cache::SetCookie::refuse;
    check.heuristic.value = {};
    check.methods.value = cache::kMethodGet;
    check.client_control.value = false;
    check.revalidate.value = false;
    if (!check.use_stale.set) {
        check.use_stale.value = {true, {}};
    }
    forget_inherited(check.stale_s_maxage);
    check.compression.value = {};
    // Credentials are in the key, by flow/auth_subject.
    const bool names_cookies =
        check.cookies.set && check.cookies.value == cache::Cookies::key;
    check.cookies.value =
        names_cookies ? cache::Cookies::key : cache::Cookies::ignore;
    check.authorization.value = cache::Authorization::key;
    // auth_request_set may read all of them, and no client does.
    check.dropped_fields.value = {};
    check.show_tags.value = true;
}

void inherit_auth_check(Location &child, const Location &parent)
{
    child.zone.set |= parent.zone.set;
    child.host.set |= parent.host.set;
    child.key.set |= parent.key.set;
    child.valid.set |= parent.valid.set;
    child.ignored_fields.set |= parent.ignored_fields.set;
    child.cookies.set |= parent.cookies.set;
    child.use_stale.set |= parent.use_stale.set;
    child.stale_s_maxage.set |= parent.stale_s_maxage.set;
}

} // namespace edge::conf
