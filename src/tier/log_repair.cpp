// What the log lacks and this instance knows, put into it (protocol 5.5, 7).
#include <algorithm>

#include "ngx/random.h"
#include "tier/log.h"

namespace edge::tier {

namespace {

using namespace invalidate;

// Of what the log has lost: rows that are appended again one by one, and tries
// within one turn.
constexpr std::size_t kMaxLostRows = 10'000;
constexpr int kMaxLostRecords = 20;

// The first, and those like it that fit.
void add_sets(Purge &purge, const std::vector<shm::LostPurges::Set> &sets)
{
    purge.mode = sets.front().mode;
    purge.together = sets.front().rows.size();
    for (const shm::LostPurges::Set &set : sets) {
        if (set.mode == purge.mode && set.rows.size() == purge.together &&
            purge.rows.size() + purge.together <= kMaxRows) {
            purge.rows.insert(purge.rows.end(), set.rows.begin(),
                              set.rows.end());
        }
    }
}

// One record of what has to go into the log again. When it is very much,
// everything goes.
std::optional<Purge> next_lost(const shm::LostPurges &lost)
{
    if (lost.empty()) {
        return std::nullopt;
    }
    Purge purge;
    purge.request = ngx::random_text();
    purge.settle = lost.settle;
    if (lost.size() > kMaxLostRows) {
        purge.rows = {row_key(select_everything(), kAllTenants)};
        return purge;
    }
    if (lost.hard.empty() && lost.soft.empty()) {
        add_sets(purge, lost.sets);
        return purge;
    }
    const bool is_hard = !lost.hard.empty();
    purge.mode = is_hard ? PurgeMode::hard : PurgeMode::soft;
    purge.rows = is_hard ? lost.hard : lost.soft;
    purge.rows.resize(std::min(purge.rows.size(), kMaxRows));
    return purge;
}

} // namespace

ngx::Task Log::append_local_purges(ngx::Flow &flow)
{
    for (;;) {
        const LocalPurges local = zone_.local_purges();
        if (local.purge.rows.empty()) {
            co_return;
        }
        std::optional<Written> written;
        co_await append(flow, local.purge, written);
        if (!written || written->reply.status != WriteReply::Status::ok) {
            co_return;
        }
        std::optional<Heard> ignored;
        co_await beat(flow, ignored);
        if (!zone_.settle(local, written->position)) {
            co_return;
        }
    }
}

// Only right behind what has been applied: of two instances that know the same
// purge one appends it, the other reads that.
ngx::Task Log::append_lost_purges(ngx::Flow &flow)
{
    for (int round = 0; round < kMaxLostRecords; round++) {
        const auto purge = next_lost(zone_.lost_purges());
        if (!purge) {
            co_return;
        }
        std::optional<Written> written;
        co_await append(flow, *purge, written, zone_.applied().generation);
        if (!written) {
            co_return;
        }
        std::optional<Heard> heard;
        co_await beat(flow, heard);
        if (!heard) {
            co_return;
        }
        if (written->reply.status == WriteReply::Status::ok) {
            zone_.counters().purges_restored.add(purge->rows.size());
        }
    }
}

} // namespace edge::tier
