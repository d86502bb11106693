#include "tier/limit_zone.h"

#include <algorithm>
#include <functional>

#include "limit/local.h"
#include "ngx/clock.h"
#include "ngx/guard.h"
#include "ngx/random.h"
#include "ngx/slab.h"
#include "ngx/text.h"
#include "tier/limit_link.h"

namespace edge::tier {

struct alignas(shm::Buckets::kAlignment) LimitZoneHead
{
    // Keys the hashes of this zone.
    std::array<char, 32> secret{};
    LimitCounters counters;
};

namespace {

// Keeps the names apart from those of cache zones: one name for both is an
// error, and not one zone.
char tag;

} // namespace

bool LimitZone::declare(ngx_conf_t *cf)
{
    ngx_str_t name = ngx::str(settings.name);
    ngx_shm_zone_t *shm_zone =
        ngx_shared_memory_add(cf, &name, settings.size, &tag);
    if (shm_zone == nullptr) {
        return false;
    }
    shm_zone->init = ngx::guard<&LimitZone::init, NGX_ERROR>;
    shm_zone->data = this;
    return true;
}

ngx_int_t LimitZone::init(ngx_shm_zone_t *shm_zone, void *old)
{
    LimitZone &zone = *static_cast<LimitZone *>(shm_zone->data);
    const auto *before = static_cast<const LimitZone *>(old);
    if (before != nullptr && !zone.counts_as(*before)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "limit zone \"%V\" counts otherwise than before this "
                      "reload (\"%V\" instead of \"%V\", or by another "
                      "algorithm): write another name",
                      &shm_zone->shm.name, &zone.settings.key->compiled.value,
                      &before->settings.key->compiled.value);
        return NGX_ERROR;
    }

    ngx_slab_pool_t *pool = ngx::slab_pool(shm_zone);
    zone.mutex_ = &pool->mutex;
    const bool fresh = before == nullptr && !shm_zone->shm.exists;
    if (!zone.map(fresh ? ngx::take_all_pages(pool) : ngx::taken_pages(pool),
                  fresh)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "limit zone \"%V\" is too small: write a larger size",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }
    return NGX_OK;
}

bool LimitZone::counts_as(const LimitZone &before) const
{
    return ngx::view(settings.key->compiled.value) ==
               ngx::view(before.settings.key->compiled.value) &&
           settings.figures.algorithm == before.settings.figures.algorithm;
}

bool LimitZone::map(std::span<std::byte> memory, bool fresh)
{
    if (memory.size() < sizeof(LimitZoneHead)) {
        return false;
    }
    const auto table = memory.subspan(sizeof(LimitZoneHead));
    if (fresh) {
        head_ = new (memory.data()) LimitZoneHead();
        ngx::fill_random(head_->secret.data(), head_->secret.size());
        buckets_ = shm::Buckets::format(table);
    } else {
        head_ = reinterpret_cast<LimitZoneHead *>(memory.data());
        buckets_ = shm::Buckets::attach(table);
    }
    secret_.emplace(
        std::string_view(head_->secret.data(), head_->secret.size()));
    return buckets_.has_value();
}

limit::Clocks limit_clocks()
{
    return {static_cast<limit::Micros>(ngx::monotonic_micros()),
            ngx::wall_micros()};
}

client::Redis *LimitZone::redis() const
{
    return link_ != nullptr ? &link_->redis : nullptr;
}

std::int64_t LimitZone::take_charges(const limit::LocalLimit &limit)
{
    LimitZone *self = this;
    const LimitLock lock({&self, 1});
    return limit::take_charges(limit, limit_clocks());
}

void LimitZone::debit(const redis::ScriptLimit &limit, int how)
{
    if (link_ == nullptr || !link_->debits.send(limit, how)) {
        counters().debits_lost.add();
    }
}

void LimitZone::count_instances_by(CountInstances count, void *data)
{
    count_ = count;
    count_data_ = data;
}

std::uint64_t LimitZone::instances() const
{
    return std::max<std::uint64_t>(1, count_ ? count_(count_data_) : 0);
}

Hash128 LimitZone::hash(std::string_view value) const
{
    return hash128(value, *secret_);
}

LimitCounters &LimitZone::counters() const
{
    return head_->counters;
}

LimitZoneStats LimitZone::stats()
{
    LimitZone *self = this;
    const LimitLock lock({&self, 1});
    return {buckets_->places(), buckets_->evicted(), buckets_->shared()};
}

// In the order of the addresses, which are the same in all workers, also in
// those of an older configuration.
LimitLock::LimitLock(std::span<LimitZone *const> zones) : count_(zones.size())
{
    std::transform(zones.begin(), zones.end(), mutexes_.begin(),
                   [](const LimitZone *zone) { return zone->mutex(); });
    std::sort(taken().begin(), taken().end(), std::less<ngx_shmtx_t *>());
    for (ngx_shmtx_t *mutex : taken()) {
        ngx_shmtx_lock(mutex);
    }
}

LimitLock::~LimitLock()
{
    for (ngx_shmtx_t *mutex : taken()) {
        ngx_shmtx_unlock(mutex);
    }
}

} // namespace edge::tier
