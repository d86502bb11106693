#include "redis/pipeline.h"

#include <algorithm>

namespace edge::redis {

Pipeline::Times Pipeline::Times::of(Micros now, Millis timeout, Millis patience)
{
    const Millis longest = std::max(timeout, patience);
    return {now, now + timeout, now + longest,
            now + std::max(longest * kLateFactor, kMinLate)};
}

Pipeline::Pipeline() : ring_(16) {}

Pipeline::~Pipeline()
{
    while (head_ != tail_) {
        detach(at(head_++));
    }
}

Pipeline::Place &Pipeline::at(std::uint64_t number)
{
    return ring_[number & (ring_.size() - 1)];
}

const Pipeline::Place &Pipeline::at(std::uint64_t number) const
{
    return ring_[number & (ring_.size() - 1)];
}

void Pipeline::grow()
{
    std::vector<Place> larger(ring_.size() * 2);
    for (std::uint64_t n = head_; n != tail_; n++) {
        larger[n & (larger.size() - 1)] = at(n);
    }
    ring_.swap(larger);
}

void Pipeline::push_nobody(const Times &times)
{
    if (tail_ - head_ == ring_.size()) {
        grow();
    }
    at(tail_++) = {nullptr, times, false};
}

void Pipeline::push(Operation &operation, const Times &times)
{
    if (tail_ - head_ == ring_.size()) {
        grow();
    }
    operation.pipeline_ = this;
    operation.number_ = tail_;
    operation.outcome_ = Outcome::pending;
    operation.reply_ = nullptr;
    at(tail_++) = {&operation, times, true};
}

std::pmr::memory_resource *Pipeline::target() const
{
    const Operation *oldest = empty() ? nullptr : at(head_).operation;
    return oldest != nullptr ? oldest->memory() : nullptr;
}

Pipeline::Place Pipeline::pop()
{
    const Place place = at(head_);
    detach(at(head_++));
    return place;
}

Pipeline::Expired Pipeline::expire(Micros now, OperationList &ended)
{
    Expired expired;
    for (std::uint64_t n = head_; n != tail_; n++) {
        Place &place = at(n);
        Operation *operation = place.operation;
        if (operation != nullptr && place.times.deadline <= now) {
            detach(place);
            ended.add(*operation, Outcome::timed_out);
            expired.operations++;
            if (place.times.is_hasty()) {
                expired.hasty++;
                expired.longest_hasty =
                    std::max(expired.longest_hasty, place.times.timeout());
            }
        }
        if (place.counts && place.times.overdue <= now) {
            place.counts = false;
            expired.overdue++;
        }
    }
    return expired;
}

std::size_t Pipeline::lose(OperationList &ended)
{
    std::size_t lost = 0;
    while (!empty()) {
        if (Operation *operation = pop().operation) {
            ended.add(*operation, Outcome::lost);
            lost++;
        }
    }
    return lost;
}

std::optional<Micros> Pipeline::next_deadline() const
{
    if (empty()) {
        return std::nullopt;
    }
    Micros earliest = at(head_).times.late;
    for (std::uint64_t n = head_; n != tail_; n++) {
        const Place &place = at(n);
        if (place.operation != nullptr) {
            earliest = std::min(earliest, place.times.deadline);
        } else if (place.counts) {
            earliest = std::min(earliest, place.times.overdue);
        }
    }
    return earliest;
}

bool Pipeline::too_late(Micros now) const
{
    return !empty() && at(head_).times.late <= now;
}

void Pipeline::forget(Operation &operation)
{
    at(operation.number_).counts = false;
    detach(at(operation.number_));
}

void Pipeline::detach(Place &place)
{
    if (place.operation != nullptr) {
        place.operation->pipeline_ = nullptr;
        place.operation = nullptr;
    }
}

} // namespace edge::redis
