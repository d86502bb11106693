#include "cache/compression.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/cache_control.h"
#include "http/preference.h"

namespace edge::cache {

namespace {

// zlib's own header is gzip's, with this added to the window's size.
constexpr int kGzip = 16;
constexpr int kWindow = 15;
constexpr int kMemoryLevel = 8;
constexpr std::size_t kChunk = 16 * 1024;

Bytef *bytes_of(const char *text)
{
    return reinterpret_cast<Bytef *>(const_cast<char *>(text));
}

// text/*, and what is text under other names: JSON, XML, JavaScript.
bool is_text(std::string_view type)
{
    constexpr std::array<std::string_view, 5> others = {
        "application/json", "application/xml", "application/javascript",
        "application/x-ndjson", "application/x-javascript"};
    type = trim_ows(type.substr(0, type.find(';')));
    const auto is = [type](std::string_view name) {
        return equals_ignore_case(type, name);
    };
    const auto ends_with = [type](std::string_view suffix) {
        return type.size() > suffix.size() &&
               equals_ignore_case(type.substr(type.size() - suffix.size()),
                                  suffix);
    };
    return equals_ignore_case(type.substr(0, 5), "text/") ||
           ends_with("+json") || ends_with("+xml") ||
           std::any_of(others.begin(), others.end(), is);
}

bool forbids(const http::Field &field)
{
    return is_field(field, "content-encoding") ||
           is_field(field, "content-range") ||
           is_field(field, "content-digest") ||
           is_field(field, "repr-digest") || is_field(field, "digest") ||
           is_field(field, "content-md5");
}

} // namespace

bool is_compressible(http::Fields response)
{
    const auto type = std::find_if(
        response.begin(), response.end(),
        [](const auto &field) { return is_field(field, "content-type"); });
    return type != response.end() && is_text(type->value) &&
           std::none_of(response.begin(), response.end(), forbids) &&
           !http::parse_cache_control(response).no_transform;
}

bool accepts_gzip(http::Fields request)
{
    std::optional<std::string_view> all;
    bool is_one_line = true;
    http::for_each_value(request, "accept-encoding",
                         [&](std::string_view value) {
                             is_one_line = !all;
                             all = value;
                         });
    return all && is_one_line && http::accepts_coding(*all, "gzip");
}

std::string weak_tag(std::string_view tag)
{
    const std::string_view prefix = tag.starts_with("W/") ? "" : "W/";
    return std::string(prefix).append(tag);
}

Compressor::Compressor(int level)
    : failed_(deflateInit2(&stream_, level, Z_DEFLATED, kWindow + kGzip,
                           kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
{
}

Compressor::~Compressor()
{
    deflateEnd(&stream_);
}

void Compressor::append(std::string_view bytes)
{
    run(bytes, Z_NO_FLUSH);
}

std::optional<std::string_view> Compressor::finish(std::uint64_t size)
{
    run({}, Z_FINISH);
    return failed_ || packed_.size() > size - size / 8
               ? std::nullopt
               : std::optional<std::string_view>(packed_);
}

void Compressor::run(std::string_view bytes, int flush)
{
    std::array<char, kChunk> chunk;
    stream_.next_in = bytes_of(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
        stream_.next_out = bytes_of(chunk.data());
        stream_.avail_out = chunk.size();
        failed_ = failed_ || deflate(&stream_, flush) == Z_STREAM_ERROR;
        packed_.append(chunk.data(), chunk.size() - stream_.avail_out);
    } while (!failed_ && stream_.avail_out == 0);
}

Decompressor::Decompressor(std::span<char> identity)
    : failed_(inflateInit2(&stream_, kWindow + kGzip) != Z_OK)
{
    stream_.next_out = bytes_of(identity.data());
    stream_.avail_out = static_cast<uInt>(identity.size());
}

Decompressor::~Decompressor()
{
    inflateEnd(&stream_);
}

void Decompressor::append(std::string_view packed)
{
    if (failed_ || packed.empty()) {
        return;
    }
    stream_.next_in = bytes_of(packed.data());
    stream_.avail_in = static_cast<uInt>(packed.size());
    const int rc = ended_ ? Z_DATA_ERROR : inflate(&stream_, Z_NO_FLUSH);
    ended_ = rc == Z_STREAM_END;
    failed_ = (rc != Z_OK && !ended_) || stream_.avail_in != 0;
}

} // namespace edge::cache
