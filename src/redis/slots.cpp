#include "redis/slots.h"

#include <algorithm>

#include "base/text.h"

namespace edge::redis {
namespace {

constexpr std::uint16_t kPolynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> make_crc_table()
{
    std::array<std::uint16_t, 256> table{};
    for (unsigned i = 0; i < table.size(); i++) {
        unsigned crc = i << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? kPolynomial : 0u);
        }
        table[i] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

constexpr auto kCrcTable = make_crc_table();

std::uint16_t crc16(std::string_view text)
{
    unsigned crc = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        crc = ((crc << 8) ^ kCrcTable[((crc >> 8) ^ byte) & 0xff]) & 0xffff;
    }
    return static_cast<std::uint16_t>(crc);
}

std::string_view hashed_part(std::string_view key)
{
    const std::size_t open = key.find('{');
    const std::size_t close =
        open == key.npos ? key.npos : key.find('}', open + 1);
    return close == key.npos || close == open + 1
               ? key
               : key.substr(open + 1, close - open - 1);
}

} // namespace

std::uint16_t key_slot(std::string_view key)
{
    return crc16(hashed_part(key)) % kSlots;
}

std::optional<Redirection> parse_redirection(std::string_view text)
{
    Split words(text, ' ');
    words.next();
    const auto slot = parse_decimal(words.next().value_or(""), kSlots);
    const std::string_view address = words.next().value_or("");
    const std::size_t colon = address.rfind(':');
    if (!slot || *slot >= kSlots || colon == address.npos) {
        return std::nullopt;
    }
    auto endpoint =
        make_endpoint(address.substr(0, colon), address.substr(colon + 1));
    if (!endpoint) {
        return std::nullopt;
    }
    return Redirection{static_cast<std::uint16_t>(*slot), std::move(*endpoint)};
}

bool SlotMap::assign(std::uint16_t first, std::uint16_t last,
                     const Endpoint &endpoint)
{
    auto found = std::find(nodes_.begin(), nodes_.end(), endpoint);
    if (found == nodes_.end()) {
        if (nodes_.size() == kMaxNodes) {
            return false;
        }
        found = nodes_.insert(found, endpoint);
    }
    const auto owner = static_cast<std::uint16_t>(found - nodes_.begin() + 1);
    std::fill(owners_.begin() + first, owners_.begin() + last + 1, owner);
    return true;
}

const Endpoint *SlotMap::find(std::uint16_t slot) const
{
    const std::uint16_t owner = owners_[slot];
    return owner == 0 ? nullptr : &nodes_[owner - 1u];
}

} // namespace edge::redis
