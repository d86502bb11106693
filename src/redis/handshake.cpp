#include "redis/handshake.h"

#include "redis/command.h"
#include "redis/commands.h"
#include "redis/error.h"

namespace edge::redis {

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
    case Step::ping:
    case Step::done:
        append_command(out, {name});
        break;
    }
}

Handshake::Progress Handshake::take(const Reply &reply)
{
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
    // ready.
    const bool may_fail = step_ == Step::set_name || step_ == Step::ping;
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
    code_ = error_code(reply.text);

    switch (error_kind(reply.text)) {
    case ErrorKind::noauth:
    case ErrorKind::noperm:
    case ErrorKind::wrongpass:
        return Progress::refused;
    case ErrorKind::other:
        return step_ == Step::auth ? Progress::refused : Progress::failed;
    default:
        return Progress::failed;
    }
}

} // namespace edge::redis
