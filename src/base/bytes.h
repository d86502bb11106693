// Reading and writing the fixed little-endian formats (entries, log records).
// A reader never reads past its end: once something is missing it has failed,
// and everything after that reads as zero or empty.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace edge {

class ByteWriter
{
public:
    explicit ByteWriter(std::string &out) : out_(out) {}

    template <std::integral T> void number(T value)
    {
        const auto bits = static_cast<std::make_unsigned_t<T>>(value);
        // One store, where gcc 12 keeps the loop byte by byte.
        if constexpr (std::endian::native == std::endian::little) {
            char bytes[sizeof(T)];
            std::memcpy(bytes, &bits, sizeof(T));
            out_.append(bytes, sizeof(T));
            return;
        }
        for (std::size_t i = 0; i < sizeof(T); i++) {
            out_.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
        }
    }

    void raw(std::string_view bytes) { out_.append(bytes); }

    // Length (32 bits), then the bytes: no two lists of strings encode alike.
    void string(std::string_view bytes)
    {
        number(static_cast<std::uint32_t>(bytes.size()));
        raw(bytes);
    }

private:
    std::string &out_;
};

class ByteReader
{
public:
    explicit ByteReader(std::string_view in) : in_(in) {}

    template <std::integral T> T number()
    {
        const std::string_view bytes = raw(sizeof(T));
        if (bytes.empty()) {
            return 0;
        }
        std::make_unsigned_t<T> bits = 0;
        // One load, where gcc 12 keeps the loop byte by byte.
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(&bits, bytes.data(), sizeof(T));
            return static_cast<T>(bits);
        }
        for (std::size_t i = 0; i < sizeof(T); i++) {
            const auto byte = static_cast<unsigned char>(bytes[i]);
            bits |= static_cast<std::make_unsigned_t<T>>(
                static_cast<std::make_unsigned_t<T>>(byte) << (8 * i));
        }
        return static_cast<T>(bits);
    }

    std::string_view raw(std::size_t size)
    {
        if (size > in_.size()) {
            failed_ = true;
            in_ = {};
            return {};
        }
        const std::string_view bytes = in_.substr(0, size);
        in_.remove_prefix(size);
        return bytes;
    }

    std::string_view string() { return raw(number<std::uint32_t>()); }

    bool failed() const { return failed_; }
    bool at_end() const { return in_.empty(); }
    std::size_t left() const { return in_.size(); }

private:
    std::string_view in_;
    bool failed_ = false;
};

} // namespace edge
