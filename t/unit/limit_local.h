#pragma once

// Limits that are decided here, each in a zone of its own.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "limit/local.h"

#include "cmocka.h"

namespace edge_test {

using namespace edge;
using namespace edge::limit;

inline constexpr Clocks kNow{1e12, 1.8e15};

inline Clocks later(Micros time)
{
    return {kNow.steady + time, kNow.wall + time};
}

// A zone of its own for each limit, as in a configuration.
class Zone
{
public:
    Zone() : buckets(shm::Buckets::format(bytes_).value()) {}

private:
    alignas(shm::Buckets::kAlignment) std::byte bytes_[16 * 1024];

public:
    shm::Buckets buckets;
};

inline LocalLimit limit_in(const Zone &zone, std::string_view rate,
                    std::uint64_t burst)
{
    return {zone.buckets, {1, 1}, *make_bucket(*parse_rate(rate), burst)};
}

inline LocalLimit window_in(const Zone &zone, std::uint64_t units, Micros width)
{
    return {zone.buckets, {1, 1}, Window{static_cast<double>(units), width}};
}

inline LocalLimit quota_in(const Zone &zone, std::uint64_t units, Calendar period)
{
    return {zone.buckets, {1, 1}, Quota{static_cast<double>(units), period, 0}};
}

inline std::uint64_t admitted(const LocalLimit &limit, const Clocks &now, int tries)
{
    std::uint64_t count = 0;
    while (tries-- > 0) {
        count += decide_locally(std::span(&limit, 1), now).granted;
    }
    return count;
}

inline bool is_known(const LocalLimit &limit)
{
    return limit.zone.find(limit.key, kNow.steady) != shm::BucketRecord{};
}

} // namespace edge_test
