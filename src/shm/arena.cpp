#include "shm/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace edge::shm {

namespace {

// Marks of blocks: kFree with the order on the first block of a free chunk,
// 0 on all others. Between forget() and free_rest() 0 means "not kept".
constexpr std::uint8_t kFree = 0x80;
constexpr std::uint8_t kKept = 0x40;
constexpr std::uint8_t kKeptFirst = 0x41;

// Chunks of one size that are looked at for a run.
constexpr unsigned kLooks = 4;

// The links of a free chunk, in its own first block. They are copied, never
// pointed to: the same bytes were an object a moment ago.
struct Links
{
    Block previous;
    Block next;
};

Links load(const std::byte *from)
{
    Links links;
    std::memcpy(&links, from, sizeof(links));
    return links;
}

void store(std::byte *to, Links links)
{
    std::memcpy(to, &links, sizeof(links));
}

constexpr std::uint8_t free_mark(unsigned order)
{
    return static_cast<std::uint8_t>(kFree | order);
}

} // namespace

bool Arena::is_free_chunk(Block block) const
{
    return (marks_[block] & kFree) != 0;
}

unsigned Arena::order_of(Block block) const
{
    return marks_[block] & (kOrders - 1);
}

unsigned Arena::extents_for(std::uint32_t wanted, std::uint32_t first) const
{
    unsigned extents = 0;
    for (unsigned order = kOrders; order-- > 0;) {
        const std::uint32_t chunks = state_->chunks[order];
        if (chunks == 0) {
            continue;
        }
        if (extents == 0 && (1u << order) < first) {
            return 0;
        }
        const std::uint32_t whole = std::min(chunks, wanted >> order);
        wanted -= whole << order;
        extents += whole;
        if (wanted == 0) {
            return extents;
        }
        if (whole < chunks) {
            return extents + 1;
        }
    }
    return 0;
}

bool Arena::has_run(std::uint32_t wanted) const
{
    return find_run(wanted).has_value();
}

// The free chunks side by side with this one, so far as they are of use.
Extent Arena::run_around(Block chunk, std::uint32_t wanted) const
{
    Block first = chunk;
    for (unsigned order = 0; chunk - first < wanted && wanted >> order != 0;) {
        const std::uint32_t size = 1u << order;
        if (first >= size && marks_[first - size] == free_mark(order)) {
            first -= size;
            order = 0;
        } else {
            order++;
        }
    }
    Block end = chunk + (1u << order_of(chunk));
    while (end - first < wanted && end < blocks() && is_free_chunk(end)) {
        end += 1u << order_of(end);
    }
    return {first, end - first};
}

// Around chunks that are too short themselves, then of a chunk that is not and
// what is free before it: what is left of a chunk, or was given back without
// its buddy, would never be used otherwise.
std::optional<Block> Arena::find_run(std::uint32_t wanted) const
{
    const auto enough = static_cast<unsigned>(std::bit_width(wanted - 1));
    for (unsigned less = 1; less <= std::min(enough, 2u); less++) {
        Block chunk = state_->head[enough - less];
        for (unsigned looked = 0; looked < kLooks && chunk != kNone; looked++) {
            const Extent run = run_around(chunk, wanted);
            if (run.count >= wanted) {
                return run.first;
            }
            chunk = load(at(chunk)).next;
        }
    }
    for (unsigned order = enough; order < kOrders; order++) {
        if (state_->chunks[order] > 0) {
            return run_around(state_->head[order], wanted).first;
        }
    }
    return std::nullopt;
}

Extent Arena::take(std::uint32_t wanted)
{
    const std::optional<Block> first = find_run(wanted);
    return first ? take_run({*first, wanted}) : take_longest();
}

Extent Arena::take_run(Extent run)
{
    Block end = run.first;
    while (end - run.first < run.count) {
        const unsigned order = order_of(end);
        unlink(end, order);
        end += 1u << order;
    }
    give({run.first + run.count, end - run.first - run.count});
    return run;
}

Extent Arena::take_longest()
{
    unsigned order = kOrders - 1;
    while (state_->chunks[order] == 0) {
        order--;
    }
    const Block first = state_->head[order];
    unlink(first, order);
    return {first, 1u << order};
}

// Cuts the run into chunks aligned to their own size.
void Arena::give(Extent run)
{
    while (run.count > 0) {
        const auto aligned = static_cast<unsigned>(std::countr_zero(run.first));
        const auto longest =
            static_cast<unsigned>(std::bit_width(run.count)) - 1;
        const unsigned order = std::min(aligned, longest);
        merge(run.first, order);
        run.first += 1u << order;
        run.count -= 1u << order;
    }
}

void Arena::merge(Block first, unsigned order)
{
    for (; order < kOrders - 1; order++) {
        const Block buddy = first ^ (1u << order);
        if (buddy >= blocks() || marks_[buddy] != free_mark(order)) {
            break;
        }
        unlink(buddy, order);
        first = std::min(first, buddy);
    }
    link(first, order);
}

void Arena::link(Block first, unsigned order)
{
    const Block next = state_->head[order];
    store(at(first), {kNone, next});
    if (next != kNone) {
        store(at(next), {first, load(at(next)).next});
    }
    state_->head[order] = first;
    state_->chunks[order]++;
    state_->free += 1u << order;
    marks_[first] = free_mark(order);
}

void Arena::unlink(Block first, unsigned order)
{
    const Links links = load(at(first));
    if (links.previous == kNone) {
        state_->head[order] = links.next;
    } else {
        store(at(links.previous),
              {load(at(links.previous)).previous, links.next});
    }
    if (links.next != kNone) {
        store(at(links.next), {links.previous, load(at(links.next)).next});
    }
    state_->chunks[order]--;
    state_->free -= 1u << order;
    marks_[first] = 0;
}

void Arena::forget()
{
    std::ranges::fill(marks_, std::uint8_t{0});
    state_->free = 0;
    state_->chunks.fill(0);
    state_->head.fill(kNone);
}

bool Arena::keep(std::span<const Extent> runs)
{
    for (std::size_t i = 0; i < runs.size(); i++) {
        if (!keep(runs[i])) {
            for (const Extent &kept : runs.first(i)) {
                mark(kept, 0);
            }
            return false;
        }
    }
    marks_[runs.front().first] = kKeptFirst;
    return true;
}

bool Arena::keep(Extent run)
{
    if (run.count == 0 || run.first >= blocks() ||
        run.count > blocks() - run.first) {
        return false;
    }
    const auto marks = marks_.subspan(run.first, run.count);
    if (std::ranges::any_of(marks, [](std::uint8_t m) { return m != 0; })) {
        return false;
    }
    mark(run, kKept);
    return true;
}

void Arena::mark(Extent run, std::uint8_t value)
{
    std::ranges::fill(marks_.subspan(run.first, run.count), value);
}

bool Arena::kept_at(Block first) const
{
    return marks_[first] == kKeptFirst;
}

void Arena::free_rest()
{
    Block at = 0;
    while (at < blocks()) {
        Block end = at;
        while (end < blocks() && marks_[end] == 0) {
            end++;
        }
        give({at, end - at});
        for (at = end; at < blocks() && marks_[at] != 0; at++) {
            marks_[at] = 0;
        }
    }
}

bool Arena::check() const
{
    std::uint32_t listed = 0;
    for (unsigned order = 0; order < kOrders; order++) {
        if (!check_list(order)) {
            return false;
        }
        listed += state_->chunks[order];
    }
    std::uint32_t marked = 0;
    std::uint64_t free = 0;
    bool sound = true;
    for_each_free([&](Extent chunk) {
        marked++;
        free += chunk.count;
        sound = sound && check_chunk(chunk.first);
    });
    return sound && marked == listed && free == state_->free;
}

bool Arena::check_list(unsigned order) const
{
    Block previous = kNone;
    Block block = state_->head[order];
    for (std::uint32_t i = 0; i < state_->chunks[order]; i++) {
        if (block >= blocks() || marks_[block] != free_mark(order) ||
            load(at(block)).previous != previous) {
            return false;
        }
        previous = block;
        block = load(at(block)).next;
    }
    return block == kNone;
}

bool Arena::check_chunk(Block first) const
{
    const unsigned order = order_of(first);
    const std::uint32_t count = 1u << order;
    if (first % count != 0 || count > blocks() - first) {
        return false;
    }
    for (Block block = first + 1; block < first + count; block++) {
        if (marks_[block] != 0) {
            return false;
        }
    }
    const Block buddy = first ^ count;
    return buddy >= blocks() || marks_[buddy] != free_mark(order);
}

} // namespace edge::shm
