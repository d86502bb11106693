#include "base/mac.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace edge {
namespace {

const unsigned char *bytes(std::string_view text)
{
    return reinterpret_cast<const unsigned char *>(text.data());
}

} // namespace

Mac MacKey::sign(std::string_view data) const
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
         bytes(data), data.size(), digest.data(), nullptr);

    Mac mac;
    std::copy_n(digest.begin(), mac.size(), mac.begin());
    return mac;
}

bool MacKey::verifies(std::string_view data, std::string_view mac) const
{
    const Mac right = sign(data);
    return mac.size() == right.size() &&
           CRYPTO_memcmp(right.data(), mac.data(), right.size()) == 0;
}

} // namespace edge
