#include "shm/ghosts.h"

#include <algorithm>

namespace edge::shm {

namespace {

// 0 is nobody's.
std::uint32_t fingerprint(const Hash128 &name)
{
    return static_cast<std::uint32_t>(name.lo) | 1;
}

} // namespace

Ghosts::Set &Ghosts::set_of(const Hash128 &name) const
{
    return sets_[name.hi % sets_.size()];
}

void Ghosts::add(const Hash128 &name)
{
    auto &names = set_of(name).names;
    const std::uint32_t added = fingerprint(name);
    auto known = std::ranges::find(names, added);
    if (known == names.end()) {
        known--;
    }
    std::shift_right(names.begin(), known + 1, 1);
    names.front() = added;
}

bool Ghosts::contains(const Hash128 &name) const
{
    const auto &names = set_of(name).names;
    return std::ranges::find(names, fingerprint(name)) != names.end();
}

} // namespace edge::shm
