#pragma once

// cmocka for C++: its headers in the order it asks for, and comparisons that
// know string_view.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

// Its macro fail() would change what is declared here.
#include <memory>

extern "C" {
#include <cmocka.h>
}

#include <optional>
#include <string>
#include <string_view>

// Fails with both texts; bytes that do not print are shown as \xNN.
#define assert_sv_equal(a, b) edge_test::sv_equal((a), (b), __FILE__, __LINE__)

// For std::optional and everything else that is true or false in itself.
#define assert_some(value) assert_true((value).has_value())
#define assert_none(value) assert_false((value).has_value())

namespace edge_test {

inline std::string printable(std::string_view text)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;

    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            out += c;
            continue;
        }
        out += "\\x";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

inline void sv_equal(std::string_view got, std::string_view expected,
                     const char *file, int line)
{
    if (got == expected) {
        return;
    }
    print_error("\"%s\" is not \"%s\"\n", printable(got).c_str(),
                printable(expected).c_str());
    _fail(file, line);
}

} // namespace edge_test
