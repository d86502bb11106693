#include "conf/token_file.h"

#include <optional>

#include "base/text.h"

namespace edge::conf {

namespace {

constexpr std::size_t kMinToken = 16;

struct Kind
{
    std::string_view word;
    std::uint32_t bit;
};

constexpr Kind kKinds[] = {
    {"tags", invalidate::kPurgeTags}, {"url", invalidate::kPurgeUrl},
    {"path", invalidate::kPurgePath}, {"prefix", invalidate::kPurgePrefix},
    {"key", invalidate::kPurgeKey},   {"all", invalidate::kPurgeAll},
    {"warm", kWarm},
};

std::optional<std::uint32_t> parse_kinds(std::string_view text)
{
    std::uint32_t bits = 0;
    Split words(text, ',');
    while (const auto word = words.next()) {
        std::uint32_t bit = 0;
        for (const Kind &kind : kKinds) {
            bit |= kind.word == *word ? kind.bit : 0;
        }
        if (bit == 0) {
            return std::nullopt;
        }
        bits |= bit;
    }
    return bits;
}

bool set_scope(Token &token, std::string_view word)
{
    if (word == "read") {
        token.may_write = false;
        return true;
    }
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string_view value =
        equals == word.npos ? std::string_view() : word.substr(equals + 1);
    if (value.empty()) {
        return false;
    }
    if (name == "name") {
        token.name = value;
        return true;
    }
    if (name == "tenants") {
        Split tenants(value, ',');
        while (const auto tenant = tenants.next()) {
            token.tenants.emplace_back(*tenant);
        }
        return true;
    }
    const auto kinds = parse_kinds(value);
    token.kinds = kinds.value_or(0);
    return name == "kinds" && kinds;
}

// nullopt: a word behind the token that is none of those above.
std::optional<Token> parse_line(std::string_view line, std::size_t number)
{
    Split words(line, ' ');
    Token token;
    token.digest = sha256(*words.next());
    token.name = "token " + std::to_string(number);
    token.kinds = invalidate::kPurgeAnything | kWarm;
    while (const auto word = words.next()) {
        if (!word->empty() && !set_scope(token, *word)) {
            return std::nullopt;
        }
    }
    return token;
}

} // namespace

std::variant<std::vector<Token>, std::string>
parse_tokens(std::string_view text)
{
    std::vector<Token> tokens;
    Split lines(text, '\n');
    for (std::size_t number = 1; const auto raw = lines.next(); number++) {
        const std::string_view line = trim_ows(raw->substr(0, raw->find('\r')));
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const std::string where = " in line " + std::to_string(number) +
                                  " of that file";
        if (line.find(' ') == line.npos ? line.size() < kMinToken
                                        : line.find(' ') < kMinToken) {
            return "write a token of 16 characters or more" + where;
        }
        auto token = parse_line(line, number);
        if (!token) {
            return "write name=NAME, tenants=A,B, kinds=tags,url,path,"
                   "prefix,key,all,warm or read behind the token" +
                   where;
        }
        tokens.push_back(*std::move(token));
    }
    if (tokens.empty()) {
        return "write a token of 16 characters or more into that file";
    }
    return tokens;
}

} // namespace edge::conf
