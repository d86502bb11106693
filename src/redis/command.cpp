#include "redis/command.h"

#include <array>
#include <charconv>

#include "redis/commands.h"
#include "redis/script.h"

namespace edge::redis {
namespace {

void append_head(std::string &out, char type, std::size_t size)
{
    std::array<char, 24> line;
    char *at = line.data();
    *at++ = type;
    at = std::to_chars(at, line.data() + line.size() - 2, size).ptr;
    *at++ = '\r';
    *at++ = '\n';
    out.append(line.data(), static_cast<std::size_t>(at - line.data()));
}

} // namespace

Decimal::Decimal(long long value)
{
    const auto result =
        std::to_chars(digits_, digits_ + sizeof(digits_), value);
    size_ = static_cast<std::size_t>(result.ptr - digits_);
}

void append_array_head(std::string &out, std::size_t parts)
{
    append_head(out, '*', parts);
}

void append_bulk(std::string &out, std::string_view bytes)
{
    append_head(out, '$', bytes.size());
    out.append(bytes);
    out.append("\r\n");
}

void append_command(std::string &out, CommandParts parts)
{
    append_array_head(out, parts.size());
    for (const std::string_view part : parts) {
        append_bulk(out, part);
    }
}

void append_command(std::string &out,
                    std::initializer_list<std::string_view> parts)
{
    append_command(out, CommandParts(parts.begin(), parts.size()));
}

void append_script(std::string &out, const ScriptCall &call, ScriptForm form)
{
    const bool by_digest = form == ScriptForm::evalsha;

    append_array_head(out, 3 + call.keys.size() + call.arguments.size());
    append_bulk(out, by_digest ? command::kEvalSha : command::kEval);
    append_bulk(out, by_digest ? call.script->digest() : call.script->text);
    append_bulk(out, Decimal(static_cast<long long>(call.keys.size())));
    for (const std::string_view key : call.keys) {
        append_bulk(out, key);
    }
    for (const std::string_view argument : call.arguments) {
        append_bulk(out, argument);
    }
}

} // namespace edge::redis
