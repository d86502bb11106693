// Whoever fills in what is read while it arrives.
#pragma once

#include "shm/pins.h"
#include "shm/running_fills.h"

namespace edge::tier {

struct Filler
{
    shm::FillId fill;
    // Held for as long as more may come: also when its fill has been replaced,
    // or forgotten by a recovery.
    shm::Pin pin;
    // How much will come is known when all of it is there.
    bool has_size;
};

} // namespace edge::tier
