#include "cache/vary_key.h"

#include <cstring>

#include "base/text.h"

namespace edge::cache {

namespace {

using Length = std::uint32_t;

constexpr Length kAbsent = 0xffffffff;
constexpr std::string_view kSeparator = ", ";

// Passes the key's pieces to `put(const void *, size_t)`, so that measuring
// and writing cannot disagree.
template <typename Put>
void for_each_piece(StringList names, http::Fields request, Put &&put)
{
    const auto put_length = [&put](Length length) {
        put(&length, sizeof(length));
    };
    const auto put_text = [&put](std::string_view text) {
        put(text.data(), text.size());
    };

    while (const auto name = names.next()) {
        put_length(static_cast<Length>(name->size()));
        put_text(*name);

        std::size_t size = 0;
        std::size_t lines = 0;
        http::for_each_value(request, *name, [&](std::string_view value) {
            size += trim_ows(value).size() + (lines++ ? kSeparator.size() : 0);
        });
        put_length(lines == 0 ? kAbsent : static_cast<Length>(size));

        bool first = true;
        http::for_each_value(request, *name, [&](std::string_view value) {
            put_text(first ? std::string_view{} : kSeparator);
            put_text(trim_ows(value));
            first = false;
        });
    }
}

} // namespace

std::size_t vary_key_size(StringList names, http::Fields request)
{
    std::size_t total = 0;
    for_each_piece(names, request,
                   [&total](const void *, std::size_t size) { total += size; });
    return total;
}

void write_vary_key(StringList names, http::Fields request, char *out)
{
    for_each_piece(names, request, [&out](const void *bytes, std::size_t size) {
        if (size != 0) {
            std::memcpy(out, bytes, size);
            out += size;
        }
    });
}

} // namespace edge::cache
