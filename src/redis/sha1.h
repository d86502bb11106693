// SHA-1 (FIPS 180-4), the name under which Redis knows a script. Done by the
// compiler: a script and its name can not disagree. Not for secrets.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge::redis {

using Sha1Hex = std::array<char, 40>;

namespace detail {

using Sha1State = std::array<std::uint32_t, 5>;
using Sha1Block = std::array<std::uint8_t, 64>;

constexpr std::uint32_t sha1_mix(std::size_t round, std::uint32_t b,
                                 std::uint32_t c, std::uint32_t d)
{
    if (round < 20) {
        return ((b & c) | (~b & d)) + 0x5a827999;
    }
    if (round < 40) {
        return (b ^ c ^ d) + 0x6ed9eba1;
    }
    if (round < 60) {
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    }
    return (b ^ c ^ d) + 0xca62c1d6;
}

constexpr void sha1_add_block(Sha1State &state, const Sha1Block &block)
{
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; i++) {
        w[i / 4] = w[i / 4] << 8 | block[i];
    }
    for (std::size_t i = 16; i < 80; i++) {
        w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }

    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; i++) {
        const std::uint32_t next =
            std::rotl(a, 5) + sha1_mix(i, b, c, d) + e + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d,
             state[4] + e};
}

} // namespace detail

// 40 lower-case hexadecimal digits.
constexpr Sha1Hex sha1_hex(std::string_view text)
{
    detail::Sha1State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                            0xc3d2e1f0};

    // The text, one 0x80, zeroes, and the length in bits as the last 8 bytes.
    const std::size_t blocks = (text.size() + 9 + 63) / 64;
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    for (std::size_t i = 0; i < blocks; i++) {
        detail::Sha1Block block{};
        for (std::size_t j = 0; j < block.size(); j++) {
            const std::size_t at = i * block.size() + j;
            if (at < text.size()) {
                block[j] = static_cast<std::uint8_t>(text[at]);
            } else if (at == text.size()) {
                block[j] = 0x80;
            } else if (at >= blocks * block.size() - 8) {
                block[j] = static_cast<std::uint8_t>(bits >> 8 * (63 - j));
            }
        }
        detail::sha1_add_block(state, block);
    }

    Sha1Hex hex{};
    for (std::size_t i = 0; i < hex.size(); i++) {
        hex[i] = "0123456789abcdef"[state[i / 8] >> (28 - i % 8 * 4) & 15];
    }
    return hex;
}

} // namespace edge::redis
