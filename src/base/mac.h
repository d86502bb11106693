// HMAC-SHA-256 (RFC 2104), cut to its first 16 bytes: only who has the secret
// can make one.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace edge {

using Mac = std::array<char, 16>;

class MacKey
{
public:
    // `secret` is any text that is not empty.
    explicit MacKey(std::string_view secret) : secret_(secret) {}

    Mac sign(std::string_view data) const;
    // Takes the same time for every wrong one.
    bool verifies(std::string_view data, std::string_view mac) const;

private:
    std::string secret_;
};

} // namespace edge
