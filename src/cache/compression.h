// Bodies that are stored in gzip's format (RFC 1952): packed once, when they
// arrive, and not for each client that wants them so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <zlib.h>

#include "http/field.h"

namespace edge::cache {

// edge_cache_compress
struct Compression
{
    // 0: off; otherwise gzip's, 1 to 9.
    int level = 0;
    // Shorter bodies stay as they are.
    std::uint64_t min_length = 1024;
};

// Whether an answer may be stored packed: text by its type, in no coding yet,
// and without no-transform (RFC 9110 7.7) or a digest of its bytes (RFC 9530).
bool is_compressible(http::Fields response);

// Whether Accept-Encoding has gzip among the acceptable. In doubt it has not:
// everybody takes a body as it is.
bool accepts_gzip(http::Fields request);

// The entity-tag of the packed form: two forms share no strong one (RFC 9110
// 8.8.3.3).
std::string weak_tag(std::string_view tag);

// Packs a body that comes in pieces.
class Compressor
{
public:
    // What zlib takes for itself, at most.
    static constexpr std::size_t kMemory = 268 * 1024;

    explicit Compressor(int level);
    ~Compressor();
    Compressor(const Compressor &) = delete;

    void append(std::string_view bytes);

    // After the last piece: the packed body, unless it saves less than an
    // eighth of `size`, or zlib had no memory. The bytes are the compressor's.
    std::optional<std::string_view> finish(std::uint64_t size);

    // Held for the packed body so far.
    std::size_t capacity() const { return packed_.capacity(); }

private:
    void run(std::string_view bytes, int flush);

    z_stream stream_{};
    bool failed_;
    std::string packed_;
};

// Unpacks into `identity`, which has to become exactly full.
class Decompressor
{
public:
    explicit Decompressor(std::span<char> identity);
    ~Decompressor();
    Decompressor(const Decompressor &) = delete;

    void append(std::string_view packed);

    // After the last piece; false for what is no gzip, or of another size.
    bool is_complete() const
    {
        return !failed_ && ended_ && stream_.avail_out == 0;
    }

private:
    z_stream stream_{};
    bool failed_;
    bool ended_ = false;
};

} // namespace edge::cache
