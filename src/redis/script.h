// Server-side scripts. Called by EVALSHA; a server that does not know the
// script answers NOSCRIPT, and the same call goes out again as EVAL, which
// makes it known.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "redis/sha1.h"

namespace edge::redis {

struct Script
{
    // `text` outlives the script; both are literals.
    constexpr Script(std::string_view script_name, std::string_view script_text)
        : name(script_name), text(script_text), sha1(sha1_hex(script_text))
    {
    }

    constexpr std::string_view digest() const
    {
        return {sha1.data(), sha1.size()};
    }

    std::string_view name;
    std::string_view text;
    Sha1Hex sha1;
};

// One call. Every key the script touches is in `keys`, so that a cluster
// finds the slot and an ACL can judge it.
struct ScriptCall
{
    const Script *script = nullptr;
    std::span<const std::string_view> keys;
    std::span<const std::string_view> arguments;
};

enum class ScriptForm
{
    evalsha,
    eval
};

// Appends the command for `call` to `out`.
void append_script(std::string &out, const ScriptCall &call, ScriptForm form);

} // namespace edge::redis
