#include "http/structured.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"
#include "http/token.h"

namespace edge::http {

namespace {

bool is_key_start(char c)
{
    return (c >= 'a' && c <= 'z') || c == '*';
}

bool is_key_char(char c)
{
    return is_key_start(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

bool is_alpha(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

bool is_base64(char c)
{
    return is_alpha(c) || is_digit(c) || c == '+' || c == '/';
}

bool is_lower_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

constexpr std::uint64_t kMaxInteger = 999'999'999'999'999;

// Reads the grammar of RFC 9651 4.2 from the front; every function is true
// when what it is named after was there and has been eaten.
class Parser
{
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool eat(char c)
    {
        if (!rest_.starts_with(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    template <typename Is> std::size_t eat_while(Is &&is)
    {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        rest_.remove_prefix(size);
        return size;
    }

    void eat_spaces()
    {
        eat_while([](char c) { return c == ' '; });
    }

    bool string(std::string &out)
    {
        if (!eat('"')) {
            return false;
        }
        while (!at_end()) {
            const char c = take();
            if (c == '"') {
                return true;
            }
            if (c == '\\' && !rest_.starts_with('"') &&
                !rest_.starts_with('\\')) {
                return false;
            }
            if (c < 0x20 || c > 0x7e) {
                return false;
            }
            out.push_back(c == '\\' ? take() : c);
        }
        return false;
    }

    bool parameters()
    {
        while (eat(';')) {
            eat_spaces();
            std::string name;
            if (!key(name)) {
                return false;
            }
            StructuredItem ignored;
            if (eat('=') && !bare_item(ignored)) {
                return false;
            }
        }
        return true;
    }

    bool key(std::string &out)
    {
        if (at_end() || !is_key_start(rest_.front())) {
            return false;
        }
        const char *start = rest_.data();
        out.assign(start, eat_while(is_key_char));
        return true;
    }

    // What stands behind a key in a dictionary: true without any.
    bool member_value(StructuredItem &out)
    {
        if (!eat('=')) {
            out.type = Type::boolean;
            out.number = 1;
            return parameters();
        }
        return (rest_.starts_with('(') ? inner_list() : bare_item(out)) &&
               parameters();
    }

    void eat_ows() { eat_while(is_ows); }

private:
    using Type = StructuredItem::Type;

    char take()
    {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool inner_list()
    {
        eat('(');
        while (!at_end()) {
            eat_spaces();
            if (eat(')')) {
                return true;
            }
            StructuredItem ignored;
            if (!bare_item(ignored) || !parameters() ||
                !(rest_.starts_with(' ') || rest_.starts_with(')'))) {
                return false;
            }
        }
        return false;
    }

    bool bare_item(StructuredItem &out)
    {
        if (at_end()) {
            return false;
        }
        switch (rest_.front()) {
        case '"':
            out.type = Type::string;
            return string(out.text);
        case ':':
            return byte_sequence();
        case '?':
            return boolean(out);
        case '@':
            return eat('@') && number(nullptr);
        case '%':
            return display_string();
        default:
            return token() || number(&out);
        }
    }

    bool token()
    {
        if (!is_alpha(rest_.front()) && rest_.front() != '*') {
            return false;
        }
        eat_while([](char c) { return is_tchar(c) || c == ':' || c == '/'; });
        return true;
    }

    // An integer, or with `out` a decimal too.
    bool number(StructuredItem *out)
    {
        const bool negative = eat('-');
        const std::string_view digits = rest_;
        const std::size_t whole = eat_while(is_digit);
        if (whole == 0 || whole > 15) {
            return false;
        }
        if (eat('.')) {
            const std::size_t fraction = eat_while(is_digit);
            return out != nullptr && whole <= 12 && fraction >= 1 &&
                   fraction <= 3;
        }
        if (out != nullptr) {
            const auto value = static_cast<std::int64_t>(
                *parse_decimal(digits.substr(0, whole), kMaxInteger));
            out->type = Type::integer;
            out->number = negative ? -value : value;
        }
        return true;
    }

    bool boolean(StructuredItem &out)
    {
        eat('?');
        out.type = Type::boolean;
        out.number = rest_.starts_with('1');
        return eat('0') || eat('1');
    }

    bool byte_sequence()
    {
        eat(':');
        eat_while(is_base64);
        return eat_while([](char c) { return c == '='; }) <= 2 && eat(':');
    }

    bool display_string()
    {
        if (!eat('%') || !eat('"')) {
            return false;
        }
        std::string text;
        while (!at_end()) {
            const char c = take();
            if (c == '"') {
                return is_utf8(text);
            }
            if (c < 0x20 || c > 0x7e) {
                return false;
            }
            text.push_back(c);
            if (c == '%' && !hex_pair(text.back())) {
                return false;
            }
        }
        return false;
    }

    bool hex_pair(char &byte)
    {
        int value = 0;
        for (int i = 0; i < 2; i++) {
            if (at_end() || !is_lower_hex(rest_.front())) {
                return false;
            }
            const char digit = take();
            value = value * 16 +
                    (is_digit(digit) ? digit - '0' : digit - 'a' + 10);
        }
        byte = static_cast<char>(value);
        return true;
    }

    std::string_view rest_;
};

std::string joined_lines(Fields fields, std::string_view name)
{
    std::string text;
    bool first = true;
    for_each_value(fields, name, [&](std::string_view line) {
        text.append(first ? "" : ", ").append(line);
        first = false;
    });
    return text;
}

// Every member of a List or a Dictionary (RFC 9651 4.2.1, 4.2.2) by
// `read_member`; false when something else is in the field.
template <typename Read>
bool read_members(std::string_view text, Read &&read_member)
{
    Parser parser(trim_ows(text));
    if (parser.at_end()) {
        return true;
    }
    while (read_member(parser)) {
        parser.eat_ows();
        if (parser.at_end()) {
            return true;
        }
        if (!parser.eat(',')) {
            return false;
        }
        parser.eat_ows();
    }
    return false;
}

void set(std::vector<DictionaryMember> &members, DictionaryMember member)
{
    const auto known =
        std::find_if(members.begin(), members.end(), [&](const auto &other) {
            return other.key == member.key;
        });
    if (known != members.end()) {
        *known = std::move(member);
    } else {
        members.push_back(std::move(member));
    }
}

} // namespace

std::optional<std::vector<DictionaryMember>>
parse_dictionary(Fields fields, std::string_view name)
{
    std::vector<DictionaryMember> members;
    const bool valid =
        read_members(joined_lines(fields, name), [&](Parser &parser) {
            DictionaryMember member;
            if (!parser.key(member.key) ||
                !parser.member_value(member.value)) {
                return false;
            }
            set(members, std::move(member));
            return true;
        });
    return valid ? std::optional(std::move(members)) : std::nullopt;
}

std::optional<std::vector<std::string>> parse_string_list(Fields fields,
                                                          std::string_view name)
{
    std::vector<std::string> strings;
    const bool valid =
        read_members(joined_lines(fields, name), [&](Parser &parser) {
            return parser.string(strings.emplace_back()) &&
                   parser.parameters();
        });
    return valid ? std::optional(std::move(strings)) : std::nullopt;
}

} // namespace edge::http
