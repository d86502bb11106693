// A set of worker processes, by nginx's number of each (ngx_worker).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace edge {

class WorkerSet
{
public:
    static constexpr std::size_t kMax = 128;

    // Workers with higher numbers are left out: they look for themselves.
    void add(std::size_t worker)
    {
        if (worker < kMax) {
            words_[worker / 64] |= std::uint64_t{1} << worker % 64;
        }
    }
    void add(const WorkerSet &others)
    {
        for (std::size_t i = 0; i < words_.size(); i++) {
            words_[i] |= others.words_[i];
        }
    }

    template <typename Visit> void for_each(Visit visit) const
    {
        for (std::size_t i = 0; i < words_.size(); i++) {
            for (std::uint64_t left = words_[i]; left != 0; left &= left - 1) {
                visit(i * 64 +
                      static_cast<std::size_t>(std::countr_zero(left)));
            }
        }
    }

    friend bool operator==(const WorkerSet &, const WorkerSet &) = default;

private:
    std::array<std::uint64_t, kMax / 64> words_{};
};

} // namespace edge
