#include "tier/fill_locks.h"

#include <array>
#include <cstdio>

#include "base/bytes.h"
#include "client/await.h"
#include "redis/fill_scripts.h"
#include "redis/zone_key.h"
#include "tier/zone.h"

namespace edge::tier {

namespace {

Claim read_claim(const redis::Operation &operation)
{
    const redis::Reply *reply = operation.reply();
    if (reply == nullptr) {
        return operation.outcome() == redis::Outcome::idle ? Claim::no_answer
                                                           : Claim::unknown;
    }
    if (reply->type != redis::ReplyType::integer) {
        return Claim::no_answer;
    }
    switch (reply->integer) {
    case 0:
        return Claim::elsewhere;
    case 1:
        return Claim::held;
    case 2:
        return Claim::not_shared;
    case 3:
        return Claim::released;
    default:
        return Claim::no_answer;
    }
}

std::string message_of(const FillLock &lock)
{
    std::string message;
    ByteWriter out(message);
    out.number(lock.name().hi);
    out.number(lock.name().lo);
    return message;
}

} // namespace

Hash128 FillLock::name() const
{
    static const HashSecret same_everywhere;
    return hash128(key, same_everywhere);
}

// One release on its way, or one that has to wait for a connection, with
// everything the command points at.
class FillLocks::Release
{
public:
    Release(std::list<Release> &all, const FillLock &lock, Millis hit_for_miss,
            std::string_view channel)
        : all_(all), lock_(lock), time_(std::to_string(hit_for_miss.count())),
          message_(message_of(lock_)), keys_{lock_.key}, arguments_{lock_.token,
                                                                    time_,
                                                                    channel,
                                                                    message_},
          call_{&redis::kReleaseScript, keys_, arguments_},
          operation_(&memory_, &Release::over, this)
    {
    }

    void send(client::Redis &redis) { redis.submit(operation_, call_); }
    bool is_pending() const
    {
        return operation_.outcome() == redis::Outcome::pending;
    }

private:
    static void over(void *data)
    {
        auto *release = static_cast<Release *>(data);
        const redis::Reply *reply = release->operation_.reply();
        if (reply == nullptr || reply->type != redis::ReplyType::integer) {
            return;
        }
        release->all_.remove_if(
            [release](const Release &other) { return &other == release; });
    }

    std::list<Release> &all_;
    const FillLock lock_;
    const std::string time_;
    const std::string message_;
    std::array<std::string_view, 1> keys_;
    std::array<std::string_view, 4> arguments_;
    redis::ScriptCall call_;
    std::array<std::byte, 256> buffer_;
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
    redis::Operation operation_;
};

FillLocks::FillLocks(client::Redis &redis, Zone &zone)
    : redis_(redis), zone_(zone),
      channel_(
          redis::zone_key(redis.config().prefix, zone.settings.name, "fills"))
{
    redis_.on_connect(&FillLocks::on_connect, this);
    redis_.on_loss(&FillLocks::on_loss, this);
}

FillLocks::~FillLocks() = default;

FillLock FillLocks::lock(std::string_view key, unsigned kind,
                         std::uint64_t fill)
{
    FillLock lock;
    lock.key.append(key).append(":lock").append(std::to_string(kind));
    // 16 digits: compared as text.
    char generation[17];
    std::snprintf(
        generation, sizeof(generation), "%016llx",
        static_cast<unsigned long long>(zone_.applied().generation.packed));
    lock.token.append(zone_.membership().text());
    lock.token.append(generation).append(std::to_string(fill));
    return lock;
}

ngx::Task FillLocks::claim(ngx::Flow &flow, const Wish &wish, Claim &claim)
{
    const std::string time = std::to_string(wish.age.count());
    const std::string_view keys[] = {wish.lock.key};
    const std::string_view arguments[] = {wish.lock.token, time,
                                          wish.again ? "1" : "0"};
    std::pmr::monotonic_buffer_resource memory;
    client::Call call(flow, redis_, memory,
                      redis::ScriptCall{&redis::kClaimScript, keys, arguments},
                      wish.patience);
    claim = read_claim(co_await call);
}

void FillLocks::on_connect(void *locks)
{
    auto *self = static_cast<FillLocks *>(locks);
    for (Release &release : self->releases_) {
        if (!release.is_pending()) {
            release.send(self->redis_);
        }
    }
}

void FillLocks::on_loss(void *locks)
{
    static_cast<FillLocks *>(locks)->zone_.wake_waits_elsewhere();
}

void FillLocks::on_message(std::string_view message)
{
    ByteReader in(message);
    Hash128 name;
    name.hi = in.number<std::uint64_t>();
    name.lo = in.number<std::uint64_t>();
    if (!in.failed() && in.at_end()) {
        zone_.end_elsewhere(name);
    }
}

void FillLocks::release(const FillLock &lock, Millis hit_for_miss)
{
    if (releases_.size() == kMaxReleases) {
        releases_.pop_front();
    }
    releases_.emplace_back(releases_, lock, hit_for_miss, channel_);
    releases_.back().send(redis_);
}

} // namespace edge::tier
