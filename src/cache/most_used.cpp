#include "cache/most_used.h"

#include <algorithm>
#include <utility>

namespace edge::cache {

namespace {

bool is_used_more(const Used &one, const Used &other)
{
    return one.uses > other.uses;
}

} // namespace

void MostUsed::add(const Used &used)
{
    if (heap_.size() < places_) {
        heap_.push_back(used);
        std::ranges::push_heap(heap_, is_used_more);
    } else if (!heap_.empty() && is_used_more(used, heap_.front())) {
        std::ranges::pop_heap(heap_, is_used_more);
        heap_.back() = used;
        std::ranges::push_heap(heap_, is_used_more);
    }
}

std::vector<Used> MostUsed::take()
{
    std::ranges::sort_heap(heap_, is_used_more);
    return std::exchange(heap_, {});
}

} // namespace edge::cache
