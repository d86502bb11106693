#include "tier/log.h"

#include "client/await.h"
#include "ngx/clock.h"
#include "ngx/random.h"
#include "redis/log_scripts.h"

namespace edge::tier {

namespace {

using namespace invalidate;

// Records that one answer brings, and answers until a step ends.
constexpr std::size_t kRecords = 200;
constexpr int kMaxRounds = 500;

std::string key_of(const client::RedisConfig &config, std::string_view zone,
                   std::string_view suffix)
{
    std::string key(config.prefix);
    return key.append(":").append(zone).append(":{log}").append(suffix);
}

std::vector<std::string_view> views(const std::vector<std::string> &texts)
{
    return {texts.begin(), texts.end()};
}

} // namespace

Log::Log(Zone &zone, client::Redis &redis, std::string_view name)
    : zone_(zone), redis_(redis), name_(name),
      log_key_(key_of(redis.config(), zone.settings.name, "")),
      members_key_(key_of(redis.config(), zone.settings.name, ":members")),
      channel_(key_of(redis.config(), zone.settings.name, ":wake"))
{
}

ngx::Task Log::call(ngx::Flow &flow, const redis::Script &script,
                    const Arguments &arguments,
                    std::pmr::memory_resource &memory,
                    const redis::Reply *&reply)
{
    const std::string_view keys[] = {log_key_, members_key_};
    const std::vector<std::string_view> words = views(arguments);
    client::Call call(flow, redis_, memory,
                      redis::ScriptCall{&script, keys, words});
    reply = (co_await call).reply();
}

ngx::Task Log::beat(ngx::Flow &flow, std::optional<BeatReply> &result)
{
    for (int round = 0; round < kMaxRounds; round++) {
        std::pmr::monotonic_buffer_resource memory;
        const BootTime asked = ngx::boot_now();
        const Question asking = question();
        const redis::Reply *reply = nullptr;
        co_await call(flow, redis::kBeatScript,
                      beat_arguments(asking.self, asking.from, kRecords,
                                     channel_),
                      memory, reply);
        result = reply ? parse_beat(*reply) : std::nullopt;
        if (!result) {
            co_return;
        }
        watch_.observe(*result, asked, ngx::boot_now());

        const Follow next = follow(*result, asked);
        if (next == Follow::done) {
            co_return;
        }
        if (next == Follow::begin_epoch) {
            if (!may_begin_epoch()) {
                break;
            }
            co_await begin_epoch(flow, *result);
        }
    }
    result.reset();
}

// What to ask: everything after the position, and the record at it, which
// proves that it is still there.
Log::Question Log::question()
{
    const Lock lock(zone_);
    const Membership &membership = zone_.membership();
    Question question;
    question.self.id = membership.text();
    question.self.lease = zone_.settings.lease;
    question.self.applied = zone_.generations().applied();
    question.self.version = membership.version;
    question.self.name = name_;
    question.from = question.self.applied.generation;
    return question;
}

Log::Follow Log::follow(const BeatReply &reply, BootTime asked)
{
    const Lock lock(zone_);
    const BootTime now = ngx::boot_now();
    shm::Generations &generations = zone_.generations();

    Situation situation;
    situation.progress = generations.progress();
    situation.epoch = generations.epoch();
    situation.has_lease = now < generations.standing().lease_until;
    situation.known_to_others = zone_.membership().is_known;
    const Plan next = plan(reply, situation);
    if (next.step == Step::begin_epoch) {
        return Follow::begin_epoch;
    }
    if (next.step == Step::doubt) {
        generations.doubt(situation.progress.applied);
        return Follow::again;
    }
    if (next.restart) {
        generations.restart(*next.restart, now);
    }
    for (const Record &record : reply.records) {
        generations.apply(record, now);
    }
    note_members(reply);
    return generations.caught_up(reply.top, asked, zone_.settings.lease)
               ? Follow::done
               : Follow::again;
}

void Log::note_members(const BeatReply &reply)
{
    Membership &membership = zone_.membership();
    const Nonce epoch = zone_.generations().epoch().nonce;
    if (membership.joined_epoch != epoch) {
        membership.joined_epoch = epoch;
        membership.joined_version = reply.version;
        membership.is_known = false;
    }
    membership.version = std::max(membership.version, reply.version);
    membership.is_known |= known_to_others(reply.members, membership.text(),
                                           membership.joined_version);
    membership.live = reply.members.size();
    members_ = reply.members;
}

// At most one a second and instance: whoever finds the log lost waits for
// what the first one makes of it.
bool Log::may_begin_epoch()
{
    const Lock lock(zone_);
    const BootTime now = ngx::boot_now();
    BootTime &last = zone_.membership().began_epoch;
    if (last != BootTime::min() && now - last < Millis(1000)) {
        return false;
    }
    last = now;
    return true;
}

ngx::Task Log::begin_epoch(ngx::Flow &flow, const BeatReply &reply)
{
    std::pmr::monotonic_buffer_resource memory;
    std::uint64_t own = 0;
    std::uint64_t version = 0;
    {
        const Lock lock(zone_);
        own = zone_.generations().epoch().generation.epoch();
        version = zone_.membership().version;
    }
    // Somebody else may have been faster: the next BEAT tells.
    const redis::Reply *ignored = nullptr;
    co_await call(flow, redis::kEpochScript,
                  epoch_arguments(reply.top.generation, own,
                                  ngx::random_number() | 1, version, members_),
                  memory, ignored);
}

ngx::Task Log::append(ngx::Flow &flow, const Purge &purge,
                      std::optional<WriteReply> &result)
{
    Position applied;
    {
        const Lock lock(zone_);
        applied = zone_.generations().applied();
    }
    std::pmr::monotonic_buffer_resource memory;
    const redis::Reply *reply = nullptr;
    co_await call(flow, redis::kAppendScript,
                  append_arguments(applied.nonce, purge, {},
                                   zone_.settings.selectors, channel_),
                  memory, reply);
    result = reply ? parse_write(*reply) : std::nullopt;
}

ngx::Task Log::append_local_purges(ngx::Flow &flow)
{
    const LocalPurges local = zone_.local_purges();
    if (local.purge.rows.empty()) {
        co_return;
    }
    std::optional<WriteReply> written;
    co_await append(flow, local.purge, written);
    if (!written || written->status != WriteReply::Status::ok) {
        co_return;
    }
    std::optional<BeatReply> reply;
    co_await beat(flow, reply);
    if (reply) {
        zone_.settle(local, {reply->top.nonce, written->id});
    }
}

} // namespace edge::tier
