// Locks in Redis: of all instances that want to fill an object, one does.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "client/redis.h"
#include "ngx/task.h"

namespace edge::tier {

class Zone;

struct FillLock
{
    std::string key;
    // This instance's fill of it.
    std::string token;

    // Names it in messages.
    Hash128 name() const;
};

enum class Claim
{
    no_answer,  // not asked, or refused
    unknown,    // no answer in time: it may be held by us
    held,       // by us: fill it
    elsewhere,  // another instance fills it
    not_shared, // answers are not stored: nobody waits
    released,   // a moment ago: the object may be there
};

class FillLocks
{
public:
    // Both outlive it.
    FillLocks(client::Redis &redis, Zone &zone);
    ~FillLocks();
    FillLocks(const FillLocks &) = delete;

    // Where locks are said to be released that somebody waits for.
    const std::string &channel() const { return channel_; }

    // `key` is the object's; requests of different `kind` do not share.
    FillLock lock(std::string_view key, unsigned kind, std::uint64_t fill);

    struct Wish
    {
        const FillLock &lock;
        Millis age;      // for as long at most
        Millis patience; // no answer after that
        bool again;      // released was answered, and the object is not there
    };
    ngx::Task claim(ngx::Flow &flow, const Wish &wish, Claim &claim);

    // Behind all that was sent before; nobody waits for it. Without an answer
    // it is sent once more when Redis is back.
    // `hit_for_miss`: how long claims are told not_shared.
    void release(const FillLock &lock, Millis hit_for_miss);

    // From the channel.
    void on_message(std::string_view message);

private:
    class Release;

    // Locks end by themselves, so it does no harm to forget some.
    static constexpr std::size_t kMaxReleases = 4096;

    static void on_connect(void *locks);
    static void on_loss(void *locks);

    client::Redis &redis_;
    Zone &zone_;
    const std::string channel_;
    std::list<Release> releases_;
};

} // namespace edge::tier
