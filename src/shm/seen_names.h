// Which names anything stored here ever had: a Bloom filter (Bloom 1970). It
// says "never" only of what never was; of others it may say "yes" by mistake,
// in 1 of 40 cases when there are as many names as bytes, and the oftener the
// more there are.
//
// A view of shared memory, cheap to copy. Needs no lock, and any bytes are a
// valid state: bits are only ever set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace edge::shm {

class SeenNames
{
public:
    using Word = std::uint64_t;

    // Of zeroed memory, at least one word.
    explicit SeenNames(std::span<Word> words) : words_(words) {}

    // `name`: a hash.
    void add(std::uint64_t name);
    bool contains(std::uint64_t name) const;

private:
    template <typename Use> bool each(std::uint64_t name, Use use) const;

    std::span<Word> words_;
};

} // namespace edge::shm
