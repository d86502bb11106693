#pragma once

// Generations in memory of their own, and the records they apply.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "invalidate/record.h"
#include "shm/generations.h"

#include "cmocka.h"

namespace edge_test {

using namespace edge;
using namespace edge::invalidate;
using edge::shm::Generations;
using edge::shm::Usability;

class Memory
{
public:
    explicit Memory(const shm::GenerationsConfig &config)
        : words_(Generations::bytes_for(config.rows) / 8 + 1)
    {
        assert_some(Generations::format(bytes(), config));
    }

    std::span<std::byte> bytes()
    {
        return std::as_writable_bytes(std::span(words_));
    }
    Generations attach()
    {
        const auto generations = Generations::attach(bytes());
        assert_some(generations);
        return *generations;
    }

private:
    std::vector<std::uint64_t> words_;
};

inline std::string selectors(std::initializer_list<std::string_view> tags)
{
    std::string bytes;
    ByteWriter out(bytes);
    for (const std::string_view tag : tags) {
        out.number(select_tag(tag));
    }
    return bytes;
}

inline const TenantHash kAcme = hash_tenant("acme");

inline RowKey row_of(std::string_view tag, TenantHash tenant = kAcme)
{
    return row_key(select_tag(tag), tenant);
}

inline Position place(Nonce nonce, std::uint64_t epoch, std::uint64_t sequence)
{
    return {nonce, Generation::of(epoch, sequence)};
}

inline Record epoch_record(const Position &position, const Position &after)
{
    return {position, EpochStart{after}};
}

inline Record purge_record(const Position &position, RowKey row,
                           PurgeMode mode = PurgeMode::hard)
{
    return {position, Purge{"r", mode, {row}, Millis(0)}};
}

inline BootTime at(std::int64_t millis)
{
    return BootTime(Millis(millis));
}

} // namespace edge_test
