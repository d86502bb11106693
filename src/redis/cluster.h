// Which node of a cluster has which slots: asked by CLUSTER SLOTS every second,
// corrected at once by MOVED.
#pragma once

#include "redis/slots.h"
#include "redis/topology.h"

namespace edge::redis {

class Cluster final : public Topology
{
public:
    void append_query(std::string &out) const override;
    Progress take(const Reply &reply) override;

    // MOVED. True: it is news.
    bool move(const Redirection &redirection);

    // The last that was told.
    const SlotMap &slots() const { return slots_; }

private:
    SlotMap slots_;
};

} // namespace edge::redis
