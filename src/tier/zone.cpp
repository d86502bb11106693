#include "tier/zone.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "invalidate/coherence.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/random.h"
#include "ngx/slab.h"
#include "ngx/text.h"

namespace edge::tier {

struct ZoneHead
{
    static constexpr std::uint64_t kMagic = 0x3730656e6f7a6365; // "ecezone07"

    std::uint64_t magic = kMagic;
    BootTime made = ngx::boot_now();
    std::uint64_t selectors = 0;
    bool own_log = true;
    // That have used this memory, one after the other.
    std::uint64_t configurations = 0;
    ngx::ChangingMark changing;
    // Keys the hashes of this zone's index.
    std::array<char, 32> secret{};
    Membership membership;
    shm::Counters counters;
    shm::FetchCounts::Table fetches{};
    shm::WarmJobs::Table warm_jobs{};
    std::uint64_t uses = 0; // of what was not found in memory
    // Of the api's purges (limit/gcra.h).
    limit::Micros purge_tat = 0;
};

namespace {

constexpr std::size_t kAlignment = 4096;

constexpr std::size_t aligned(std::size_t size)
{
    return (size + kAlignment - 1) & ~(kAlignment - 1);
}

// How a zone's memory is divided; what is left is for objects.
struct Division
{
    std::span<std::byte> head;
    std::span<std::byte> generations;
    std::span<std::byte> fills;
    std::span<shm::HitForMiss::Row> hit_for_miss;
    std::span<shm::UseCounts::Block> use_counts;
    std::span<shm::SeenNames::Word> seen_tags;
    std::span<std::byte> objects;
};

Membership new_membership()
{
    Membership membership;
    membership.id = to_hex({ngx::random_number(), ngx::random_number()});
    return membership;
}

// How many fills can be known at a time.
std::uint32_t fill_rows(std::size_t zone)
{
    return static_cast<std::uint32_t>(
        std::clamp<std::size_t>(zone / (16 * 1024), 64, 4096));
}

std::size_t hit_for_miss_rows(std::size_t zone)
{
    return std::clamp<std::size_t>(zone / 4096, 256, 65536);
}

// 0.4 % of the zone: uses are remembered for about as long as objects of 4 KB
// would stay.
std::size_t use_count_blocks(std::size_t zone)
{
    return zone / 256 / sizeof(shm::UseCounts::Block);
}

// As many tags as bytes are told apart.
std::size_t seen_tags_size(std::size_t zone)
{
    return std::clamp<std::size_t>(zone / 256, 4096, 256 * 1024);
}

std::optional<Division> divide(std::span<std::byte> memory,
                               std::uint32_t selectors)
{
    const std::size_t head = aligned(sizeof(ZoneHead));
    const std::size_t generations =
        aligned(shm::Generations::bytes_for(selectors));
    const std::size_t fills =
        aligned(shm::RunningFills::bytes_for(fill_rows(memory.size())));
    const std::size_t rows = hit_for_miss_rows(memory.size());
    const std::size_t marks = aligned(rows * sizeof(shm::HitForMiss::Row));
    const std::size_t blocks = use_count_blocks(memory.size());
    const std::size_t uses = aligned(blocks * sizeof(shm::UseCounts::Block));
    const std::size_t tags = aligned(seen_tags_size(memory.size()));
    const std::size_t before =
        head + generations + fills + marks + uses + tags;
    if (before + shm::MemoryTier::kMinimumSize > memory.size()) {
        return std::nullopt;
    }
    auto *first_mark = reinterpret_cast<shm::HitForMiss::Row *>(
        memory.data() + head + generations + fills);
    auto *first_block = reinterpret_cast<shm::UseCounts::Block *>(
        memory.data() + head + generations + fills + marks);
    auto *first_tag = reinterpret_cast<shm::SeenNames::Word *>(
        memory.data() + before - tags);
    return Division{memory.first(head), memory.subspan(head, generations),
                    memory.subspan(head + generations, fills),
                    {first_mark, rows},
                    {first_block, blocks},
                    {first_tag, tags / sizeof(shm::SeenNames::Word)},
                    memory.subspan(before)};
}

std::uint32_t default_selectors(std::uint64_t zone)
{
    std::uint32_t rows = Zone::kSelectors;
    while (shm::Generations::bytes_for(rows) > zone / 8) {
        rows /= 2;
    }
    return rows;
}

} // namespace

bool Zone::declare(ngx_conf_t *cf)
{
    if (settings.selectors == 0) {
        settings.selectors = default_selectors(settings.size);
    }
    ngx_str_t name = ngx::str(settings.name);
    ngx_shm_zone_t *shm_zone = ngx_shared_memory_add(
        cf, &name, settings.size, &ngx_http_edge_cache_module);
    if (shm_zone == nullptr) {
        return false;
    }
    shm_zone->init = ngx::guard<&Zone::init, NGX_ERROR>;
    shm_zone->data = this;
    return true;
}

// After a reload the memory is the old one, with what is in it.
ngx_int_t Zone::init(ngx_shm_zone_t *shm_zone, void *old)
{
    Zone &zone = *static_cast<Zone *>(shm_zone->data);
    ngx_slab_pool_t *pool = ngx::slab_pool(shm_zone);
    zone.mutex_ = &pool->mutex;

    const bool fresh = old == nullptr && !shm_zone->shm.exists;
    const auto memory =
        fresh ? ngx::take_all_pages(pool) : ngx::taken_pages(pool);
    if (!zone.map(memory, fresh)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" is too small for selectors=%uz, or was made "
                      "with other settings: write a larger size, or another "
                      "name",
                      &shm_zone->shm.name,
                      static_cast<std::size_t>(zone.settings.selectors));
        return NGX_ERROR;
    }
    return NGX_OK;
}

bool Zone::map(std::span<std::byte> memory, bool fresh)
{
    if (fresh && !format(memory)) {
        return false;
    }
    const auto parts = divide(memory, settings.selectors);
    if (!parts) {
        return false;
    }
    head_ = reinterpret_cast<ZoneHead *>(parts->head.data());
    if (head_->magic != ZoneHead::kMagic ||
        head_->selectors != settings.selectors ||
        head_->own_log != (settings.redis == nullptr)) {
        return false;
    }
    configuration_ = ++head_->configurations;
    counters_ = &head_->counters;
    fetches_.emplace(&head_->fetches);
    warm_jobs_.emplace(&head_->warm_jobs);
    secret_.emplace(
        std::string_view(head_->secret.data(), head_->secret.size()));
    generations_ = shm::Generations::attach(parts->generations);
    fills_ = shm::RunningFills::attach(parts->fills);
    hit_for_miss_.emplace(parts->hit_for_miss);
    use_counts_.emplace(parts->use_counts, head_->uses);
    seen_tags_.emplace(parts->seen_tags);
    memory_ = shm::MemoryTier::attach(parts->objects);
    return generations_ && fills_ && memory_;
}

bool Zone::format(std::span<std::byte> memory)
{
    const auto parts = divide(memory, settings.selectors);
    if (!parts) {
        return false;
    }
    auto *head = new (parts->head.data()) ZoneHead();
    head->selectors = settings.selectors;
    head->own_log = settings.redis == nullptr;
    ngx::fill_random(head->secret.data(), head->secret.size());
    head->membership = new_membership();

    shm::GenerationsConfig generations;
    generations.rows = settings.selectors;
    generations.random = ngx::random_number() | 1;
    generations.own_log = settings.redis == nullptr;
    shm::MemoryTierConfig objects;
    objects.seed = ngx::random_number();
    std::ranges::fill(parts->hit_for_miss, shm::HitForMiss::Row{});
    std::ranges::fill(parts->use_counts, shm::UseCounts::Block{});
    std::ranges::fill(parts->seen_tags, 0);
    return shm::Generations::format(parts->generations, generations) &&
           shm::RunningFills::format(parts->fills, fill_rows(memory.size())) &&
           shm::MemoryTier::format(parts->objects, objects);
}

void Zone::prepare(std::span<const std::string_view> labels,
                   std::span<const std::string_view> fetch_groups,
                   std::uint64_t fill_memory, std::size_t max_waits)
{
    fill_budget_.emplace(fill_memory);
    max_waits_ = max_waits;
    const Lock lock(*this);
    owner();
    memory_->set_shares(
        {.negative = settings.shares.negative,
         .tenant = settings.has_tenants ? settings.shares.tenant : 100});
    for (const std::string_view label : labels) {
        label_slots_.push_back(counters_->claim_label(label));
    }
    for (const std::string_view group : fetch_groups) {
        fetch_groups_.push_back(fetches_->claim(group, fetch_groups));
    }
}

Membership &Zone::membership()
{
    return head_->membership;
}

ngx::ChangingMark &Zone::mark() const
{
    return head_->changing;
}

void Zone::recover()
{
    counters_->recoveries.add();
    memory_->recover();
    generations_->recover();
    fills_->recover();
    fetches_->recover();
}

invalidate::Ticket Zone::ticket()
{
    const Lock lock(*this);
    invalidate::Ticket ticket = generations_->ticket();
    ticket.taken = ngx::boot_now();
    return ticket;
}

invalidate::Position Zone::applied()
{
    const Lock lock(*this);
    return generations_->applied();
}

// A zone that is its own log misses nothing (protocol 5.8). In a worker that
// shuts down it may have been left behind by a reload: then nobody tells it
// what is purged, nor reads the log for it.
bool Zone::may_serve(BootTime now) const
{
    if (settings.redis == nullptr) {
        return !ngx_exiting || head_->configurations != configuration_;
    }
    const shm::Standing &standing = generations_->standing();
    const bool strict = settings.strict || ngx_exiting;
    return invalidate::may_serve({strict, settings.isolation},
                                 standing.lease_until, standing.current_at,
                                 head_->membership.is_known, now);
}

shm::MemoryTierStats Zone::stats()
{
    const Lock lock(*this);
    return memory_->stats();
}

Coherence Zone::coherence()
{
    const Lock lock(*this);
    const BootTime now = ngx::boot_now();
    const shm::Standing &standing = generations_->standing();
    const BootTime since = std::max(standing.current_at, head_->made);

    Coherence coherence;
    coherence.applied = generations_->applied();
    coherence.is_current = now < standing.lease_until;
    coherence.is_serving = may_serve(now) && coherence.applied.nonce != 0;
    coherence.lag = coherence.is_current ? Millis(0) : now - since;
    coherence.live = head_->membership.live;
    coherence.selectors = generations_->rows_used();
    coherence.selectors_dropped = generations_->rows_dropped();
    coherence.tag_sets = generations_->sets_used();
    coherence.tag_sets_dropped = generations_->sets_dropped();
    coherence.local_purges = generations_->local_purges().size();
    coherence.replicas = head_->membership.replicas;
    return coherence;
}

WallTime Zone::born_at() const
{
    return ngx::wall_now() - (ngx::boot_now() - head_->made);
}

std::uint64_t Zone::live_instances()
{
    const Lock lock(*this);
    return head_->membership.live;
}

Millis Zone::admit_purge(const limit::Bucket &bucket)
{
    const Lock lock(*this);
    const auto now =
        static_cast<limit::Micros>(ngx::boot_now().time_since_epoch().count()) *
        1000;
    const limit::Decision decision =
        limit::decide(bucket, head_->purge_tat, now, 1);
    if (decision.allowed) {
        head_->purge_tat = decision.tat;
        return Millis(0);
    }
    const auto wait = limit::wait_for(bucket, decision.level, 1).value_or(0);
    return Millis(static_cast<Millis::rep>(wait / 1000) + 1);
}

Membership Zone::leave()
{
    const Lock lock(*this);
    generations_->leave(ngx::boot_now());
    return std::exchange(head_->membership, new_membership());
}

} // namespace edge::tier
