#include "tier/limit_debits.h"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <string>

namespace edge::tier {

// One of them on its way, with everything the command points at.
class LimitDebits::Debit
{
public:
    Debit(LimitDebits &all, const redis::ScriptLimit &limit, int how)
        : all_(all), key_(limit.key), limits_{limit},
          script_(with_own_key(), how, 0), call_(script_.call()),
          operation_(&memory_, &Debit::over, this)
    {
    }

    bool send() { return all_.redis_.submit(operation_, call_); }

private:
    std::span<const redis::ScriptLimit> with_own_key()
    {
        limits_[0].key = key_;
        return limits_;
    }
    static void over(void *data)
    {
        const auto *debit = static_cast<Debit *>(data);
        debit->all_.finish(*debit);
    }

    LimitDebits &all_;
    const std::string key_;
    std::array<redis::ScriptLimit, 1> limits_;
    redis::LimitCall script_;
    const redis::ScriptCall call_;
    std::array<std::byte, 512> buffer_;
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
    redis::Operation operation_;
};

LimitDebits::LimitDebits(client::Redis &redis) : redis_(redis) {}

LimitDebits::~LimitDebits() = default;

bool LimitDebits::send(const redis::ScriptLimit &limit, int how)
{
    if (!redis_.up() || pending_.size() == kMaxPending) {
        return false;
    }
    auto debit = std::make_unique<Debit>(*this, limit, how);
    if (!debit->send()) {
        return false;
    }
    pending_.push_back(std::move(debit));
    return true;
}

void LimitDebits::finish(const Debit &debit)
{
    const auto found = std::find_if(
        pending_.begin(), pending_.end(),
        [&debit](const auto &pending) { return pending.get() == &debit; });
    std::swap(*found, pending_.back());
    pending_.pop_back();
}

} // namespace edge::tier
