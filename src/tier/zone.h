// A cache zone: what all workers of an instance share in memory. Stored
// objects, the generations that say which of them may still be used, and
// counters, behind the one lock.
//
// One lifetime of its memory is an instance (protocol: a reload keeps it, a
// restart or a binary upgrade makes another one).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "cache/entry.h"
#include "cache/most_used.h"
#include "cache/reason.h"
#include "invalidate/generation.h"
#include "limit/gcra.h"
#include "ngx/nginx.h"
#include "ngx/zone.h"
#include "shm/counters.h"
#include "shm/fetch_counts.h"
#include "shm/generations.h"
#include "shm/hit_for_miss.h"
#include "shm/memory_tier.h"
#include "shm/running_fills.h"
#include "shm/seen_names.h"
#include "shm/use_counts.h"
#include "shm/warm_jobs.h"
#include "tier/arrival.h"
#include "tier/coherence.h"
#include "tier/fetch_slot.h"
#include "tier/fill_role.h"
#include "tier/membership.h"
#include "tier/pinned.h"
#include "tier/worker.h"
#include "tier/zone_settings.h"

namespace edge::tier {

class ArrivalWait;
class FillWait;
class RedisTier;

// What was purged here while Redis was away, as one record for the log: the
// first of them, as many as fit into one.
struct LocalPurges
{
    invalidate::Purge purge;
    // Of the last of these.
    std::uint64_t counter = 0;
};

// What somebody does who wants what is not there.
enum class FillPart : std::uint8_t
{
    lead,  // fetches, and others wait for it
    wait,  // for the one who leads
    alone, // fetches for himself: others are not known of
    pass,  // the same, as answers turned out not to be stored
    again, // joins with selectors: by them the one who leads is judged
};

struct Joined
{
    FillPart part;
    // The one led or waited for.
    shm::FillId fill;
    // lead: memory has it, fresh or not, by now.
    bool is_stored = false;
};

// Of what edge_cache_fetch_limit counts together.
struct RunningFetches
{
    std::string upstream;
    std::uint32_t count = 0;
};

// What became of a URL that was to be warmed.
enum class Warmed : std::uint8_t
{
    stored,
    found, // it was there, or somebody else fetches it
    failed
};

// What is known of fetches for one name, for people.
struct FillStanding
{
    // Why the last answer was not stored, and until when nobody waits for
    // another one.
    std::optional<shm::HitForMiss::Standing> refused;
    // For how long somebody has been fetching it.
    std::optional<Millis> running;
    // Another instance fetches it, and ours waits for that.
    bool is_elsewhere = false;
};

// At the start of the zone's memory.
struct ZoneHead;

class Zone
{
public:
    static constexpr std::uint64_t kMinSize = 1024 * 1024;
    static constexpr std::uint32_t kSelectors = 65536;
    // Places where objects are found, for tell_uses().
    static constexpr std::size_t kUseSlice = 512;

    ZoneSettings settings;

    // Configuration: asks nginx for the memory.
    bool declare(ngx_conf_t *cf);
    // Configuration has been read: labels get their slots, fills and those who
    // wait for them their bounds.
    void prepare(std::span<const std::string_view> labels,
                 std::span<const std::string_view> fetch_groups,
                 std::uint64_t fill_memory, std::size_t max_waits);

    // Needs no lock.
    shm::Counters &counters() const { return *counters_; }
    const HashSecret &secret() const { return *secret_; }
    FillBudget &fill_budget() { return *fill_budget_; }
    std::size_t label_slot(std::size_t index) const
    {
        return label_slots_[index];
    }
    invalidate::Ticket ticket();
    invalidate::Position applied();

    std::optional<Pinned> find(const Hash128 &hash);
    void unpin(const shm::Pin &pin);

    // Reason::none: nothing that `entry` belongs to was purged since it was
    // filled. soft_purged: it counts as expired. log_behind: there is no way to
    // know.
    cache::Reason judge(const shm::PinnedObject &object,
                        const cache::Entry &entry);
    cache::Reason judge(const cache::Entry &entry);

    // For onlookers (zone_onlooker.cpp): nothing of it is a use, nothing is
    // changed. The objection is what judge() goes by.
    std::optional<Pinned> peek(const Hash128 &hash);
    shm::Objection objection(const cache::Entry &entry, bool in_memory);
    FillStanding fill_standing(const Hash128 &name);

    // For how long what was filled with that ticket is kept, where that is not
    // for its lifetime; `least`: of edge_cache_settle.
    std::optional<Millis> keep_time(const cache::Entry &entry, Millis least);

    // False: nothing with that tag was stored, or found in Redis, by this
    // instance in all its life, which goes back to born_at(). A row of the
    // tag; needs no lock.
    bool has_seen_tag(invalidate::RowKey row) const;
    WallTime born_at() const;

    // The next place in the log of a zone that is its own.
    invalidate::Generation purge(const invalidate::Purge &purge);

    // One more purge through the api of this server, whatever zone it is of.
    // 0: it may come; otherwise when it may. The zone is but the place where
    // that is counted.
    Millis admit_purge(const limit::Bucket &bucket);

    // Redis is away: it holds here, until it is in the log.
    void purge_locally(const invalidate::Purge &purge);
    LocalPurges local_purges();
    // False: `record` has not been applied here yet.
    bool settle(const LocalPurges &local, const invalidate::Position &record);

    // `tell(data)` is called whenever this process has applied a soft purge;
    // null: nobody is told.
    void tell_of_soft_purges(void (*tell)(void *), void *data)
    {
        tell_of_soft_ = tell;
        soft_data_ = data;
    }

    // What the log has lost and this instance still knows.
    shm::LostPurges lost_purges();

    // Unsafe methods. False: the names are covered by a record that is on its
    // way or was sent a moment ago, and nothing is left to do.
    bool invalidate(std::span<const invalidate::RowKey> rows, Millis hold,
                    std::uint64_t &counter);
    // See shm::Generations.
    void cover(std::span<const invalidate::RowKey> rows);
    void uncover(std::span<const invalidate::RowKey> rows);
    void settle_exact(std::span<const invalidate::RowKey> rows,
                      std::uint64_t counter,
                      const invalidate::Position &record);
    // The next record of the log.
    void apply(const invalidate::Record &record);

    // Stores an object, unless it was purged while it was filled, or a newer
    // one has been stored meanwhile. `keep`: for how long after its lifetime.
    // Where `arrival` has become just that object, nothing is copied.
    cache::Reason put(const ObjectName &name, const cache::Entry &entry,
                      std::span<const std::string_view> body, Millis keep,
                      const Arrival *arrival = nullptr);

    void forget(const Hash128 &hash);
    // Of what Redis has: others wait for that fill, or it is asked for again;
    // and the first time, where it would push out nothing.
    bool is_worth_a_copy(const shm::FillId &fill, const Hash128 &hash,
                         std::size_t head_size, std::size_t body_size);
    bool has_room(std::size_t head_size, std::size_t body_size);
    // Adds what was found in one slice of memory since that slice was told last
    // (shm::MemoryTier::tell_uses). False: it was the last one.
    bool tell_uses(std::size_t slice, cache::MostUsed &most_used);
    // How often it was asked for lately, this time included; what is found in
    // memory does not count.
    unsigned count_use(const Hash128 &resource);
    // lead and alone: a FillRole holds what comes of it.
    Joined join(const FillWish &wish);
    bool is_awaited(const shm::FillId &fill);
    void end_fill(const shm::FillId &fill);
    // Its answer is stored: what refusals of that name said does not hold.
    void end_stored(const shm::FillId &fill, const Hash128 &name);
    bool is_noted(const Hash128 &name);
    // For so long nobody waits for another's answer; `why` is for people.
    void note_refused(const Hash128 &name, shm::HitForMiss::Place place,
                      Millis time, cache::Reason why);
    std::size_t running_fills();

    // For an Arrival: what a fill is about to store, to be read while it
    // arrives (zone_arrivals.cpp). Nullopt: no room, or nobody would find it.
    std::optional<ArrivalMemory> begin_arrival(const shm::FillId &fill,
                                               const ArrivalPlan &plan);
    // About so many bytes more for one that grows; how many, or 0.
    std::size_t extend_arrival(const shm::Pin &pin, std::size_t more);
    // It can have no more: the next one of that name does not begin.
    void note_outgrown(const shm::FillId &fill);
    // There is more of it.
    void tell_of_arrival(const shm::FillId &fill);
    bool is_arriving(const shm::FillId &fill);
    std::optional<Incoming> find_arriving(const shm::FillId &fill);
    // Its filler lives, and has not let go of it.
    bool is_held(const shm::Pin &pin);
    bool is_read(const shm::Pin &pin); // by others than its filler
    // Those of this worker that read one.
    std::unordered_set<ArrivalWait *> &arrival_waits()
    {
        return arrival_waits_;
    }

    // The filler is woken when another instance releases that lock.
    void wait_elsewhere(const shm::FillId &fill, const Hash128 &lock);
    void end_elsewhere(const Hash128 &lock);

    // Those of this worker that wait.
    std::unordered_set<FillWait *> &waits() { return waits_; }
    bool is_over(const FillWait &wait);
    bool may_wait() const;
    // Somebody's fill has ended, or more of it has arrived.
    void wake_waits();
    // Those for other instances, whatever these do: they may not be heard.
    void wake_waits_elsewhere();

    // True: a FetchSlot holds it. False: this worker is told of the next that
    // is given back.
    bool take_fetch(const FetchGroup &group);
    void give_back_fetch(std::size_t group);
    std::vector<RunningFetches> running_fetches();
    // Of this worker, in the order they came.
    std::list<FetchWait *> &fetch_waits(std::size_t group)
    {
        return fetch_waits_[group];
    }
    void wake_fetch_waits();

    // Warm-ups of this instance, whatever zones they fill: the first one knows
    // them (zone_warm.cpp). Nullopt: too many are running. `list` names what
    // is to be done once, 0: nothing.
    std::optional<std::uint64_t> begin_warm(std::uint64_t list,
                                            std::size_t urls);
    void note_warmed(std::uint64_t id, Warmed what, cache::Reason why);
    void end_warm(std::uint64_t id, shm::WarmJob::State state);
    std::optional<shm::WarmJob> warm_job(std::uint64_t id);
    std::optional<shm::WarmJob> warm_job_of(std::uint64_t list);
    // The newest first.
    std::vector<shm::WarmJob> warm_jobs();

    // What processes that died have left behind.
    void release_dead_owners();
    // True: no other process serves from this memory.
    bool release_this_process();

    // Nothing is served until the log has been read again, by another instance.
    // What this one was.
    Membership leave();

    shm::MemoryTierStats stats();
    Coherence coherence();
    // Instances that share the zone, as far as they are known; 0: they are not.
    std::uint64_t live_instances();

    // For ngx::Locked.
    ngx_shmtx_t *mutex() const { return mutex_; }
    ngx::ChangingMark &mark() const;
    void recover();

    // To be used under the lock.
    shm::Generations &generations() { return *generations_; }
    Membership &membership();

    // Null without edge_redis, and in processes that serve no requests.
    RedisTier *redis() const { return redis_; }
    void connect(RedisTier *redis) { redis_ = redis; }

private:
    static ngx_int_t init(ngx_shm_zone_t *shm_zone, void *old);
    bool map(std::span<std::byte> memory, bool fresh);
    bool format(std::span<std::byte> memory);
    std::optional<shm::OwnerSlot> owner();
    void release(shm::OwnerSlot slot, const shm::Owner &owner);
    Joined join(const FillWish &wish, WorkerSet &replaced);
    bool may_join(const shm::RunningFill &fill, const FillWish &wish,
                  BootTime now) const;
    bool is_awaited_now(const shm::FillId &fill) const;
    template <typename Attempt> auto make_room(Attempt &&attempt);
    std::optional<shm::Reservation> reserve(const shm::ObjectSpec &spec);
    std::size_t extend(const shm::Pin &pin, std::size_t more);
    // For a body.
    struct Room
    {
        std::size_t size = 0;
        bool grows = false;
    };
    std::optional<shm::Reservation> place(const ObjectName &name,
                                          const cache::Entry &entry,
                                          std::string_view head, Millis keep,
                                          const Room &room);
    cache::Reason publish(const ObjectName &name, const cache::Entry &entry,
                          const shm::Pin &pin);
    bool has_room_to_arrive(std::size_t size);
    bool has_outgrown(const shm::FillId &fill);
    void tell_of_share(std::string_view tenant);
    void wake_changed();
    cache::Reason check(const cache::Entry &entry, bool in_memory,
                        BootTime now) const;
    using Lookup = std::variant<shm::PinnedObject, shm::Absent> (
        shm::MemoryTier::*)(const Hash128 &, shm::OwnerSlot, BootTime);
    std::optional<Pinned> look_up(Lookup lookup, const Hash128 &hash);
    bool has_newer(const ObjectName &name, const cache::Entry &entry);
    bool may_serve(BootTime now) const;
    static void sweep(void *data);
    void note_tags(const cache::Entry &entry);
    void tell_of(const invalidate::Purge &purge) const;

    ngx_shmtx_t *mutex_ = nullptr;
    ZoneHead *head_ = nullptr;
    std::uint64_t configuration_ = 0; // of those that have used the memory
    std::optional<shm::MemoryTier> memory_;
    std::optional<shm::Generations> generations_;
    std::optional<shm::RunningFills> fills_;
    std::optional<shm::HitForMiss> hit_for_miss_;
    std::optional<shm::FetchCounts> fetches_;
    std::optional<shm::UseCounts> use_counts_;
    std::optional<shm::SeenNames> seen_tags_;
    std::optional<shm::WarmJobs> warm_jobs_;
    shm::Counters *counters_ = nullptr;
    std::optional<HashSecret> secret_;

    std::vector<std::size_t> label_slots_;
    // Of Main's groups, where each is counted.
    std::vector<std::size_t> fetch_groups_;
    std::optional<FillBudget> fill_budget_;
    std::unordered_set<FillWait *> waits_;
    std::unordered_set<ArrivalWait *> arrival_waits_;
    // Of fills_, when those who wait were looked at.
    std::uint64_t changes_seen_ = 0;
    using FetchWaits = std::list<FetchWait *>;
    std::array<FetchWaits, shm::FetchCounts::kGroups> fetch_waits_;
    std::size_t max_waits_ = 0;
    std::optional<shm::OwnerSlot> owner_;
    // reserve() made room as the tenant had more than its share, and when this
    // worker last said so of one.
    bool over_share_ = false;
    std::optional<BootTime> share_told_;
    RedisTier *redis_ = nullptr;
    void (*tell_of_soft_)(void *) = nullptr;
    void *soft_data_ = nullptr;
};

using Lock = ngx::Locked<Zone>;

} // namespace edge::tier
