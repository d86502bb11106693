// What is said on a new connection before anything else: who we are, which
// database, and whether the server is ready. One command at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/reply.h"
#include "redis/state.h"

namespace edge::redis {

// All views outlive the handshake.
struct HandshakeOptions
{
    std::string_view user = {}; // empty: AUTH with the password alone
    // Tried in order: while a password is being changed there are two.
    std::vector<std::string_view> passwords = {};
    unsigned db = 0;
    bool has_to_be_master = false;
    std::string_view client_name = {}; // empty: none
};

class Handshake
{
public:
    explicit Handshake(const HandshakeOptions &options);

    // Appends the next command. Requires a handshake that goes on.
    void append_next(std::string &out) const;

    enum class Progress
    {
        next,    // append_next()
        done,    // the connection is ready
        failed
    };
    // `reply` is the answer to the last command.
    Progress take(const Reply &reply);

    // After `failed`: what the server did not do, and the code
    // of its answer. Never contains a password.
    std::string_view failed_step() const { return step_name(step_); }
    std::string_view failed_code() const { return code_; }
    NodeState failed_state() const { return failed_; }

private:
    enum class Step
    {
        auth,
        select,
        set_name,
        role,
        ping,
        done
    };

    static std::string_view step_name(Step step);
    bool wanted(Step step) const;
    Progress advance();
    Progress end(const Reply &reply);

    const HandshakeOptions options_;
    Step step_ = Step::auth;
    std::size_t password_ = 0;
    std::string code_;
    NodeState failed_ = NodeState::up;
};

} // namespace edge::redis
