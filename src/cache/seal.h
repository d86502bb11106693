// An entry on its way through a store that others can write to: head, body,
// and a trailer over all before it. Without a secret the trailer is a
// checksum, against damage. With one it is a MAC, against everybody who does
// not have the secret: the full key is inside, so an entry cannot be moved to
// another resource or tenant either.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/mac.h"
#include "cache/entry.h"
#include "cache/reason.h"

namespace edge::cache {

class SealKeys
{
public:
    // No secret.
    SealKeys() = default;
    // The first signs, all verify: while a secret is changed there are two.
    explicit SealKeys(std::span<const std::string_view> secrets);

    bool empty() const { return keys_.empty(); }
    // Require a key.
    Mac sign(std::string_view data) const { return keys_.front().sign(data); }
    bool verify(std::string_view data, std::string_view mac) const;

private:
    std::vector<MacKey> keys_;
};

std::string seal(std::string_view head, std::span<const std::string_view> body,
                 const SealKeys &keys = {});

struct Unsealed
{
    Entry entry;
    std::string_view head;
    std::string_view body;
};

// Fit to be kept and sent: the trailer holds, decode_head() accepts the head,
// the body has its size, and the fields have no byte that could end a line.
// Reasons: entry_forged, entry_corrupt, entry_version.
std::variant<Unsealed, Reason> unseal(std::string_view sealed,
                                      const SealKeys &keys = {});

} // namespace edge::cache
