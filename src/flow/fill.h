// The body of an answer while it passes through on its way to the client.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/compression.h"
#include "cache/entry.h"
#include "ngx/nginx.h"
#include "tier/arrival.h"
#include "tier/worker.h"

namespace edge::flow {

// What is decided when the header arrives, and needed when the body is whole.
struct FillPlan
{
    cache::Entry entry;
    // What entry's views point at.
    std::string fields;
    std::vector<std::string> vary;
    std::vector<std::string> tags;
    std::vector<std::string> groups; // those of the tags that Cache-Groups has
    // nullopt: the length is not known before the end.
    std::optional<std::uint64_t> expected_size;
    std::uint64_t max_size = 0;
    cache::Compression compression;
};

// Copies a body piece by piece. Bytes once copied stay where they are until
// the request's pool goes: they are what the client is sent, so that a slow
// client never holds up the origin.
class Fill
{
public:
    Fill(ngx_pool_t *pool, tier::FillBudget &budget, FillPlan plan);
    ~Fill();
    Fill(const Fill &) = delete;

    // Before the first byte: memory for the whole body, if its size is known,
    // counts as used. False: there is not that much.
    bool claim_whole();
    // All bytes go there, where others read them as they arrive; if anybody
    // does also those of a body that has become too large to be stored, for as
    // long as there is room. Whoever reads must be told of an early end, too.
    void begin_arrival(tier::Zone &zone, const shm::FillId &fill,
                       const tier::ArrivalMemory &memory);
    void finish_arrival();
    void break_off_arrival();
    const tier::Arrival *arrival() const
    {
        return arrival_ ? &*arrival_ : nullptr;
    }

    // The copy, of as many as fit into one place; nullopt when the body is too
    // large or the budget is used up, which ends the fill: refused() says why.
    std::optional<std::string_view> append(std::string_view bytes);

    // Of a whole body: what to store instead of the pieces, if anything.
    std::optional<std::string_view> packed();
    // Gives back what packing holds: when that is stored, or before the first
    // byte of what is to be stored as it comes.
    void end_packing();
    bool packs() const { return compressor_.has_value(); }

    // The whole body has arrived, as long as was announced.
    bool is_complete() const;
    bool is_too_large() const { return size_ > plan_.max_size; }

    FillPlan &plan() { return plan_; }
    const FillPlan &plan() const { return plan_; }
    std::uint64_t size() const { return size_; }
    std::span<const std::string_view> pieces() const { return pieces_; }
    cache::Reason refused() const { return refused_; }

private:
    struct Chunk
    {
        char *data = nullptr;
        std::size_t size = 0;
        std::size_t used = 0;
    };

    bool is_shared(std::string_view bytes) const;
    std::optional<std::string_view> share(std::string_view bytes);
    void begin_packing();
    void pack(std::string_view bytes);
    bool claim(std::uint64_t size);
    bool grow(std::size_t wanted);
    std::string_view keep(std::string_view bytes);
    void add_piece(std::string_view copy);

    ngx_pool_t *pool_;
    tier::FillBudget &budget_;
    FillPlan plan_;
    Chunk chunk_;
    std::vector<std::string_view> pieces_;
    std::uint64_t size_ = 0;
    std::uint64_t reserved_ = 0;
    // Of that: no chunk has it yet.
    std::uint64_t claimed_ = 0;
    std::optional<tier::Arrival> arrival_;
    std::optional<cache::Compressor> compressor_;
    std::uint64_t packing_reserved_ = 0;
    cache::Reason refused_ = cache::Reason::none;
};

} // namespace edge::flow
