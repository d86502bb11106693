#include "shm/counters.h"

#include <algorithm>

namespace edge::shm {

std::size_t Counters::claim_label(std::string_view name)
{
    name = name.substr(0, LabelCounters::max_name);
    for (std::size_t i = 1; i < max_labels; i++) {
        if (labels[i].label() == name) {
            return i;
        }
        if (labels[i].label().empty()) {
            std::copy(name.begin(), name.end(), labels[i].name.begin());
            return i;
        }
    }
    return 0;
}

} // namespace edge::shm
