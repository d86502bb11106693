// An entry on its way through a store that others can write to.
#include "base/bytes.h"
#include "base/hash.h"
#include "cache/entry.h"
#include "http/token.h"

namespace edge::cache {

namespace {

// The byte in front of the checksum: a keyed one would be another kind.
constexpr std::uint8_t kXxh3 = 1;
constexpr std::size_t kTrailer = sizeof(kXxh3) + 2 * sizeof(std::uint64_t);

bool has_valid_fields(StringList fields)
{
    while (const auto name = fields.next()) {
        const auto value = fields.next();
        if (!value || !http::is_valid_field(*name, *value)) {
            return false;
        }
    }
    return true;
}

// `covered` reaches up to the checksum.
bool checksum_holds(std::string_view covered, std::string_view checksum)
{
    ByteReader in(checksum);
    const auto hi = in.number<std::uint64_t>();
    const auto lo = in.number<std::uint64_t>();
    return hash128(covered, HashSecret()) == Hash128{hi, lo};
}

} // namespace

std::string seal(std::string_view head, std::span<const std::string_view> body)
{
    std::size_t size = head.size() + kTrailer;
    for (const std::string_view piece : body) {
        size += piece.size();
    }

    std::string sealed;
    sealed.reserve(size);
    sealed.append(head);
    for (const std::string_view piece : body) {
        sealed.append(piece);
    }

    ByteWriter out(sealed);
    out.number(kXxh3);
    const Hash128 checksum = hash128(sealed, HashSecret());
    out.number(checksum.hi);
    out.number(checksum.lo);
    return sealed;
}

std::variant<Unsealed, Reason> unseal(std::string_view sealed)
{
    if (sealed.size() < kHeadPrefix + kTrailer) {
        return Reason::entry_corrupt;
    }
    const std::string_view covered =
        sealed.substr(0, sealed.size() - kTrailer + sizeof(kXxh3));
    if (covered.back() != kXxh3 ||
        !checksum_holds(covered, sealed.substr(covered.size()))) {
        return Reason::entry_corrupt;
    }

    const std::string_view content = covered.substr(0, covered.size() - 1);
    const std::size_t head_bytes = head_size(content).value_or(content.size());
    const auto decoded = decode_head(content.substr(0, head_bytes));
    if (const auto *reason = std::get_if<Reason>(&decoded)) {
        return *reason;
    }

    const Entry &entry = std::get<Entry>(decoded);
    if (content.size() - head_bytes != entry.body_size ||
        !has_valid_fields(entry.fields)) {
        return Reason::entry_corrupt;
    }
    return Unsealed{content.substr(0, head_bytes), content.substr(head_bytes)};
}

} // namespace edge::cache
