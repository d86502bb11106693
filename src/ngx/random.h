// The kernel's random numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <sys/random.h>

namespace edge::ngx {

// Up to 256 bytes are never cut short (getrandom(2)).
inline void fill_random(void *out, std::size_t size)
{
    [[maybe_unused]] const ssize_t got = getrandom(out, size, 0);
}

inline std::uint64_t random_number()
{
    std::uint64_t number = 0;
    fill_random(&number, sizeof(number));
    return number;
}

// 16 hexadecimal digits.
inline std::string random_text()
{
    char text[17];
    std::snprintf(text, sizeof(text), "%016llx",
                  static_cast<unsigned long long>(random_number()));
    return text;
}

} // namespace edge::ngx
