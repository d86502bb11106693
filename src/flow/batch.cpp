#include "flow/batch.h"

namespace edge::flow {

namespace {

// For a connection to come free.
constexpr Millis kPause{100};

} // namespace

Batch::Batch(const BatchSettings &settings)
    : settings_(settings),
      turn_(&Batch::on_turn, this, ngx::Timer::Holds::nothing)
{
}

ngx::Task Batch::run(ngx::Flow &flow)
{
    flow_ = &flow;
    do {
        const bool has_room = begin_some();
        if (running_ == 0) {
            turn_.start(has_room ? Millis(0) : kPause);
        }
        co_await NextTurn{flow};
    } while (may_go_on() || running_ > 0);
}

bool Batch::may_go_on() const
{
    return next_ < settings_.count && !ngx_exiting && !ngx_terminate;
}

// In one turn of the event loop no more than run at a time.
bool Batch::begin_some()
{
    for (std::uint32_t i = 0; i < settings_.at_a_time && may_go_on() &&
                              running_ < settings_.at_a_time;
         i++) {
        const Begun begun = settings_.begin(settings_.data, next_);
        if (begun == Begun::no_room) {
            return false;
        }
        next_++;
        running_ += begun == Begun::yes;
    }
    return true;
}

void Batch::ended()
{
    running_--;
    turn_.start(Millis(0));
}

void Batch::on_turn(void *batch)
{
    static_cast<Batch *>(batch)->flow_->wake();
}

} // namespace edge::flow
