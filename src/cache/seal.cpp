#include "cache/seal.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
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

Hash128 checksum(std::string_view data)
{
    return hash128(data, HashSecret());
}

void append_checksum(std::string &sealed)
{
    const Hash128 sum = checksum(sealed);
    ByteWriter out(sealed);
    out.number(sum.hi);
    out.number(sum.lo);
}

bool has_checksum(std::string_view covered, std::string_view trailer)
{
    ByteReader in(trailer);
    Hash128 sum;
    sum.hi = in.number<std::uint64_t>();
    sum.lo = in.number<std::uint64_t>();
    return sum == checksum(covered);
}

// `covered` ends with the kind, `trailer` is what follows.
Reason check(std::string_view covered, std::string_view trailer,
             const SealKeys &keys)
{
    const auto kind = static_cast<Kind>(covered.back());
    if (keys.empty()) {
        return kind == kChecksum && has_checksum(covered, trailer)
                   ? Reason::none
                   : Reason::entry_corrupt;
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
    if (keys.empty()) {
        append_checksum(sealed);
    } else {
        const Mac mac = keys.sign(sealed);
        sealed.append(mac.data(), mac.size());
    }
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
    return Unsealed{entry, content.substr(0, head_bytes),
                    content.substr(head_bytes)};
}

} // namespace edge::cache
