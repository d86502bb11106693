#include "tier/redis_tier.h"
namespace edge::tier { RedisTier::~RedisTier(){} std::string RedisTier::key(const RedisName &) const { return {}; } class RedisTier::Store{}; }
