#include "cache/seal.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "cache/entry.h"
#include "http/token.h"

namespace edge::cache {

namespace {

// A kind, and 16 bytes over all before them, the kind included.
enum Kind : std::uint8_t
{
    kChecksum = 1,
    kMac = 2
};
constexpr std::size_t kTrailer = sizeof(Kind) + sizeof(Mac);

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

Mac checksum(std::string_view data)
{
    const Hash128 hash = hash128(data, HashSecret());
    std::string bytes;
    ByteWriter out(bytes);
    out.number(hash.hi);
    out.number(hash.lo);

    Mac mac;
    std::copy_n(bytes.begin(), mac.size(), mac.begin());
    return mac;
}

// `covered` ends with the kind, `trailer` is what follows.
Reason check(std::string_view covered, std::string_view trailer,
             const SealKeys &keys)
{
    const auto kind = static_cast<Kind>(covered.back());
    if (keys.empty()) {
        const Mac expected = checksum(covered);
        const bool holds =
            kind == kChecksum &&
            trailer == std::string_view(expected.data(), expected.size());
        return holds ? Reason::none : Reason::entry_corrupt;
    }
    return kind == kMac && keys.verify(covered, trailer) ? Reason::none
                                                         : Reason::entry_forged;
}

} // namespace

SealKeys::SealKeys(std::span<const std::string_view> secrets)
    : keys_(secrets.begin(), secrets.end())
{
}

bool SealKeys::verify(std::string_view data, std::string_view mac) const
{
    return std::any_of(keys_.begin(), keys_.end(), [&](const MacKey &key) {
        return key.verifies(data, mac);
    });
}

std::string seal(std::string_view head, std::span<const std::string_view> body,
                 const SealKeys &keys)
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

    sealed.push_back(keys.empty() ? kChecksum : kMac);
    const Mac trailer = keys.empty() ? checksum(sealed) : keys.sign(sealed);
    sealed.append(trailer.data(), trailer.size());
    return sealed;
}

std::variant<Unsealed, Reason> unseal(std::string_view sealed,
                                      const SealKeys &keys)
{
    if (sealed.size() < kHeadPrefix + kTrailer) {
        return Reason::entry_corrupt;
    }
    const std::size_t covered = sealed.size() - sizeof(Mac);
    const Reason verdict =
        check(sealed.substr(0, covered), sealed.substr(covered), keys);
    if (verdict != Reason::none) {
        return verdict;
    }

    const std::string_view content = sealed.substr(0, covered - sizeof(Kind));
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
