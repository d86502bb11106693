#include "cache/question.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/credential.h"
#include "http/token.h"
#include "invalidate/purge_target.h"

namespace edge::cache {

namespace {

// Empty: all is well.
using Mistake = std::string_view;

constexpr Mistake kUrl =
    "Write the URL whole: url=https://host/path?query, percent-encoded.";
constexpr std::size_t kMaxFields = 100;

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
    if (is_logged && http::is_credential(name)) {
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
    if (field.name == "url" && question.url.target.empty()) {
        auto url = parse_url(field.value);
        if (!url) {
            return kUrl;
        }
        question.url = *std::move(url);
        return {};
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
    if (question.url.target.empty()) {
        return kUrl;
    }
    return question;
}

} // namespace edge::cache
