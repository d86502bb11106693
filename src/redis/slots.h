// Redis Cluster's 16384 slots: which one a key is in, and which node has which
// (Redis Cluster specification, "Key distribution model").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "redis/endpoint.h"

namespace edge::redis {

inline constexpr std::uint16_t kSlots = 16384;

// CRC-16/XMODEM of the key, or of what stands between its first { and the
// next }, unless that is nothing.
std::uint16_t key_slot(std::string_view key);

// Where an error reply MOVED or ASK points: "MOVED 3999 127.0.0.1:6381".
struct Redirection
{
    std::uint16_t slot;
    Endpoint endpoint;
};
std::optional<Redirection> parse_redirection(std::string_view text);

class SlotMap
{
public:
    // More nodes than any cluster has: what names more is not believed.
    static constexpr std::size_t kMaxNodes = 1000;

    // False: too many nodes; nothing is changed. `last` is below kSlots.
    bool assign(std::uint16_t first, std::uint16_t last,
                const Endpoint &endpoint);

    // Null: nobody serves it, as far as is known.
    const Endpoint *find(std::uint16_t slot) const;

    // Each node once.
    const std::vector<Endpoint> &nodes() const { return nodes_; }
    bool empty() const { return nodes_.empty(); }

    friend bool operator==(const SlotMap &, const SlotMap &) = default;

private:
    std::vector<Endpoint> nodes_;
    std::array<std::uint16_t, kSlots> owners_{}; // index + 1; 0: nobody
};

} // namespace edge::redis
