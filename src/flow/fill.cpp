#include "flow/fill.h"

#include <algorithm>
#include <cstring>

#include "ngx/pool.h"

namespace edge::flow {

namespace {

constexpr std::size_t kFirstChunk = 4 * 1024;
constexpr std::size_t kLastChunk = 256 * 1024;

} // namespace

Fill::Fill(ngx_pool_t *pool, tier::FillBudget &budget, FillPlan plan)
    : pool_(pool), budget_(budget), plan_(std::move(plan))
{
    if (plan_.compression.level != 0) {
        begin_packing();
    }
}

Fill::~Fill()
{
    end_packing();
    budget_.give_back(reserved_);
}

bool Fill::claim_whole()
{
    const std::uint64_t size = plan_.expected_size.value_or(0);
    if (!budget_.take(size)) {
        return false;
    }
    claimed_ = size;
    reserved_ += claimed_;
    return true;
}

void Fill::begin_arrival(tier::Zone &zone, const shm::FillId &fill,
                         const tier::ArrivalMemory &memory)
{
    arrival_.emplace(zone, fill, memory);
}

void Fill::finish_arrival()
{
    if (arrival_) {
        arrival_->finish();
    }
}

void Fill::break_off_arrival()
{
    if (arrival_) {
        arrival_->break_off();
    }
}

std::optional<std::string_view> Fill::append(std::string_view bytes)
{
    if (arrival_ && arrival_->has_size() && bytes.size() > arrival_->left()) {
        refused_ = cache::Reason::truncated; // it is not what was announced
        return std::nullopt;
    }
    if (is_shared(bytes)) {
        if (const auto copy = share(bytes)) {
            return copy;
        }
    }
    if (size_ + bytes.size() > plan_.max_size) {
        refused_ = cache::Reason::too_large;
        return std::nullopt;
    }
    if (bytes.size() > chunk_.size - chunk_.used && !grow(bytes.size())) {
        refused_ = cache::Reason::fill_memory;
        return std::nullopt;
    }
    return keep(bytes);
}

bool Fill::is_shared(std::string_view bytes) const
{
    return arrival_ && arrival_->goes_on() && !bytes.empty() &&
           (size_ + bytes.size() <= plan_.max_size || arrival_->is_read());
}

std::optional<std::string_view> Fill::share(std::string_view bytes)
{
    const bool is_claimed = arrival_->has_size();
    if (!is_claimed && !budget_.take(bytes.size())) {
        arrival_->give_up();
        return std::nullopt;
    }
    const auto copy = arrival_->append(bytes);
    const std::size_t taken = copy ? copy->size() : 0;
    if (!is_claimed) {
        reserved_ += taken;
        budget_.give_back(bytes.size() - taken);
    }
    if (copy) {
        add_piece(*copy);
    }
    return copy;
}

std::optional<std::string_view> Fill::packed()
{
    const auto bytes =
        compressor_ && size_ >= plan_.compression.min_length
            ? compressor_->finish(size_)
            : std::nullopt;
    if (!bytes) {
        end_packing();
    }
    return bytes;
}

// Without memory for it a body is stored as it is.
void Fill::begin_packing()
{
    if (budget_.take(cache::Compressor::kMemory)) {
        packing_reserved_ = cache::Compressor::kMemory;
        compressor_.emplace(plan_.compression.level);
    }
}

void Fill::pack(std::string_view bytes)
{
    if (is_too_large()) {
        end_packing();
        return;
    }
    const std::size_t before = compressor_->capacity();
    compressor_->append(bytes);
    const std::size_t more = compressor_->capacity() - before;
    if (budget_.take(more)) {
        packing_reserved_ += more;
    } else {
        end_packing();
    }
}

void Fill::end_packing()
{
    compressor_.reset();
    budget_.give_back(packing_reserved_);
    packing_reserved_ = 0;
}

std::string_view Fill::keep(std::string_view bytes)
{
    char *copy = chunk_.data + chunk_.used;
    std::memcpy(copy, bytes.data(), bytes.size());
    chunk_.used += bytes.size();
    add_piece({copy, bytes.size()});
    return {copy, bytes.size()};
}

void Fill::add_piece(std::string_view copy)
{
    size_ += copy.size();
    if (!pieces_.empty() && pieces_.back().end() == copy.begin()) {
        pieces_.back() = {pieces_.back().data(),
                          pieces_.back().size() + copy.size()};
    } else {
        pieces_.push_back(copy);
    }
    if (compressor_) {
        pack(copy);
    }
}

bool Fill::claim(std::uint64_t size)
{
    const std::uint64_t more = size - std::min(size, claimed_);
    if (!budget_.take(more)) {
        return false;
    }
    reserved_ += more;
    claimed_ = 0;
    return true;
}

// A body of known size gets one chunk; others grow by doubling.
bool Fill::grow(std::size_t wanted)
{
    std::size_t size =
        std::clamp(chunk_.size * 2, kFirstChunk, kLastChunk);
    if (plan_.expected_size && size_ == 0) {
        size = static_cast<std::size_t>(*plan_.expected_size);
    }
    size = std::max(size, wanted);

    if (!claim(size)) {
        return false;
    }
    auto *data = static_cast<char *>(ngx::try_allocate(pool_, size));
    chunk_ = {data, data != nullptr ? size : 0, 0};
    return data != nullptr;
}

bool Fill::is_complete() const
{
    return refused_ == cache::Reason::none &&
           (!plan_.expected_size || *plan_.expected_size == size_);
}

} // namespace edge::flow
