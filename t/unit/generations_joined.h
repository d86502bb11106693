#pragma once

// Generations with a log of their own, and an instance that shares one.

#include "generations_memory.h"

namespace edge_test {

inline constexpr Nonce kOld = 11;
inline constexpr Nonce kNew = 22;

inline const shm::GenerationsConfig kOwnLog{.rows = 8, .random = 5};

// An instance that has applied (kOld, 1-5).
class Joined
{
public:
    explicit Joined(std::uint32_t rows = 8)
        : memory_({.rows = rows, .random = 5, .own_log = false}),
          state(memory_.attach())
    {
        assert_true(state.restart(place(kOld, 1, 5), at(0)));
        catch_up();
    }

private:
    Memory memory_;

public:
    Generations state;

    void catch_up()
    {
        assert_true(state.caught_up(state.applied(), at(0), Millis(0)));
    }
    bool purge(std::uint64_t sequence, std::string_view tag,
               PurgeMode mode = PurgeMode::hard)
    {
        return state.apply(
            purge_record(place(kOld, 1, sequence), row_of(tag), mode), at(0));
    }
    Usability check(const Ticket &ticket, std::string_view tag)
    {
        return state.check(ticket, selectors({tag}), kAcme);
    }
};

inline void purge(Generations &state, RowKey row,
                  PurgeMode mode = PurgeMode::hard)
{
    state.purge({.mode = mode, .rows = {row}}, at(0));
}

inline void purge_locally(Generations &state, RowKey row,
                          PurgeMode mode = PurgeMode::hard)
{
    state.purge_locally({.mode = mode, .rows = {row}}, at(0));
}

} // namespace edge_test
