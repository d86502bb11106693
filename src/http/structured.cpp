#include "http/structured.h"

#include <algorithm>

#include "base/text.h"
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
    return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
}

bool is_lower_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

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
            if (at_end() || !is_key_start(rest_.front())) {
                return false;
            }
            eat_while(is_key_char);
            if (eat('=') && !bare_item()) {
                return false;
            }
        }
        return true;
    }

    void eat_ows() { eat_while(is_ows); }

private:
    char take()
    {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool bare_item()
    {
        if (at_end()) {
            return false;
        }
        std::string ignored;
        switch (rest_.front()) {
        case '"':
            return string(ignored);
        case ':':
            return byte_sequence();
        case '?':
            return boolean();
        case '@':
            return eat('@') && number(false);
        case '%':
            return display_string();
        default:
            return token() || number(true);
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

    bool number(bool decimal_allowed)
    {
        eat('-');
        const std::size_t whole = eat_while(is_digit);
        if (whole == 0 || whole > 15) {
            return false;
        }
        if (!eat('.')) {
            return true;
        }
        const std::size_t fraction = eat_while(is_digit);
        return decimal_allowed && whole <= 12 && fraction >= 1 && fraction <= 3;
    }

    bool boolean() { return eat('?') && (eat('0') || eat('1')); }

    bool byte_sequence()
    {
        eat(':');
        eat_while(is_base64);
        return eat(':');
    }

    bool display_string()
    {
        if (!eat('%') || !eat('"')) {
            return false;
        }
        while (!at_end()) {
            const char c = take();
            if (c == '"') {
                return true;
            }
            if (c < 0x20 || c > 0x7e || (c == '%' && !hex_pair())) {
                return false;
            }
        }
        return false;
    }

    bool hex_pair()
    {
        for (int i = 0; i < 2; i++) {
            if (at_end() || !is_lower_hex(take())) {
                return false;
            }
        }
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

} // namespace

std::optional<std::vector<std::string>> parse_string_list(Fields fields,
                                                          std::string_view name)
{
    const std::string text = joined_lines(fields, name);
    std::vector<std::string> strings;
    Parser parser(trim_ows(text));
    if (parser.at_end()) {
        return strings;
    }
    while (parser.string(strings.emplace_back()) && parser.parameters()) {
        parser.eat_ows();
        if (parser.at_end()) {
            return strings;
        }
        if (!parser.eat(',')) {
            break;
        }
        parser.eat_ows();
    }
    return std::nullopt;
}

} // namespace edge::http
