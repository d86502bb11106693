// A zone's log of purges in Redis, as one worker speaks with it: what was
// purged elsewhere is applied to the zone, and what is purged here is added.
// Any worker may do either at any time (protocol 3: repeating and overtaking
// do no harm).
#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/own_node.h"
#include "client/redis.h"
#include "invalidate/coherence.h"
#include "invalidate/log_format.h"
#include "ngx/task.h"
#include "tier/zone.h"

namespace edge::tier {

class Log
{
public:
    // All of them outlive it. `name`: of this instance, for people.
    Log(Zone &zone, client::Redis &redis, std::string_view name);

    // Where more connections lead to the same data.
    client::Redis &redis() { return redis_; }
    // Whether it can be asked, and why not: empty as long as nobody knows.
    bool up() const;
    std::string_view reason() const;
    void on_connect(client::Node::Callback callback, void *data);
    Zone &zone() { return zone_; }
    // Where Redis says that there is something to read.
    const std::string &channel() const { return channel_; }
    // This instance among the members.
    std::string_view self() const { return zone_.membership().text(); }
    const invalidate::Watch &watch() const { return watch_; }

    struct Heard
    {
        invalidate::BeatReply reply;
        // As many replicas as wait= says have all that was written before.
        bool is_replicated = true;
    };
    // BEAT until everything there is has been applied. The last answer; none
    // when Redis did not answer, or could not be followed.
    ngx::Task beat(ngx::Flow &flow, std::optional<Heard> &heard);

    // APPEND. None when Redis did not answer.
    struct Written
    {
        invalidate::WriteReply reply;
        // With `ok`: where the record is, in the epoch it was meant for.
        invalidate::Position position;
    };
    // `expected` not 0: only right behind that record.
    ngx::Task append(ngx::Flow &flow, const invalidate::Purge &purge,
                     std::optional<Written> &written,
                     invalidate::Generation expected = {});

    // In exit_process of the instance's last worker: takes it off the members.
    void leave();

    // APPEND until the log has it. No position: it has not.
    ngx::Task write(ngx::Flow &flow, const invalidate::Purge &purge,
                    std::optional<invalidate::Position> &record);

    // FORGET, of members that are gone for good.
    ngx::Task forget_silent(ngx::Flow &flow,
                            const invalidate::BeatReply &reply);

    // Puts what was purged while Redis was away into the log (protocol 7).
    ngx::Task append_local_purges(ngx::Flow &flow);

    // Puts what a log before this one had, and this one has not, into it again
    // (protocol 5.5).
    ngx::Task append_lost_purges(ngx::Flow &flow);

private:
    using Arguments = std::vector<std::string>;
    enum class Follow { apply, done, again, begin_epoch };

    struct Question
    {
        invalidate::Member self;
        invalidate::Generation from;
    };

    ngx::Task call(ngx::Flow &flow, const redis::Script &script,
                   const Arguments &arguments,
                   std::pmr::memory_resource &memory,
                   const redis::Reply *&reply);
    ngx::Task ask_replicas(ngx::Flow &flow, std::uint64_t connection,
                           bool &is_replicated);
    std::uint64_t connection() const;
    ngx::Task begin_epoch(ngx::Flow &flow,
                          const invalidate::BeatReply &reply);

    Question question();
    Follow follow(const invalidate::BeatReply &reply);
    void apply(const invalidate::BeatReply &reply);
    Follow catch_up(const Heard &heard, BootTime asked);
    void note_members(const invalidate::BeatReply &reply);
    bool may_begin_epoch();

    Zone &zone_;
    client::Redis &redis_;
    const std::string name_;
    const std::string log_key_;
    const std::string members_key_;
    const std::string channel_;
    // With wait=: what the log is asked goes here, as WAIT holds up a
    // connection.
    std::optional<client::OwnNode> own_node_;
    invalidate::Watch watch_;
    std::vector<invalidate::Member> members_;
};

} // namespace edge::tier
