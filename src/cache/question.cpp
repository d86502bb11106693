#include "cache/question.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/token.h"
#include "invalidate/purge_target.h"

namespace edge::cache {

namespace {

// Empty: all is well.
using Mistake = std::string_view;

constexpr Mistake kUrl =
    "Write the URL whole: url=https://host/path?query, percent-encoded.";
constexpr std::size_t kMaxFields = 100;

bool is_target(std::string_view text)
{
    return text.starts_with('/') && !has_control_bytes(text) &&
           text.find_first_of(" #") == text.npos;
}

bool read_port(std::string_view authority, Question &question)
{
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon =
        authority.find(':', bracket == authority.npos ? 0 : bracket);
    if (colon == authority.npos) {
        return true;
    }
    const auto port = parse_decimal(authority.substr(colon + 1), 65536);
    if (!port || *port == 0 || *port > 65535) {
        return false;
    }
    question.port = static_cast<std::uint16_t>(*port);
    return true;
}

Mistake read_url(std::string_view url, Question &question)
{
    const std::size_t end = url.find("://");
    const std::string_view scheme = url.substr(0, end);
    question.tls = equals_ignore_case(scheme, "https");
    if (end == url.npos ||
        (!question.tls && !equals_ignore_case(scheme, "http"))) {
        return kUrl;
    }
    url.remove_prefix(end + 3);
    const std::size_t path = std::min(url.find_first_of("/?#"), url.size());
    question.authority = url.substr(0, path);
    question.target = path == url.size() ? "/" : url.substr(path);
    question.host = invalidate::host_of(question.authority);
    const bool is_whole = !question.host.empty() &&
                          question.host.find(' ') == std::string::npos &&
                          read_port(question.authority, question) &&
                          is_target(question.target);
    return is_whole ? Mistake() : kUrl;
}

bool is_credential(std::string_view name)
{
    constexpr std::array<std::string_view, 3> names = {
        "Authorization", "Proxy-Authorization", "Cookie"};
    return std::ranges::any_of(names, [name](std::string_view credential) {
        return equals_ignore_case(name, credential);
    });
}

Mistake read_header(std::string_view line, bool is_logged, Question &question)
{
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        trim_ows(line.substr(std::min(colon + 1, line.size())));
    if (colon == line.size() || !http::is_valid_field(name, value)) {
        return "Write header fields as header=NAME: VALUE, percent-encoded.";
    }
    if (equals_ignore_case(name, "Host")) {
        return "Leave header=Host out: the URL names the host.";
    }
    if (is_logged && is_credential(name)) {
        return "A URL is logged, and no place for credentials: send the same "
               "as the body of a POST.";
    }
    if (question.fields.size() == kMaxFields) {
        return "Write at most 100 header fields.";
    }
    question.fields.push_back({std::string(name), std::string(value)});
    return {};
}

Mistake read(const http::FormField &field, bool is_logged, Question &question)
{
    if (field.name == "url" && question.target.empty()) {
        return read_url(field.value, question);
    }
    if (field.name == "tenant" && !question.tenant) {
        question.tenant = field.value;
        return invalidate::is_tenant(field.value)
                   ? Mistake()
                   : "A tenant has 1 to 128 bytes and no control bytes.";
    }
    if (field.name == "header") {
        return read_header(field.value, is_logged, question);
    }
    return "Write url= once, tenant= at most once, and header= as often as "
           "you like; there is nothing else.";
}

} // namespace

std::variant<Question, std::string_view> parse_question(std::string_view form,
                                                        bool is_logged)
{
    const auto fields = http::parse_form(form);
    if (!fields) {
        return "There is a % that is followed by no two hexadecimal digits.";
    }
    Question question;
    for (const http::FormField &field : *fields) {
        const Mistake mistake = read(field, is_logged, question);
        if (!mistake.empty()) {
            return mistake;
        }
    }
    if (question.target.empty()) {
        return kUrl;
    }
    return question;
}

} // namespace edge::cache
