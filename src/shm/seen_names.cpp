#include "shm/seen_names.h"

#include <atomic>

namespace edge::shm {

namespace {

constexpr unsigned kBits = 5;

} // namespace

// Two halves of one hash stand for as many hashes as are needed (Kirsch and
// Mitzenmacher 2006). Ends with the first bit that `use` refuses.
template <typename Use>
bool SeenNames::each(std::uint64_t name, Use use) const
{
    const std::uint64_t bits = words_.size() * 64;
    const std::uint64_t step = (name * 0x9e3779b97f4a7c15) >> 32 | 1;
    for (unsigned i = 0; i < kBits; i++) {
        const std::uint64_t bit = (name + i * step) % bits;
        if (!use(std::atomic_ref(words_[bit / 64]), Word{1} << bit % 64)) {
            return false;
        }
    }
    return true;
}

void SeenNames::add(std::uint64_t name)
{
    each(name, [](std::atomic_ref<Word> word, Word bit) {
        // Mostly it is there: then nobody's cache line is taken away.
        if (!(word.load(std::memory_order_relaxed) & bit)) {
            word.fetch_or(bit, std::memory_order_relaxed);
        }
        return true;
    });
}

bool SeenNames::contains(std::uint64_t name) const
{
    return each(name, [](std::atomic_ref<Word> word, Word bit) {
        return (word.load(std::memory_order_relaxed) & bit) != 0;
    });
}

} // namespace edge::shm
