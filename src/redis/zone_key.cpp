#include "redis/zone_key.h"

namespace edge::redis {

std::string zone_key(std::string_view prefix, std::string_view zone,
                     std::string_view name)
{
    std::string key(prefix);
    return key.append(":").append(zone).append(":").append(name);
}

} // namespace edge::redis
