#include "http/directive.h"

#include <algorithm>

#include "base/text.h"
#include "http/token.h"

namespace edge::http {

std::optional<Directive> DirectiveReader::next()
{
    while (skip_to_name()) {
        const std::string_view name = token();
        const Directive directive = argument_of(name);
        if (!at_member_end()) {
            skip_member();
            if (!name.empty()) {
                return Directive{name, Directive::Argument::malformed, {}};
            }
        } else if (!name.empty()) {
            return directive;
        }
    }
    return std::nullopt;
}

bool DirectiveReader::skip_to_name()
{
    while (!rest_.empty() && (is_ows(rest_.front()) || rest_.front() == ',')) {
        rest_.remove_prefix(1);
    }
    return !rest_.empty();
}

std::string_view DirectiveReader::token()
{
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_tchar);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
}

Directive DirectiveReader::argument_of(std::string_view name)
{
    using Argument = Directive::Argument;

    if (!rest_.starts_with('=')) {
        return {name, Argument::none, {}};
    }
    rest_.remove_prefix(1);

    if (rest_.starts_with('"')) {
        const auto text = quoted_string();
        return {name, text ? Argument::quoted : Argument::malformed,
                text.value_or(std::string_view{})};
    }
    const std::string_view text = token();
    return {name, text.empty() ? Argument::malformed : Argument::token, text};
}

// nullopt, and nothing left, when the closing quote is missing.
std::optional<std::string_view> DirectiveReader::quoted_string()
{
    for (std::size_t i = 1; i < rest_.size(); i++) {
        if (rest_[i] == '\\') {
            i++;
        } else if (rest_[i] == '"') {
            const std::string_view text = rest_.substr(1, i - 1);
            rest_.remove_prefix(i + 1);
            return text;
        }
    }
    rest_ = {};
    return std::nullopt;
}

bool DirectiveReader::at_member_end()
{
    while (!rest_.empty() && is_ows(rest_.front())) {
        rest_.remove_prefix(1);
    }
    return rest_.empty() || rest_.front() == ',';
}

// To the next comma outside of quotes: what is inside them is no directive.
void DirectiveReader::skip_member()
{
    while (!rest_.empty() && rest_.front() != ',') {
        if (rest_.front() == '"') {
            (void)quoted_string();
        } else {
            rest_.remove_prefix(1);
        }
    }
}

} // namespace edge::http
