#include "client/memory_probe.h"

#include "client/node.h"
#include "ngx/text.h"
#include "redis/commands.h"

namespace edge::client {

MemoryProbe::MemoryProbe(Node &node, ngx_log_t *log)
    : node_(node), log_(log),
      timer_([](void *self) { static_cast<MemoryProbe *>(self)->ask(); }, this,
             ngx::Timer::Holds::nothing),
      operation_(
          &memory_,
          [](void *self) { static_cast<MemoryProbe *>(self)->on_answer(); },
          this)
{
}

void MemoryProbe::start()
{
    ask();
}

void MemoryProbe::ask()
{
    const std::string_view words[] = {redis::command::kInfo, "memory"};

    timer_.start(kPeriod);
    operation_.withdraw();
    memory_.release();
    node_.submit(operation_, redis::CommandParts(words), kTimeout);
}

void MemoryProbe::on_answer()
{
    const redis::Reply *reply = operation_.reply();
    if (reply == nullptr || reply->type != redis::ReplyType::bulk) {
        return;
    }
    if (const auto info = redis::parse_memory_info(reply->text)) {
        tell(*info);
        info_ = info;
    }
}

void MemoryProbe::tell(const redis::MemoryInfo &info)
{
    const std::string_view warning = policy_warning(info);
    const bool is_told = info_ && policy_warning(*info_) == warning;
    if (warning.empty() || is_told) {
        return;
    }
    ngx_str_t policy = ngx::str(policy_name(info.policy));
    ngx_str_t what = ngx::str(warning);
    ngx_log_error(NGX_LOG_WARN, log_, 0, "redis has maxmemory-policy %V: %V",
                  &policy, &what);
}

} // namespace edge::client
