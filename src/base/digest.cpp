#include "base/digest.h"

#include <openssl/sha.h>

namespace edge {

static_assert(sizeof(Digest) == SHA256_DIGEST_LENGTH);

Digest sha256(std::string_view data)
{
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char *>(data.data()), data.size(),
           reinterpret_cast<unsigned char *>(digest.data()));
    return digest;
}

} // namespace edge
