// Which server is the master, as Sentinels tell it (Sentinel client
// guidelines): asked every second, told at once by +switch-master. That it is
// one is for its own ROLE to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "redis/endpoint.h"
#include "redis/topology.h"

namespace edge::redis {

class Sentinel final : public Topology
{
public:
    // `master`: its name for the Sentinels; outlives this.
    explicit Sentinel(std::string_view master) : name_(master) {}

    void append_query(std::string &out) const override;
    Progress take(const Reply &reply) override;

    // The last that was told, by whichever Sentinel.
    const std::optional<Endpoint> &master() const { return master_; }

private:
    Progress take_address(std::string_view host, std::string_view port);
    Progress take_message(std::string_view text);

    const std::string_view name_;
    std::optional<Endpoint> master_;
};

} // namespace edge::redis
