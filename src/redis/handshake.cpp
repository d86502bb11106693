#include "redis/handshake.h"

#include "redis/command.h"
#include "redis/commands.h"
#include "redis/error.h"

namespace edge::redis {
namespace {

// ROLE: an array that begins with "master", "slave" or "sentinel".
bool is_other_role(const Reply &reply)
{
    return reply.type == ReplyType::array &&
           (reply.elements.empty() || reply.elements[0].text != "master");
}

} // namespace

Handshake::Handshake(const HandshakeOptions &options) : options_(options)
{
    if (!wanted(step_)) {
        advance();
    }
}

bool Handshake::wanted(Step step) const
{
    switch (step) {
    case Step::auth:
        return !options_.passwords.empty();
    case Step::select:
        return options_.db != 0;
    case Step::set_name:
        return !options_.client_name.empty();
    case Step::role:
        return options_.has_to_be_master;
    case Step::ping:
    case Step::done:
        break;
    }
    return true;
}

std::string_view Handshake::step_name(Step step)
{
    switch (step) {
    case Step::auth:
        return command::kAuth;
    case Step::select:
        return command::kSelect;
    case Step::set_name:
        return command::kClient;
    case Step::role:
        return command::kRole;
    case Step::ping:
    case Step::done:
        break;
    }
    return command::kPing;
}

void Handshake::append_next(std::string &out) const
{
    const std::string_view name = step_name(step_);

    switch (step_) {
    case Step::auth:
        if (options_.user.empty()) {
            append_command(out, {name, options_.passwords[password_]});
        } else {
            append_command(
                out, {name, options_.user, options_.passwords[password_]});
        }
        break;
    case Step::select:
        append_command(out, {name, Decimal(options_.db)});
        break;
    case Step::set_name:
        append_command(out, {name, "SETNAME", options_.client_name});
        break;
    case Step::role:
    case Step::ping:
    case Step::done:
        append_command(out, {name});
        break;
    }
}

Handshake::Progress Handshake::take(const Reply &reply)
{
    if (step_ == Step::role && is_other_role(reply)) {
        code_ = "no master";
        failed_ = NodeState::readonly;
        return Progress::failed;
    }
    if (reply.type != ReplyType::error) {
        return advance();
    }

    const ErrorKind kind = error_kind(reply.text);
    if (step_ == Step::auth && kind == ErrorKind::wrongpass &&
        password_ + 1 < options_.passwords.size()) {
        password_++;
        return Progress::next;
    }
    // The name is for people; and a server that says what we may not do is
    // ready. That a replica is none shows at the first write too.
    const bool may_fail =
        step_ == Step::set_name || step_ == Step::role || step_ == Step::ping;
    const bool harmless = kind == ErrorKind::noperm || kind == ErrorKind::other;
    return may_fail && harmless ? advance() : end(reply);
}

Handshake::Progress Handshake::advance()
{
    do {
        step_ = static_cast<Step>(static_cast<int>(step_) + 1);
    } while (!wanted(step_));

    return step_ == Step::done ? Progress::done : Progress::next;
}

Handshake::Progress Handshake::end(const Reply &reply)
{
    const ErrorKind kind = error_kind(reply.text);
    const bool is_refusal = kind == ErrorKind::noperm ||
                            (kind == ErrorKind::other && step_ == Step::auth);

    code_ = error_code(reply.text);
    failed_ = is_refusal ? NodeState::refused : state_of(kind);
    if (failed_ == NodeState::up) {
        failed_ = NodeState::strange;
    }
    return Progress::failed;
}

} // namespace edge::redis
