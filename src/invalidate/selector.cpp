#include "invalidate/selector.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace edge::invalidate {

namespace {

// Seeds of the hash: equal texts of two kinds have nothing in common. Part of
// the format of entries and of the log.
enum class Kind : std::uint64_t {
    everything = 1,
    tag = 2,
    url = 3,
    absolute_url = 4,
    path = 5,
    prefix = 6,
    key = 7,
    tenant = 8,
    group = 9,
};

std::uint64_t hash(Kind kind, std::string_view value)
{
    return hash64(value, static_cast<std::uint64_t>(kind));
}

std::string_view path_of(std::string_view target)
{
    return target.substr(0, target.find('?'));
}

// What selects an entry by one of the targets it is known by, with its word.
template <typename Visit>
void for_each_of_target(const EntryNames &names, std::string_view target,
                        Visit &&visit)
{
    const std::string_view path = path_of(target);
    visit("url", target, select_url(target));
    visit("url", target, select_url(names.scheme, names.authority, target));
    visit("path", path, select_path(path));
    std::size_t slash = path.find('/');
    for (std::size_t i = 0; i < kMaxPrefixes && slash != path.npos; i++) {
        const std::string_view prefix = path.substr(0, slash + 1);
        visit("prefix", prefix, select_prefix(prefix));
        slash = path.find('/', slash + 1);
    }
}

// What the request tells.
template <typename Visit>
void for_each_of_request(const EntryNames &names, Visit &&visit)
{
    for_each_of_target(names, names.target, visit);
    if (!names.requested.empty()) {
        for_each_of_target(names, names.requested, visit);
    }
    if (!names.custom_key.empty()) {
        visit("key", names.custom_key, select_key(names.custom_key));
    }
}

// What the answer tells.
template <typename Visit>
void for_each_of_answer(const EntryNames &names, Visit &&visit)
{
    for (const std::string &tag : names.tags) {
        visit("tag", tag, select_tag(tag));
    }
    for (const std::string &group : names.groups) {
        visit("group", group,
              select_group(names.scheme, names.authority, group));
    }
}

std::string join(std::string_view a, std::string_view b, std::string_view c)
{
    std::string parts;
    parts.reserve(3 * sizeof(std::uint32_t) + a.size() + b.size() + c.size());
    ByteWriter out(parts);
    out.string(a);
    out.string(b);
    out.string(c);
    return parts;
}

// Adds to `bytes` as entries store them.
auto writes_to(std::string &bytes)
{
    return [&bytes](auto, auto, Selector selector) {
        ByteWriter(bytes).number(selector);
    };
}

} // namespace

Selector select_everything()
{
    return hash(Kind::everything, {});
}

Selector select_tag(std::string_view tag)
{
    return hash(Kind::tag, tag);
}

Selector select_url(std::string_view target)
{
    return hash(Kind::url, target);
}

Selector select_url(std::string_view scheme, std::string_view authority,
                    std::string_view target)
{
    return hash(Kind::absolute_url, join(scheme, authority, target));
}

Selector select_path(std::string_view path)
{
    return hash(Kind::path, path);
}

Selector select_prefix(std::string_view prefix)
{
    return hash(Kind::prefix, prefix);
}

Selector select_key(std::string_view text)
{
    return hash(Kind::key, text);
}

Selector select_group(std::string_view scheme, std::string_view authority,
                      std::string_view group)
{
    return hash(Kind::group, join(scheme, authority, group));
}

TenantHash hash_tenant(std::string_view tenant)
{
    const TenantHash value = hash(Kind::tenant, tenant);
    return value == kAllTenants ? 1 : value;
}

RowKey row_key(Selector selector, TenantHash tenant)
{
    // The finalizer of MurmurHash3 over a sum in which neither part is lost.
    std::uint64_t x = selector + tenant * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
    return x ^ x >> 33;
}

std::string selectors_of_request(const EntryNames &names)
{
    constexpr std::size_t usual_count = 16;
    std::string bytes;
    bytes.reserve(usual_count * sizeof(Selector));
    for_each_of_request(names, writes_to(bytes));
    return bytes;
}

void add_selectors_of_answer(std::string &bytes, const EntryNames &names)
{
    for_each_of_answer(names, writes_to(bytes));
}

std::optional<RowName> name_of_row(RowKey row, TenantHash tenant,
                                   const EntryNames &names)
{
    std::optional<RowName> name;
    const auto compare = [&](std::string_view kind, std::string_view value,
                             Selector selector) {
        for (const TenantHash whose : {tenant, kAllTenants}) {
            if (!name && row_key(selector, whose) == row) {
                name = RowName{kind, std::string(value),
                               whose == kAllTenants};
            }
        }
    };
    compare("all", {}, select_everything());
    for_each_of_request(names, compare);
    for_each_of_answer(names, compare);
    return name;
}

} // namespace edge::invalidate
