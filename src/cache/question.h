// What the api is asked to explain: a request that nobody sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cache/url.h"
#include "http/form.h"

namespace edge::cache {

struct Question
{
    Url url;
    std::optional<std::string> tenant;
    // Valid ones, and no Host.
    std::vector<http::FormField> fields;
};

// Of url=, tenant= and any number of header=NAME: VALUE. `is_logged`: the text
// is part of a URL, where no credential belongs. Otherwise one sentence that
// says what to write.
std::variant<Question, std::string_view> parse_question(std::string_view form,
                                                        bool is_logged);

} // namespace edge::cache
