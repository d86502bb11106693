#include "client/own_node.h"

namespace edge::client {

OwnNode::OwnNode(Redis &redis, std::string_view key)
    : redis_(redis), route_(redis.add_route(*this, key)),
      node_(redis.config(), *route_)
{
    node_.start();
}

OwnNode::~OwnNode()
{
    redis_.remove_route(*this);
}

} // namespace edge::client
