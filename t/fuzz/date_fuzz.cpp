// HTTP dates: whatever can be read can be written, and is the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/date.h"

using namespace edge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    constexpr WallTime now{Seconds(1795219200)};
    const std::string_view text(reinterpret_cast<const char *>(data), size);

    const auto time = http::parse_date(text, now);
    if (time) {
        const auto written = http::format_date(*time);
        if (http::parse_date({written.data(), written.size()}, now) != *time) {
            std::abort();
        }
    }
    return 0;
}
