#include "tier/log.h"

#include <algorithm>

#include "client/await.h"
#include "limit/gcra.h"
#include "ngx/clock.h"
#include "ngx/random.h"
#include "redis/commands.h"
#include "redis/log_scripts.h"
#include "redis/zone_key.h"

namespace edge::tier {

namespace {

using namespace invalidate;

// Records that one answer brings, and answers until a step ends.
constexpr std::size_t kRecords = 200;
constexpr int kMaxRounds = 500;
// That one instance begins: one a second, four at once.
constexpr limit::Bucket kEpochs{1e6, 4e6};
// How often a record is offered to a log that has just changed its epoch.
constexpr int kMaxAttempts = 3;

std::vector<std::string_view> views(const std::vector<std::string> &texts)
{
    return {texts.begin(), texts.end()};
}

} // namespace

Log::Log(Zone &zone, client::Redis &redis, std::string_view name)
    : zone_(zone), redis_(redis), name_(name),
      log_key_(redis::zone_key(redis.config().prefix, zone.settings.name,
                               "{log}")),
      members_key_(log_key_ + ":members"), channel_(log_key_ + ":wake")
{
    if (zone.settings.wait != 0) {
        own_node_.emplace(redis, log_key_);
    }
}

bool Log::up() const
{
    return own_node_ ? own_node_->up() : redis_.up();
}

std::string_view Log::reason() const
{
    return own_node_ ? own_node_->reason() : redis_.reason();
}

void Log::on_connect(client::Node::Callback callback, void *data)
{
    if (own_node_) {
        own_node_->on_connect(callback, data);
    } else {
        redis_.on_connect(callback, data);
    }
}

std::uint64_t Log::connection() const
{
    return own_node_ ? own_node_->connection() : 0;
}

ngx::Task Log::call(ngx::Flow &flow, const redis::Script &script,
                    const Arguments &arguments,
                    std::pmr::memory_resource &memory,
                    const redis::Reply *&reply)
{
    const std::string_view keys[] = {log_key_, members_key_};
    const std::vector<std::string_view> words = views(arguments);
    const redis::ScriptCall command{&script, keys, words};
    if (own_node_) {
        client::Call call(flow, *own_node_, memory, command);
        reply = (co_await call).reply();
    } else {
        client::Call call(flow, redis_, memory, command);
        reply = (co_await call).reply();
    }
}

// What was written on another connection than `connection` is not what WAIT
// tells about. Half of the time is for the answer.
ngx::Task Log::ask_replicas(ngx::Flow &flow, std::uint64_t before,
                            bool &is_replicated)
{
    if (!own_node_) {
        co_return;
    }
    std::pmr::monotonic_buffer_resource memory;
    const std::string count = std::to_string(zone_.settings.wait);
    const std::string time =
        std::to_string(std::max<Millis::rep>(
            redis_.config().timeout.count() / 2, 1));
    const std::string_view words[] = {redis::command::kWait, count, time};
    client::Call call(flow, *own_node_, memory, redis::CommandParts(words));
    const redis::Reply *reply = (co_await call).reply();
    const bool counts = reply != nullptr &&
                        reply->type == redis::ReplyType::integer &&
                        connection() == before;
    const auto replicas =
        static_cast<std::uint64_t>(counts ? reply->integer : 0);
    is_replicated = replicas >= zone_.settings.wait;
    const Lock lock(zone_);
    zone_.membership().replicas = replicas;
}

ngx::Task Log::beat(ngx::Flow &flow, std::optional<Heard> &heard)
{
    for (int round = 0; round < kMaxRounds; round++) {
        std::pmr::monotonic_buffer_resource memory;
        const BootTime asked = ngx::boot_now();
        const std::uint64_t asked_on = connection();
        const Question asking = question();
        const redis::Reply *reply = nullptr;
        co_await call(flow, redis::kBeatScript,
                      beat_arguments(asking.self, asking.from, kRecords,
                                     channel_),
                      memory, reply);
        auto parsed = reply ? parse_beat(*reply) : std::nullopt;
        heard.reset();
        if (!parsed) {
            co_return;
        }
        heard = Heard{*std::move(parsed)};
        const BeatReply &answer = heard->reply;
        watch_.observe(answer, asked, ngx::boot_now());

        Follow next = follow(answer);
        if (next == Follow::apply) {
            apply(answer);
            co_await ask_replicas(flow, asked_on, heard->is_replicated);
            next = catch_up(*heard, asked);
            members_ = answer.members;
        }
        if (next == Follow::done) {
            co_return;
        }
        if (next == Follow::begin_epoch) {
            if (!may_begin_epoch()) {
                break;
            }
            co_await begin_epoch(flow, answer);
        }
    }
    heard.reset();
}

// What to ask: everything after the position, and the record at it, which
// proves that it is still there.
Log::Question Log::question()
{
    const Lock lock(zone_);
    const Membership &membership = zone_.membership();
    Question question;
    question.self.id = membership.text();
    question.self.strict = zone_.settings.strict;
    question.self.lease = zone_.settings.lease;
    question.self.applied = zone_.generations().applied();
    question.self.version = membership.version;
    question.self.name = name_;
    question.from = question.self.applied.generation;
    return question;
}

Log::Follow Log::follow(const BeatReply &reply)
{
    const Lock lock(zone_);
    const BootTime now = ngx::boot_now();
    shm::Generations &generations = zone_.generations();

    Situation situation;
    situation.progress = generations.progress();
    situation.epoch = generations.epoch();
    // One that was cut off for long is as if it were strict (protocol 5.8).
    const shm::Standing &standing = generations.standing();
    situation.strict =
        zone_.settings.strict ||
        is_isolated(zone_.settings.isolation, standing.current_at, now);
    situation.has_lease = now < standing.lease_until;
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
    return Follow::apply;
}

// Record by record, so that hits need not wait for all of them.
void Log::apply(const BeatReply &reply)
{
    for (const Record &record : reply.records) {
        zone_.apply(record);
    }
}

// A master that was cut off goes on answering: without its replicas it gives
// no lease.
Log::Follow Log::catch_up(const Heard &heard, BootTime asked)
{
    const Lock lock(zone_);
    note_members(heard.reply);
    const Millis lease =
        heard.is_replicated ? zone_.settings.lease : Millis(0);
    return zone_.generations().caught_up(heard.reply.top, asked, lease)
               ? Follow::done
               : Follow::again;
}

void Log::note_members(const BeatReply &reply)
{
    Membership &membership = zone_.membership();
    const Nonce epoch = zone_.generations().epoch().nonce;
    if (reply.top.nonce != epoch) {
        return; // another worker was faster, and is in the next one
    }
    if (membership.joined_epoch != epoch) {
        membership.joined_epoch = epoch;
        membership.joined_version = reply.version;
        membership.is_known = false;
    }
    membership.version = std::max(membership.version, reply.version);
    membership.is_known |= known_to_others(reply.members, membership.text(),
                                           membership.joined_version);
    membership.live = reply.members.size();
}

// Whoever finds the log lost waits for what the first one makes of it. Several
// at once: a master may restart and be replaced right after.
bool Log::may_begin_epoch()
{
    const Lock lock(zone_);
    limit::Micros &tat = zone_.membership().epochs_tat;
    const auto now = static_cast<limit::Micros>(ngx::monotonic_micros());
    const limit::Decision decision = limit::decide(kEpochs, tat, now, 1);
    if (decision.allowed) {
        tat = decision.tat;
    }
    return decision.allowed;
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
                      std::optional<Written> &written,
                      Generation expected)
{
    const Position applied = zone_.applied();
    std::pmr::monotonic_buffer_resource memory;
    const redis::Reply *reply = nullptr;
    co_await call(flow, redis::kAppendScript,
                  append_arguments(applied.nonce, purge, expected,
                                   zone_.settings.selectors, channel_),
                  memory, reply);
    const auto parsed = reply ? parse_write(*reply) : std::nullopt;
    written.reset();
    if (parsed) {
        written = Written{*parsed, {applied.nonce, parsed->id}};
    }
}

// One that has just changed its epoch refuses it.
ngx::Task Log::write(ngx::Flow &flow, const Purge &purge,
                     std::optional<Position> &record)
{
    record.reset();
    for (int attempt = 0; attempt < kMaxAttempts; attempt++) {
        std::optional<Written> written;
        co_await append(flow, purge, written);
        if (!written) {
            co_return;
        }
        if (written->reply.status == WriteReply::Status::ok) {
            record = written->position;
            co_return;
        }
        std::optional<Heard> ignored;
        co_await beat(flow, ignored);
    }
}

// No flow runs any more, and nobody reads the answer. Whatever beats were under
// way: nobody beats by that name again. Those of this worker are ahead on the
// same connection, those of others get some time to arrive.
void Log::leave()
{
    constexpr Millis longest{100};
    const Membership former = zone_.leave();
    if (former.has_unread_beat) {
        const Millis time = std::min(redis_.config().timeout, longest);
        ngx_msleep(static_cast<ngx_msec_t>(time.count()));
    }
    const std::string_view any_beats;
    const std::string_view command[] = {
        redis::command::kEval, redis::kForgetScript.text, "1", members_key_,
        former.text(), any_beats};
    if (own_node_) {
        own_node_->send_last(command);
    } else {
        redis_.send_last(members_key_, command);
    }
}

// Silent members that cannot come back to what was purged without them
// (protocol 5.9): an earlier life of this instance, and whoever was not heard
// of for so long that it serves nothing any more.
ngx::Task Log::forget_silent(ngx::Flow &flow, const BeatReply &reply)
{
    const Millis isolation = grace(zone_.settings.isolation);
    for (const Member &member : reply.members) {
        const Millis silence = watch_.silence(member.id);
        const bool is_earlier_self = member.name == name_ &&
                                     member.id != self() &&
                                     silence >= grace(member.lease);
        if (!is_earlier_self && silence < isolation) {
            continue;
        }
        std::pmr::monotonic_buffer_resource memory;
        const std::string beats = forget_mark(member);
        const std::string_view keys[] = {members_key_};
        const std::string_view words[] = {member.id, beats};
        client::Call call(flow, redis_, memory,
                          redis::ScriptCall{&redis::kForgetScript, keys,
                                            words});
        co_await call;
    }
}

} // namespace edge::tier
