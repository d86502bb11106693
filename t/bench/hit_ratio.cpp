// The memory tier's own code, asked for names by a trace, and LRU, that has as
// many bytes and loses none of them.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shm/memory_tier.h"

namespace {

using namespace edge;
using Name = std::uint64_t;
using Trace = std::vector<Name>;

constexpr std::size_t kHead = 200;
constexpr std::size_t kPage = 4096;

// What nobody asks for twice, from here on.
constexpr Name kUnique = Name{1} << 40;

// 200 B to 50 KB, as many of each order of magnitude; of a name always the
// same.
std::size_t body_size(Name name)
{
    const double place =
        static_cast<double>(name * 0x9e3779b97f4a7c15 >> 40) / (1 << 24);
    return static_cast<std::size_t>(200 * std::pow(250, place));
}

class Cache
{
public:
    virtual ~Cache() = default;
    // Stored when it is not found.
    virtual bool request(Name name) = 0;
};

class Tier : public Cache
{
public:
    explicit Tier(std::size_t bytes)
        : memory_(std::aligned_alloc(kPage, bytes), &std::free),
          zone_(static_cast<std::byte *>(memory_.get()), bytes)
    {
        shm::MemoryTier::format(zone_, {.seed = 42});
        tier_ = shm::MemoryTier::attach(zone_);
        owner_ = tier_->claim_owner(1, 1);
    }

    bool request(Name name) override
    {
        const Hash128 hash = {name * 0x9e3779b97f4a7c15, name};
        const auto found = tier_->find(hash, *owner_, kNow);
        if (const auto *object = std::get_if<shm::PinnedObject>(&found)) {
            tier_->unpin(object->pin());
            return true;
        }
        const shm::ObjectSpec spec{.hash = hash,
                                   .resource = hash,
                                   .head_size = kHead,
                                   .body_size = body_size(name)};
        for (int attempt = 0; attempt < 8; attempt++) {
            const auto made = tier_->reserve(spec, *owner_, kNow);
            if (const auto *room = std::get_if<shm::Reservation>(&made)) {
                tier_->publish(room->pin());
                tier_->unpin(room->pin());
                break;
            }
        }
        return false;
    }

    std::size_t capacity() const { return tier_->stats().capacity; }

private:
    static constexpr BootTime kNow{};

    std::unique_ptr<void, decltype(&std::free)> memory_;
    std::span<std::byte> zone_;
    std::optional<shm::MemoryTier> tier_;
    std::optional<shm::OwnerSlot> owner_;
};

class Lru : public Cache
{
public:
    explicit Lru(std::size_t bytes) : free_(bytes) {}

    bool request(Name name) override
    {
        const auto found = places_.find(name);
        if (found != places_.end()) {
            order_.splice(order_.begin(), order_, found->second);
            return true;
        }
        const std::size_t size = size_of(name);
        while (free_ < size) {
            free_ += size_of(order_.back());
            places_.erase(order_.back());
            order_.pop_back();
        }
        free_ -= size;
        order_.push_front(name);
        places_[name] = order_.begin();
        return false;
    }

private:
    // As much as the tier needs for it.
    static std::size_t size_of(Name name)
    {
        const std::size_t size =
            shm::Node::head_offset(1) + kHead + body_size(name);
        return (size + shm::kBlockSize - 1) / shm::kBlockSize *
               shm::kBlockSize;
    }

    std::size_t free_;
    std::list<Name> order_;
    std::unordered_map<Name, std::list<Name>::iterator> places_;
};

// With room for everything.
class Unbounded : public Cache
{
public:
    bool request(Name name) override { return !names_.insert(name).second; }

private:
    std::unordered_set<Name> names_;
};

// The k-th most popular of `count` names with 1/k^exponent.
Trace zipf(std::size_t requests, std::size_t count, double exponent)
{
    std::vector<double> sums(count);
    double sum = 0;
    for (std::size_t k = 0; k < count; k++) {
        sum += 1 / std::pow(static_cast<double>(k + 1), exponent);
        sums[k] = sum;
    }
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> place(0, sum);
    Trace trace(requests);
    for (Name &name : trace) {
        name = static_cast<Name>(
            std::ranges::lower_bound(sums, place(random)) - sums.begin());
    }
    return trace;
}

// Between the requests of a trace, ever new names: `together` of them at a
// time, a third of all.
Trace with_scans(const Trace &trace, std::size_t together)
{
    Trace mixed;
    Name next = kUnique;
    for (std::size_t i = 0; i < trace.size(); i++) {
        mixed.push_back(trace[i]);
        if ((i + 1) % (2 * together) == 0) {
            for (std::size_t n = 0; n < together; n++) {
                mixed.push_back(next++);
            }
        }
    }
    return mixed;
}

// Of what is asked for more than once.
double hit_ratio(Cache &cache, const Trace &trace)
{
    std::size_t hits = 0;
    std::size_t requests = 0;
    for (const Name name : trace) {
        const bool hit = cache.request(name);
        hits += hit ? 1 : 0;
        requests += name < kUnique ? 1 : 0;
    }
    return static_cast<double>(hits) / static_cast<double>(requests);
}

void show(const std::string &title, std::size_t bytes, const Trace &trace)
{
    Tier tier(bytes);
    Lru lru(tier.capacity());
    Unbounded unbounded;
    const double ours = hit_ratio(tier, trace);
    const double theirs = hit_ratio(lru, trace);
    std::printf("%-28s %8.3f %8.3f %8.3f %10.2f\n", title.c_str(), theirs,
                ours, hit_ratio(unbounded, trace),
                (1 - ours) / (1 - theirs));
    std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv)
{
    const std::size_t megabytes =
        argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64;
    if (megabytes < 1 || megabytes > 4096) {
        std::fprintf(stderr, "write 1 to 4096 megabytes\n");
        return 1;
    }
    const std::size_t bytes = megabytes << 20;
    // Ten times as much as there is room for, asked for ten times.
    const std::size_t names = bytes / 900;
    std::printf("%-28s %8s %8s %8s %10s\n", "trace", "LRU", "tier",
                "no bound", "misses/LRU");
    for (const double exponent : {0.8, 1.0, 1.2}) {
        const Trace trace = zipf(10 * names, names, exponent);
        char title[32];
        std::snprintf(title, sizeof(title), "Zipf %.1f", exponent);
        show(title, bytes, trace);
        show(std::string(title) + ", a flood of 1/3", bytes,
             with_scans(trace, 1));
        show(std::string(title) + ", scans of 1/3", bytes,
             with_scans(trace, names / 4));
    }
    return 0;
}
