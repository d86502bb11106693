#include "api/metrics.h"

#include "api/limit_metrics.h"
#include "api/shared_metrics.h"
#include "api/zone_metrics.h"

namespace edge::api {

std::string metrics(conf::Main &main)
{
    Exposition out;
    add_zone_metrics(out, main.zones);
    add_shared_metrics(out, main.zones);
    if (!main.limit_zones.empty()) {
        add_limit_metrics(out, main.limit_zones);
    }
    return std::move(out).text();
}

} // namespace edge::api
