// What leaves and what stays in the memory tier, beside LRU.

#include "shm_zone.h"

#include <cmath>
#include <list>
#include <random>
#include <unordered_map>
#include <vector>

using namespace edge_test;

namespace {

using Random = std::minstd_rand;

// A cache of objects of one size, filled on a miss.
class Cache
{
public:
    explicit Cache(std::size_t zone_size)
        : zone_(zone_size), tier_(zone_.attach()),
          owner_(*tier_.claim_owner(1, 1))
    {
    }

    bool request(std::uint64_t name)
    {
        if (hit(tier_, name, owner_)) {
            return true;
        }
        const auto made = reserve(tier_, spec_of(name, {200, 600}), owner_);
        const Pin pin = std::get<Reservation>(made).pin();
        tier_.publish(pin);
        tier_.unpin(pin);
        return false;
    }

    bool look(std::uint64_t name)
    {
        const auto seen = tier_.peek(hash_of(name), owner_, at(0));
        const auto *object = std::get_if<PinnedObject>(&seen);
        if (object != nullptr) {
            tier_.unpin(object->pin());
        }
        return object != nullptr;
    }

    std::size_t count() const { return tier_.stats().objects; }
    std::uint64_t evicted() const { return tier_.stats().evicted_capacity; }

private:
    Zone zone_;
    MemoryTier tier_;
    OwnerSlot owner_;
};

class Lru
{
public:
    explicit Lru(std::size_t capacity) : capacity_(capacity) {}

    bool request(std::uint64_t name)
    {
        const auto found = places_.find(name);
        if (found != places_.end()) {
            order_.splice(order_.begin(), order_, found->second);
            return true;
        }
        order_.push_front(name);
        places_[name] = order_.begin();
        if (order_.size() > capacity_) {
            places_.erase(order_.back());
            order_.pop_back();
        }
        return false;
    }

private:
    std::size_t capacity_;
    std::list<std::uint64_t> order_;
    std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator>
        places_;
};

constexpr std::size_t kZone = 2 * 1024 * 1024;

// How many objects of that size a zone holds.
std::size_t capacity()
{
    Cache cache(kZone);
    for (std::uint64_t name = 0; cache.evicted() == 0; name++) {
        cache.request(name);
    }
    return cache.count();
}

void what_was_hit_stays_and_the_oldest_of_the_others_leaves(void **)
{
    Cache cache(kZone);
    const std::uint64_t full = capacity();
    for (std::uint64_t name = 0; name < full; name++) {
        cache.request(name);
    }
    cache.request(0);
    cache.request(full);
    assert_int_equal(cache.evicted(), 1);
    assert_true(cache.request(0));
    assert_true(cache.request(2));
    assert_false(cache.request(1));
}

void an_onlooker_keeps_nothing(void **)
{
    Cache cache(kZone);
    const std::uint64_t full = capacity();
    for (std::uint64_t name = 0; name < full; name++) {
        cache.request(name);
    }
    assert_true(cache.look(0));
    assert_false(cache.look(full));
    cache.request(full);
    assert_false(cache.look(0));
    assert_true(cache.look(1));
}

void a_hot_set_survives_a_scan_of_ten_times_the_zone(void **)
{
    Cache cache(kZone);
    const std::uint64_t full = capacity();
    const std::uint64_t hot = full / 2;
    for (int round = 0; round < 2; round++) {
        for (std::uint64_t name = 0; name < hot; name++) {
            cache.request(name);
        }
    }
    for (std::uint64_t name = 0; name < 10 * full; name++) {
        cache.request(1000000 + name);
    }
    std::uint64_t left = 0;
    for (std::uint64_t name = 0; name < hot; name++) {
        left += cache.request(name) ? 1 : 0;
    }
    print_message("%.1f %% of the hot set left\n",
                  100.0 * static_cast<double>(left) / static_cast<double>(hot));
    assert_true(left * 100 >= hot * 95);
}

// Names by Zipf's law: the k-th most popular of `count` with 1/k^exponent.
std::vector<std::uint64_t> zipf(std::size_t requests, std::size_t count,
                                double exponent)
{
    std::vector<double> weights(count);
    for (std::size_t k = 0; k < count; k++) {
        weights[k] = 1 / std::pow(static_cast<double>(k + 1), exponent);
    }
    std::discrete_distribution<std::uint64_t> names(weights.begin(),
                                                    weights.end());
    Random random(11);
    std::vector<std::uint64_t> trace(requests);
    for (std::uint64_t &name : trace) {
        name = names(random);
    }
    return trace;
}

struct Ratios
{
    double tier;
    double lru;
};

Ratios hit_ratios(const std::vector<std::uint64_t> &trace)
{
    Cache cache(kZone);
    Lru lru(capacity());
    std::size_t tier_hits = 0;
    std::size_t lru_hits = 0;
    for (std::uint64_t name : trace) {
        tier_hits += cache.request(name) ? 1 : 0;
        lru_hits += lru.request(name) ? 1 : 0;
    }
    const auto requests = static_cast<double>(trace.size());
    return {static_cast<double>(tier_hits) / requests,
            static_cast<double>(lru_hits) / requests};
}

void its_hit_ratio_is_no_worse_than_that_of_lru(void **)
{
    for (double exponent : {0.8, 1.0, 1.2}) {
        const Ratios ratios =
            hit_ratios(zipf(100000, 10 * capacity(), exponent));
        print_message("Zipf %.1f: tier %.3f, LRU %.3f\n", exponent,
                      ratios.tier, ratios.lru);
        assert_true(ratios.tier >= ratios.lru);
    }
}

// One request in three for something nobody asks for again.
void unique_keys_cost_it_less_than_lru(void **)
{
    std::vector<std::uint64_t> trace = zipf(100000, 10 * capacity(), 1.0);
    for (std::size_t i = 0; i < trace.size(); i += 3) {
        trace[i] = 1000000 + i;
    }
    const Ratios ratios = hit_ratios(trace);
    print_message("with a flood: tier %.3f, LRU %.3f\n", ratios.tier,
                  ratios.lru);
    assert_true(ratios.tier >= ratios.lru * 1.05);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(
            what_was_hit_stays_and_the_oldest_of_the_others_leaves),
        cmocka_unit_test(an_onlooker_keeps_nothing),
        cmocka_unit_test(a_hot_set_survives_a_scan_of_ten_times_the_zone),
        cmocka_unit_test(its_hit_ratio_is_no_worse_than_that_of_lru),
        cmocka_unit_test(unique_keys_cost_it_less_than_lru),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
