#include "cache/warm_list.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "cache/url.h"
#include "http/connection.h"
#include "http/token.h"
#include "invalidate/purge_target.h"

namespace edge::cache {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxFields = 100;

enum class Member : std::uint8_t
{
    urls,
    tenant,
    headers,
    concurrency
};

constexpr std::array<std::string_view, 4> kMembers = {"urls", "tenant",
                                                      "headers", "concurrency"};

constexpr std::array<std::string_view, 4> kForms = {
    "Write \"urls\" as a list of texts.", "Write \"tenant\" as a text.",
    "Write \"headers\" as an object of texts.",
    "Write \"concurrency\" as a number from 1 to 64."};

// Depth 2 at most, so nothing recurses.
class Reader final : public JsonReader
{
public:
    explicit Reader(std::string_view base) : base_(base) {}

    WarmList list;
    // Empty: all is well so far.
    std::string mistake;

    bool start_object(std::size_t) override
    {
        if (depth_ == 0 || (depth_ == 1 && member_ == Member::headers)) {
            depth_++;
            return true;
        }
        return wrong_type();
    }
    bool end_object() override
    {
        depth_--;
        return true;
    }
    bool start_array(std::size_t) override
    {
        if (depth_ != 1 || member_ != Member::urls) {
            return wrong_type();
        }
        depth_ = 2;
        return true;
    }
    bool end_array() override
    {
        depth_ = 1;
        return true;
    }

    bool key(string_t &name) override
    {
        return depth_ == 1 ? begin_member(name) : begin_field(name);
    }

    bool string(string_t &text) override
    {
        if (depth_ == 2) {
            return member_ == Member::urls ? add_url(text) : add_field(text);
        }
        return depth_ == 1 && member_ == Member::tenant ? set_tenant(text)
                                                        : wrong_type();
    }
    bool number_unsigned(number_unsigned_t number) override
    {
        if (depth_ != 1 || member_ != Member::concurrency || number == 0 ||
            number > kMaxWarmConcurrency) {
            return wrong_type();
        }
        list.concurrency = static_cast<std::uint32_t>(number);
        return true;
    }

    bool parse_error(std::size_t position, const std::string &,
                     const Json::exception &) override
    {
        return refuse("Send one JSON object in UTF-8; this is none from byte " +
                      std::to_string(position) + " on.");
    }

private:
    bool refuse(std::string sentence)
    {
        mistake = std::move(sentence);
        return false;
    }
    bool wrong_type() override
    {
        return refuse(
            depth_ == 0
                ? "Send one JSON object."
                : std::string(kForms[static_cast<std::size_t>(member_)]));
    }

    bool begin_member(const std::string &name)
    {
        const auto known = std::ranges::find(kMembers, name);
        if (known == kMembers.end()) {
            return refuse("Remove " + shown(name) +
                          ": there are urls, tenant, headers and "
                          "concurrency.");
        }
        const auto index = static_cast<unsigned>(known - kMembers.begin());
        if (seen_ & (1u << index)) {
            return refuse("Write \"" + name + "\" once.");
        }
        seen_ |= 1u << index;
        member_ = static_cast<Member>(index);
        return true;
    }

    bool set_tenant(const std::string &text)
    {
        if (!invalidate::is_tenant(text)) {
            return refuse("A tenant has 1 to 128 bytes and no control bytes.");
        }
        list.tenant = text;
        return true;
    }

    std::string place(const std::string &url) const
    {
        return "urls[" + std::to_string(list.urls.size()) + "], " +
               shown(url) + ": ";
    }

    bool add_url(const std::string &text)
    {
        if (list.urls.size() == kMaxWarmUrls) {
            return refuse("Write at most " + std::to_string(kMaxWarmUrls) +
                          " URLs: send several requests.");
        }
        std::string url =
            text.starts_with('/') ? std::string(base_) + text : text;
        if (url.size() > kMaxWarmUrl) {
            return refuse(place(text) + "a URL has at most 4096 bytes.");
        }
        if (!parse_url(url)) {
            return refuse(place(text) + "write the URL whole, "
                                  "https://host/path?query, or from its path "
                                  "on, percent-encoded and without a "
                                  "fragment.");
        }
        list.urls.push_back(std::move(url));
        return true;
    }

    bool begin_field(const std::string &name)
    {
        if (!http::is_token(name)) {
            return refuse(shown(name) + " is no name of a header field.");
        }
        if (equals_ignore_case(name, "Host")) {
            return refuse("Leave the header field Host out: the URLs name the "
                          "host.");
        }
        if (http::is_of_one_exchange(name)) {
            return refuse("Leave the header field " + name +
                          " out: it is about a connection, a body or a part "
                          "of an answer.");
        }
        if (list.fields.size() == kMaxFields) {
            return refuse("Write at most 100 header fields.");
        }
        list.fields.push_back({name, {}});
        return true;
    }

    bool add_field(const std::string &value)
    {
        http::FormField &field = list.fields.back();
        if (!http::is_field_value(value)) {
            return refuse("The header field " + field.name +
                          " has control bytes.");
        }
        field.value = trim_ows(value);
        return true;
    }

    std::string_view base_;
    int depth_ = 0;
    unsigned seen_ = 0;
    Member member_{};
};

} // namespace

std::variant<WarmList, std::string> parse_warm_list(std::string_view body,
                                                    std::string_view base)
{
    if (body.size() > kMaxWarmBody) {
        return "Send at most 4 MiB: several requests if need be.";
    }
    Reader reader(base);
    Json::sax_parse(body.begin(), body.end(), &reader);
    if (!reader.mistake.empty()) {
        return std::move(reader.mistake);
    }
    if (reader.list.urls.empty()) {
        return "Write what is to be warmed: \"urls\", a list of texts.";
    }
    return std::move(reader.list);
}

} // namespace edge::cache
