#include "base/hash.h"

#include <algorithm>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace edge {

static_assert(HashSecret::size >= XXH3_SECRET_SIZE_MIN);

HashSecret::HashSecret()
{
    std::memcpy(bytes_.data(), XXH3_kSecret, size);
}

HashSecret::HashSecret(std::string_view text)
{
    XXH3_generateSecret(bytes_.data(), size, text.data(), text.size());
}

Hash128 hash128(std::string_view data, const HashSecret &secret)
{
    const XXH128_hash_t hash = XXH3_128bits_withSecret(
        data.data(), data.size(), secret.bytes().data(), HashSecret::size);
    return {hash.high64, hash.low64};
}

std::uint64_t hash64(std::string_view data, std::uint64_t seed)
{
    return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

PieceHash::PieceHash() : state_(XXH3_createState())
{
    if (!state_) {
        throw std::bad_alloc();
    }
    XXH3_64bits_reset(static_cast<XXH3_state_t *>(state_.get()));
}

void PieceHash::add(std::string_view piece)
{
    XXH3_64bits_update(static_cast<XXH3_state_t *>(state_.get()), piece.data(),
                       piece.size());
}

std::uint64_t PieceHash::value() const
{
    return XXH3_64bits_digest(static_cast<XXH3_state_t *>(state_.get()));
}

void PieceHash::Free::operator()(void *state) const
{
    XXH3_freeState(static_cast<XXH3_state_t *>(state));
}

std::array<char, 32> to_hex(const Hash128 &hash)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::array<char, 32> text;
    for (std::size_t i = 0; i < 16; i++) {
        text[15 - i] = digits[(hash.hi >> (4 * i)) & 0xf];
        text[31 - i] = digits[(hash.lo >> (4 * i)) & 0xf];
    }
    return text;
}

} // namespace edge
