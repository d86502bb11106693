// Hashes over XXH3. None of them is a proof of identity: whoever finds
// something by a hash compares the full key as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace edge {

struct Hash128
{
    std::uint64_t hi = 0;
    std::uint64_t lo = 0;

    friend bool operator==(const Hash128 &, const Hash128 &) = default;
};

// Keys a hash: 192 bytes, XXH3's secret. A random one makes collisions
// impossible to construct from outside; all instances that share a Redis
// derive the same one from `secret_file`.
class HashSecret
{
public:
    static constexpr std::size_t size = 192;

    // Without a secret: XXH3's own constant, the same everywhere.
    HashSecret();
    // Expands any non-empty text into 192 bytes.
    explicit HashSecret(std::string_view text);

    std::span<const std::byte, size> bytes() const { return bytes_; }

private:
    std::array<std::byte, size> bytes_;
};

Hash128 hash128(std::string_view data, const HashSecret &secret);
std::uint64_t hash64(std::string_view data, std::uint64_t seed = 0);

// The same as hash64() of all pieces behind each other.
class PieceHash
{
public:
    PieceHash();

    void add(std::string_view piece);
    std::uint64_t value() const;

private:
    struct Free
    {
        void operator()(void *state) const;
    };
    std::unique_ptr<void, Free> state_;
};

// 32 lower-case hexadecimal digits.
std::array<char, 32> to_hex(const Hash128 &hash);

} // namespace edge
