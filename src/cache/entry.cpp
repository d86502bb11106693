#include "cache/entry.h"

#include "base/bytes.h"
#include "cache/tags.h"
#include "http/cache_control.h"
#include "http/vary.h"

namespace edge::cache {

namespace {

// "edge", then the format: a change of either makes older entries misses. Who
// knows only the first format takes compressed bodies for misses.
constexpr std::uint32_t kMagic = 0x65676465;
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kCompressedVersion = 2;

bool is_known(std::uint16_t version)
{
    return version == kVersion || version == kCompressedVersion;
}

enum Flag : std::uint8_t
{
    kMustRevalidate = 1,
    kSMaxage = 2,
    kExplicitlyShared = 4,
    kAuthorizationAllowed = 8,
    kHasDate = 16,
    kAllFlags = 31,
};

// The first kHeadPrefix bytes.
struct Prefix
{
    std::uint32_t magic = kMagic;
    std::uint16_t version = kVersion;
    std::uint8_t kind = 0;
    std::uint8_t flags = 0;
    std::uint32_t head_size = 0;
    std::uint16_t status = 0;
    std::uint16_t reserved = 0;
};

// Wall clock and durations stay far from where their sums would overflow.
constexpr std::int64_t kMaxMillis = std::int64_t{1} << 52;

std::uint8_t flags_of(const Entry &entry)
{
    return static_cast<std::uint8_t>(
        (entry.must_revalidate ? kMustRevalidate : 0) |
        (entry.s_maxage ? kSMaxage : 0) |
        (entry.explicitly_shared ? kExplicitlyShared : 0) |
        (entry.authorization_allowed ? kAuthorizationAllowed : 0) |
        (entry.times.date ? kHasDate : 0));
}

void write_prefix(ByteWriter &out, const Prefix &prefix)
{
    out.number(prefix.magic);
    out.number(prefix.version);
    out.number(prefix.kind);
    out.number(prefix.flags);
    out.number(prefix.head_size);
    out.number(prefix.status);
    out.number(prefix.reserved);
}

Prefix read_prefix(ByteReader &in)
{
    Prefix prefix;
    prefix.magic = in.number<std::uint32_t>();
    prefix.version = in.number<std::uint16_t>();
    prefix.kind = in.number<std::uint8_t>();
    prefix.flags = in.number<std::uint8_t>();
    prefix.head_size = in.number<std::uint32_t>();
    prefix.status = in.number<std::uint16_t>();
    prefix.reserved = in.number<std::uint16_t>();
    return prefix;
}

void write_times(ByteWriter &out, const EntryTimes &times)
{
    const auto millis = [&out](auto time) {
        out.number(static_cast<std::int64_t>(time.count()));
    };
    millis(times.request.time_since_epoch());
    millis(times.response.time_since_epoch());
    millis(times.date.value_or(WallTime{}).time_since_epoch());
    millis(times.age);
    millis(times.lifetime);
    millis(times.stale_while_revalidate);
    millis(times.stale_if_error);
}

EntryTimes read_times(ByteReader &in, bool has_date)
{
    const auto number = [&in] { return in.number<std::int64_t>(); };
    EntryTimes times;
    times.request = WallTime(Millis(number()));
    times.response = WallTime(Millis(number()));
    const WallTime date{Millis(number())};
    times.date = has_date ? std::optional(date) : std::nullopt;
    times.age = Seconds(number());
    times.lifetime = Millis(number());
    times.stale_while_revalidate = Millis(number());
    times.stale_if_error = Millis(number());
    return times;
}

std::string encode(const Entry &entry, std::size_t head_size)
{
    std::string bytes;
    bytes.reserve(head_size);
    ByteWriter out(bytes);
    write_prefix(out, {.version = entry.is_compressed() ? kCompressedVersion
                                                        : kVersion,
                       .kind = static_cast<std::uint8_t>(entry.kind),
                       .flags = flags_of(entry),
                       .head_size = static_cast<std::uint32_t>(head_size),
                       .status = entry.status});
    out.number(entry.body_size);
    out.number(entry.ticket.nonce);
    out.number(entry.ticket.generation.packed);
    out.number(entry.ticket.local);
    write_times(out, entry.times);
    out.string(entry.key);
    out.string(entry.tenant);
    out.string(entry.vary.encoded());
    out.string(entry.selectors);
    out.string(entry.tags.encoded());
    out.string(entry.fields.encoded());
    if (entry.is_compressed()) {
        out.number(entry.identity_size);
    }
    return bytes;
}

Entry read_entry(ByteReader &in, const Prefix &prefix)
{
    Entry entry;
    entry.kind = static_cast<EntryKind>(prefix.kind);
    entry.status = prefix.status;
    entry.must_revalidate = prefix.flags & kMustRevalidate;
    entry.s_maxage = prefix.flags & kSMaxage;
    entry.explicitly_shared = prefix.flags & kExplicitlyShared;
    entry.authorization_allowed = prefix.flags & kAuthorizationAllowed;
    entry.body_size = in.number<std::uint64_t>();
    entry.ticket.nonce = in.number<std::uint64_t>();
    entry.ticket.generation.packed = in.number<std::uint64_t>();
    entry.ticket.local = in.number<std::uint64_t>();
    entry.times = read_times(in, prefix.flags & kHasDate);
    entry.key = in.string();
    entry.tenant = in.string();
    entry.vary = StringList(in.string());
    entry.selectors = in.string();
    entry.tags = StringList(in.string());
    entry.fields = StringList(in.string());
    if (prefix.version == kCompressedVersion) {
        entry.identity_size = in.number<std::uint64_t>();
    }
    return entry;
}

// What a list holds, once it is known to end where its bytes do.
struct ListSize
{
    std::size_t strings = 0;
    std::size_t bytes = 0;
};

std::optional<ListSize> measure(StringList list)
{
    ListSize size;
    while (const auto text = list.next()) {
        size.strings++;
        size.bytes += text->size();
    }
    if (!list.encoded().empty()) {
        return std::nullopt;
    }
    return size;
}

bool are_valid(const EntryTimes &times)
{
    const auto is_near = [](WallTime time) {
        const auto count = time.time_since_epoch().count();
        return count >= -kMaxMillis && count <= kMaxMillis;
    };
    const auto is_span = [](Millis span) {
        return span >= Millis(0) && span.count() <= kMaxMillis;
    };
    return is_near(times.request) && is_near(times.response) &&
           is_near(times.date.value_or(WallTime{})) &&
           times.age >= Seconds(0) && times.age <= http::kMaxDeltaSeconds &&
           is_span(times.lifetime) && is_span(times.stale_while_revalidate) &&
           is_span(times.stale_if_error);
}

bool has_valid_lists(const Entry &entry)
{
    const auto vary = measure(entry.vary);
    const auto tags = measure(entry.tags);
    const auto fields = measure(entry.fields);
    return vary && vary->strings <= http::Vary::max_names &&
           vary->bytes <= http::Vary::max_bytes &&
           (vary->strings != 0) == (entry.kind == EntryKind::vary) && tags &&
           tags->strings <= kMaxTags && tags->bytes <= kMaxTagBytes && fields &&
           fields->strings % 2 == 0 && fields->strings / 2 <= kMaxFields;
}

bool has_valid_sizes(const Entry &entry)
{
    return !entry.key.empty() && entry.key.size() <= kMaxKey &&
           entry.tenant.size() <= kMaxTenant &&
           entry.selectors.size() % sizeof(std::uint64_t) == 0 &&
           entry.selectors.size() / sizeof(std::uint64_t) <= kMaxSelectors &&
           entry.body_size <= kMaxBody && entry.identity_size <= kMaxBody;
}

// An object is an answer; a record of Vary is none.
bool has_valid_kind(const Entry &entry)
{
    switch (entry.kind) {
    case EntryKind::object:
        return entry.status >= 200 && entry.status <= 599;
    case EntryKind::vary:
        return entry.status == 0 && entry.body_size == 0 &&
               !entry.is_compressed() && entry.fields.encoded().empty();
    default:
        return false;
    }
}

} // namespace

std::optional<std::string_view> StringList::next()
{
    ByteReader in(rest_);
    const std::string_view text = in.string();
    if (in.failed()) {
        return std::nullopt;
    }
    rest_.remove_prefix(rest_.size() - in.left());
    return text;
}

std::vector<std::string> StringList::strings() const
{
    std::vector<std::string> all;
    for (StringList rest = *this; const auto text = rest.next();) {
        all.emplace_back(*text);
    }
    return all;
}

void StringListBuilder::add(std::string_view text)
{
    ByteWriter(bytes_).string(text);
}

std::string encode_head(const Entry &entry)
{
    const std::size_t numbers =
        (entry.is_compressed() ? 12 : 11) * sizeof(std::uint64_t);
    constexpr std::size_t lengths = 6 * sizeof(std::uint32_t);
    return encode(entry, kHeadPrefix + numbers + lengths + entry.key.size() +
                             entry.tenant.size() + entry.vary.encoded().size() +
                             entry.selectors.size() +
                             entry.tags.encoded().size() +
                             entry.fields.encoded().size());
}

std::optional<std::size_t> head_size(std::string_view bytes)
{
    ByteReader in(bytes);
    const Prefix prefix = read_prefix(in);
    if (in.failed() || prefix.magic != kMagic || !is_known(prefix.version) ||
        prefix.head_size < kHeadPrefix || prefix.head_size > kMaxHead) {
        return std::nullopt;
    }
    return prefix.head_size;
}

std::variant<Entry, Reason> decode_head(std::string_view head)
{
    ByteReader in(head);
    const Prefix prefix = read_prefix(in);
    if (in.failed() || prefix.magic != kMagic) {
        return Reason::entry_corrupt;
    }
    if (!is_known(prefix.version)) {
        return Reason::entry_version;
    }
    if (prefix.head_size != head.size() || head.size() > kMaxHead ||
        prefix.reserved != 0 || (prefix.flags & ~kAllFlags) != 0) {
        return Reason::entry_corrupt;
    }

    const Entry entry = read_entry(in, prefix);
    const bool is_compressed = prefix.version == kCompressedVersion;
    if (in.failed() || !in.at_end() || !has_valid_kind(entry) ||
        entry.is_compressed() != is_compressed ||
        !has_valid_sizes(entry) || !are_valid(entry.times) ||
        !has_valid_lists(entry)) {
        return Reason::entry_corrupt;
    }
    return entry;
}

} // namespace edge::cache
