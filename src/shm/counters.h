// What a zone counts, in its shared memory: relaxed atomics, no lock. A figure
// may be one event behind another; none is ever lost or goes back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cache/reason.h"
#include "cache/status.h"

namespace edge::shm {

class Counter
{
public:
    void add(std::uint64_t n = 1)
    {
        value_.fetch_add(n, std::memory_order_relaxed);
    }
    std::uint64_t value() const
    {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

// Durations in microseconds, cumulative only when they are printed.
class Histogram
{
public:
    static constexpr std::array<std::uint32_t, 16> bounds = {
        1,    2,    5,     10,    20,    50,     100,    200,
        500,  1000, 2000,  5000,  10000, 50000,  100000, 1000000};

    void observe(std::int64_t micros)
    {
        const auto value = static_cast<std::uint64_t>(micros < 0 ? 0 : micros);
        std::size_t i = 0;
        while (i < bounds.size() && value > bounds[i]) {
            i++;
        }
        counts_[i].add();
        sum_.add(value);
    }

    // Observations in bucket i alone; the last one has no upper bound.
    std::uint64_t count(std::size_t i) const { return counts_[i].value(); }
    std::uint64_t sum_micros() const { return sum_.value(); }

private:
    std::array<Counter, bounds.size() + 1> counts_;
    Counter sum_;
};

// What became of a request that waited for another's answer.
enum class WaitEnd : std::uint8_t
{
    hit,     // it was stored
    fetch,   // it asks the API itself
    timeout, // the same, after edge_cache_lock_timeout
    gone,    // its client has left
    count_
};
inline constexpr auto kWaitEnds = static_cast<std::size_t>(WaitEnd::count_);

// One edge_cache_label. Slots are claimed by name and kept over reloads; slot
// 0 collects the labels for which none was left.
struct LabelCounters
{
    static constexpr std::size_t max_name = 63;

    std::array<char, max_name + 1> name{};
    std::array<Counter, cache::kStatuses> requests;
    // Body bytes sent to clients, from the cache and past it.
    Counter bytes_hit;
    Counter bytes_origin;

    std::string_view label() const { return name.data(); }
};

class Counters
{
public:
    static constexpr std::size_t max_labels = 128;

    // The caller holds the zone's lock. Names longer than max_name are cut.
    std::size_t claim_label(std::string_view name);

    void hit(cache::Tier tier) { hits[static_cast<std::size_t>(tier)].add(); }
    // Why something was not answered from here, or not stored.
    void refuse(cache::Reason why)
    {
        if (why != cache::Reason::none) {
            refused[static_cast<std::size_t>(why)].add();
        }
    }
    void wait_ended(WaitEnd end) { waits[static_cast<std::size_t>(end)].add(); }
    void observe(cache::Tier tier, std::int64_t micros)
    {
        lookups[static_cast<std::size_t>(tier)].observe(micros);
    }

    std::array<LabelCounters, max_labels> labels;

    std::array<Counter, cache::kTiers> hits;
    std::array<Histogram, cache::kTiers> lookups;
    std::array<Counter, cache::kReasons> refused;
    Counter fills_started;
    Counter fills_stored;
    Counter fills_aborted;
    // Of the stored ones: for a purge's settle time only.
    Counter fills_settling;
    // Went on when the client had left.
    Counter fills_outlived;
    // Stored compressed; their bytes as they came, and as they are stored.
    Counter fills_compressed;
    Counter bytes_compressed;
    Counter bytes_packed;
    // Hits whose clients take no gzip.
    Counter hits_unpacked;
    // Sent while they arrived, and those that broke off.
    Counter hits_arriving;
    Counter hits_broken_off;
    // Requests whose Cache-Control had no say.
    Counter client_control_ignored;
    // Fetched again in the background, and stored; another instance had done
    // so; it was not stored; it could not be begun.
    Counter refreshes_stored;
    Counter refreshes_found;
    Counter refreshes_failed;
    Counter refreshes_refused;
    // URLs that were warmed up (tier::Warmed).
    Counter warmed_stored;
    Counter warmed_found;
    Counter warmed_failed;
    // Objects that memory was to take from Redis at its start (the same).
    Counter warm_starts_stored;
    Counter warm_starts_found;
    Counter warm_starts_failed;
    // After a soft purge, of what was asked for most: the same, and what could
    // not be asked for.
    Counter primes_stored;
    Counter primes_found;
    Counter primes_failed;
    Counter primes_refused;
    // Requests that edge_cache_fetch_limit held back: they got a turn; not, and
    // were passed on, or refused.
    Counter turns_waited;
    Counter turns_passed;
    Counter turns_refused;
    // Requests that waited for another's answer, and what they got.
    std::array<Counter, kWaitEnds> waits;
    // Those that did not, as it is known not to be shared.
    Counter hits_for_miss;
    // edge_cache ZONE shadow: what would have been hits, their bodies' bytes,
    // and the milliseconds that the origin took for them; and how many of them
    // were, and were not, what the origin said.
    Counter shadow_hits;
    Counter shadow_bytes;
    Counter shadow_millis;
    Counter shadow_same;
    Counter shadow_different;
    // Checks of auth_request: answered from memory; by the service, and stored;
    // and not stored.
    Counter auth_hits;
    Counter auth_stored;
    Counter auth_passed;
    // Objects on their way to the shared tier.
    Counter redis_stored;
    Counter redis_dropped;
    Counter redis_failed;
    Counter purges_hard;
    Counter purges_soft;
    // Tags in them that nothing here ever had.
    Counter purges_never_seen;
    // Names that unsafe methods have changed: put into the log, covered by a
    // record that is there, not put there as Redis was away, of this instance
    // alone.
    Counter writes_logged;
    Counter writes_covered;
    Counter writes_failed;
    Counter writes_local;
    // Purged names put into the log again after it had lost them.
    Counter purges_restored;
    // A lock holder died while it was changing something.
    Counter recoveries;
};

} // namespace edge::shm
