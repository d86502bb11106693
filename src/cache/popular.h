// What is asked for most, of any number of things, in a table of fixed size:
// a newcomer takes the place of one that is seldom asked for. An estimate: of
// more things than places some are counted less than they were asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace edge::cache {

template <typename T> class Popular
{
public:
    explicit Popular(std::size_t places) : places_(places)
    {
        things_.reserve(places);
    }

    // False: it is not in the table.
    bool count(const Hash128 &name)
    {
        const auto known = index_.find(name);
        if (known == index_.end()) {
            return false;
        }
        things_[known->second].count++;
        if (++counted_ >= kMemory * places_) {
            forget_half();
        }
        return true;
    }

    // Whether something unknown is to be added: while there is room, then few,
    // so that many that are asked for once do not push out the others.
    bool wants(std::uint64_t random) const
    {
        return things_.size() < places_ || random % kSample == 0;
    }

    // Of an unknown name, as wants() has it.
    void add(const Hash128 &name, T value, std::uint64_t random)
    {
        if (things_.size() < places_) {
            index_[name] = things_.size();
            things_.push_back({name, 1, std::move(value)});
            return;
        }
        Thing &seldom = things_[find_seldom(random)];
        index_[name] = index_[seldom.name];
        index_.erase(seldom.name);
        seldom = {name, 1, std::move(value)};
    }

    // Null: it is not in the table (any more).
    const T *find(const Hash128 &name) const
    {
        const auto known = index_.find(name);
        return known == index_.end() ? nullptr : &things_[known->second].value;
    }

    // The most asked for first.
    std::vector<Hash128> by_count() const
    {
        std::vector<const Thing *> things;
        for (const Thing &thing : things_) {
            things.push_back(&thing);
        }
        std::ranges::stable_sort(things, std::ranges::greater(),
                                 [](const Thing *t) { return t->count; });
        std::vector<Hash128> names;
        for (const Thing *thing : things) {
            names.push_back(thing->name);
        }
        return names;
    }

private:
    // Of so many unknown ones one is added, and of so many places the least is
    // taken.
    static constexpr std::uint64_t kSample = 16;
    static constexpr std::uint64_t kLooks = 8;
    // Counts for each place, until all of them lose half.
    static constexpr std::size_t kMemory = 256;

    struct Thing
    {
        Hash128 name;
        std::uint64_t count;
        T value;
    };
    struct Hasher
    {
        std::size_t operator()(const Hash128 &name) const { return name.lo; }
    };

    std::size_t find_seldom(std::uint64_t random) const
    {
        std::size_t seldom = random % places_;
        for (std::uint64_t i = 1; i < kLooks; i++) {
            // Weyl's sequence: other places each time.
            random += 0x9e3779b97f4a7c15;
            const std::size_t other = (random >> 16) % places_;
            if (things_[other].count < things_[seldom].count) {
                seldom = other;
            }
        }
        return seldom;
    }

    void forget_half()
    {
        counted_ /= 2;
        for (Thing &thing : things_) {
            thing.count /= 2;
        }
    }

    std::size_t places_;
    std::uint64_t counted_ = 0;
    std::vector<Thing> things_;
    std::unordered_map<Hash128, std::size_t, Hasher> index_;
};

} // namespace edge::cache
