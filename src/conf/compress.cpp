#include "conf/compress.h"

#include "base/text.h"
#include "conf/arguments.h"
#include "conf/location.h"

namespace edge::conf {

namespace {

constexpr std::uint64_t kMostLevel = 9;

// False: `word` is no parameter, or its value none.
bool read_parameter(std::string_view word, cache::Compression &compression)
{
    if (const auto value = parameter(word, "level")) {
        const auto level = parse_decimal(*value, kMostLevel + 1).value_or(0);
        compression.level = static_cast<int>(level);
        return level != 0 && level <= kMostLevel;
    }
    if (const auto value = parameter(word, "min_length")) {
        const auto size = parse_size(*value);
        compression.min_length = size.value_or(0);
        return size.has_value();
    }
    return false;
}

} // namespace

char *set_compress(ngx_conf_t *cf, ngx_command_t *, void *conf)
{
    auto &setting = static_cast<Location *>(conf)->compression;
    if (setting.set) {
        return duplicate();
    }
    const auto words = arguments(cf);
    const std::string_view format = ngx::view(words[0]);
    if (format == "off" && words.size() == 1) {
        setting = cache::Compression{};
        return NGX_CONF_OK;
    }
    if (format != "gzip") {
        return refuse(cf, format, "write \"gzip\", or \"off\" alone");
    }
    cache::Compression compression{.level = 6};
    for (const ngx_str_t &word : words.subspan(1)) {
        if (!read_parameter(ngx::view(word), compression)) {
            return refuse(cf, ngx::view(word),
                          "write \"level=\" and a number from 1 to 9, or "
                          "\"min_length=\" and a size such as 1k");
        }
    }
    setting = compression;
    return NGX_CONF_OK;
}

} // namespace edge::conf
