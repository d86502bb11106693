#include "redis/exchange.h"

#include <new>
#include <utility>

#include "redis/commands.h"

namespace edge::redis {

// Either both happen or none: a command without a place, or a place without a
// command, would give every later reply to the wrong operation.
template <typename Append>
bool Exchange::enqueue(Operation &operation, Append append,
                       const Pipeline::Times &times)
{
    const std::size_t size = output_.bytes().size();
    try {
        append(output_.bytes());
        pipeline_.push(operation, times);
    } catch (const std::bad_alloc &) {
        output_.bytes().resize(size);
        return false;
    }
    return true;
}

template <typename Append>
bool Exchange::accept(Operation &operation, Append append, Micros now,
                      Millis timeout)
{
    operation.withdraw();
    const bool accepted =
        !pipeline_.full() && output_.unsent().size() < kMaxOutput &&
        node_.haste.passes(timeout, now) &&
        enqueue(operation, append,
                Pipeline::Times::of(now, timeout, node_.patience));
    (accepted ? node_.counters.operations : node_.counters.refused)++;
    return accepted;
}

bool Exchange::submit(Operation &operation, CommandParts command, Micros now,
                      Millis timeout)
{
    const auto append = [&](std::string &out) { append_command(out, command); };
    if (!accept(operation, append, now, timeout)) {
        return false;
    }
    if (node_.redirector != nullptr) {
        append_command(operation.sent_, command);
    }
    return true;
}

bool Exchange::submit(Operation &operation, const ScriptCall &call, Micros now,
                      Millis timeout)
{
    const auto append = [&](std::string &out) {
        append_script(out, call, ScriptForm::evalsha);
    };
    if (!accept(operation, append, now, timeout)) {
        return false;
    }
    operation.script_ = &call;
    return true;
}

bool Exchange::take_over(Operation &operation, const Pipeline::Times &times,
                         bool asking)
{
    if (pipeline_.full() || output_.unsent().size() >= kMaxOutput) {
        return false;
    }
    operation.in_full_ = true;
    if (asking) {
        append_command(output_.bytes(), {command::kAsking});
        pipeline_.push_nobody(times);
    }
    const auto append = [&](std::string &out) {
        if (operation.script_ != nullptr) {
            append_script(out, *operation.script_, ScriptForm::eval);
        } else {
            out.append(operation.sent_);
        }
    };
    return enqueue(operation, append, times);
}

bool Exchange::send_on(const Reply &error, const Pipeline::Place &place)
{
    const ErrorKind kind = error_kind(error.text);
    Operation &operation = *place.operation;
    if (node_.redirector == nullptr ||
        (kind != ErrorKind::moved && kind != ErrorKind::ask) ||
        operation.redirections_ == kMaxRedirections) {
        return false;
    }
    operation.redirections_++;
    node_.breaker.succeeded();
    return node_.redirector->redirect(error.text, operation, place.times);
}

// The deadline stays what it was.
void Exchange::send_in_full(const Pipeline::Place &place)
{
    const ScriptCall &call = *place.operation->script_;
    place.operation->in_full_ = true;
    const auto append = [&](std::string &out) {
        append_script(out, call, ScriptForm::eval);
    };
    if (!enqueue(*place.operation, append, place.times)) {
        node_.ended.add(*place.operation, Outcome::lost);
    }
}

Exchange::Verdict Exchange::take(const Reply *reply, Micros now)
{
    news_ = NodeNews::none;
    if (pipeline_.empty()) {
        return Failure{NodeState::strange, "sent a reply nobody asked for"};
    }
    const Pipeline::Place place = pipeline_.pop();
    node_.haste.answered(now - place.times.submitted);
    if (reply == nullptr || place.operation == nullptr) {
        return std::nullopt;
    }

    node_.counters.latency = now - place.times.submitted;
    const bool is_error = reply->type == ReplyType::error;
    if (is_error && error_kind(reply->text) == ErrorKind::noscript &&
        place.operation->script_ != nullptr && !place.operation->in_full_) {
        send_in_full(place);
        return std::nullopt;
    }

    if (is_error && send_on(*reply, place)) {
        return std::nullopt;
    }
    node_.ended.add(*place.operation, Outcome::replied, reply);
    if (is_error) {
        return weigh(*reply, now);
    }
    node_.breaker.succeeded();
    if (node_.impairment.recover(now)) {
        news_ = NodeNews::recovered;
    }
    return std::nullopt;
}

void Exchange::note_state(ErrorKind kind, const Reply &reply, Micros now)
{
    const NodeState state = state_of(kind);
    if (state == NodeState::up) {
        return;
    }
    if (node_.impairment.note(state, now)) {
        news_ = NodeNews::impaired;
    }
    if (state == NodeState::noperm) {
        node_.missing = missing_permission(reply.text);
    }
}

Exchange::Verdict Exchange::weigh(const Reply &reply, Micros now)
{
    const ErrorKind kind = error_kind(reply.text);
    const Failure failure{state_of(kind), error_name(kind)};

    node_.counters.errors[static_cast<std::size_t>(kind)]++;
    switch (error_effect(kind)) {
    case ErrorEffect::miss:
        node_.breaker.succeeded();
        note_state(kind, reply, now);
        return std::nullopt;
    case ErrorEffect::elsewhere:
        node_.breaker.succeeded();
        note_state(kind, reply, now);
        return leave(now) ? Verdict(failure) : std::nullopt;
    case ErrorEffect::failure:
        return node_.breaker.failed() ? Verdict(failure) : std::nullopt;
    case ErrorEffect::connection:
        return failure;
    }
    return std::nullopt;
}

bool Exchange::leave(Micros now)
{
    if (!node_.has_others || (node_.left && now - *node_.left < kStay)) {
        return false;
    }
    node_.left = now;
    return true;
}

Exchange::Verdict Exchange::expire(Micros now)
{
    const auto expired = pipeline_.expire(now, node_.ended);
    bool open = false;

    node_.counters.timeouts += expired.operations;
    node_.haste.missed(expired.hasty, expired.longest_hasty, now);
    for (std::size_t i = 0; i < expired.overdue; i++) {
        open = node_.breaker.failed();
    }
    if (open || pipeline_.too_late(now)) {
        return Failure{NodeState::silent, "does not answer in time"};
    }
    return std::nullopt;
}

void Exchange::close()
{
    node_.counters.lost += pipeline_.lose(node_.ended);
}

} // namespace edge::redis
