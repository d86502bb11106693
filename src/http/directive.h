// The list of directives on one line of Cache-Control (RFC 9111 5.2):
//   #( token [ "=" ( token / quoted-string ) ] )
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edge::http {

struct Directive
{
    // `malformed`: something that is neither a token nor a quoted string, or
    // that has bytes behind it.
    enum class Argument : std::uint8_t
    {
        none,
        token,
        quoted,
        malformed
    };

    std::string_view name;
    Argument argument = Argument::none;
    // Without the quotes, escapes as sent; empty when malformed.
    std::string_view value;
};

class DirectiveReader
{
public:
    explicit DirectiveReader(std::string_view line) : rest_(line) {}

    // The next directive; members without a name are skipped.
    std::optional<Directive> next();

private:
    bool skip_to_name();
    std::string_view token();
    Directive argument_of(std::string_view name);
    std::optional<std::string_view> quoted_string();
    bool at_member_end();
    void skip_member();

    std::string_view rest_;
};

} // namespace edge::http
