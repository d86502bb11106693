#include "base/hash.h"

#include <algorithm>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>
// What is compiled here has to run on every processor of its kind. The library,
// if it is installed with that header, looks at the one that it runs on.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
extern "C" XXH128_hash_t XXH3_128bits_withSecret_dispatch(const void *data,
                                                          size_t size,
                                                          const void *secret,
                                                          size_t secret_size);
#undef XXH3_128bits_withSecret
#define XXH3_128bits_withSecret XXH3_128bits_withSecret_dispatch
#endif

namespace edge {

static_assert(HashSecret::size >= XXH3_SECRET_SIZE_MIN);

namespace {

// Both digits of every byte.
constexpr auto kHex = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); byte++) {
        pairs[byte] = {digits[byte >> 4], digits[byte & 0xf]};
    }
    return pairs;
}();

} // namespace

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
    std::array<char, 32> text;
    for (std::size_t i = 0; i < 8; i++) {
        const std::size_t shift = 56 - 8 * i;
        std::memcpy(&text[2 * i], kHex[hash.hi >> shift & 0xff].data(), 2);
        std::memcpy(&text[16 + 2 * i], kHex[hash.lo >> shift & 0xff].data(), 2);
    }
    return text;
}

} // namespace edge
