// A directive's argument with variables in it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ngx/nginx.h"

namespace edge::ngx {

struct Value
{
    ngx_http_complex_value_t compiled{};
    // Request headers that it names literally ($http_NAME): nginx before 1.23
    // shows only the first of repeated lines, so their number is checked.
    // Lower case with underscores.
    std::span<const std::string_view> headers;
};

// Null after an error, which has been logged with its place.
Value *compile(ngx_conf_t *cf, ngx_str_t *text);

// The text for this request, in its pool.
std::string_view evaluate(ngx_http_request_t *r, Value &value);

// nginx's meaning of a condition: not empty and not "0".
inline bool is_true(std::string_view text)
{
    return !text.empty() && text != "0";
}

// Whether one of several conditions is true.
bool any_true(ngx_http_request_t *r, std::span<Value *const> conditions);

// True when a header that the value names came in several lines.
bool names_repeated_header(ngx_http_request_t *r, const Value &value);

// Number of lines of a request header; `name` lower case with underscores, as
// in $http_NAME.
std::size_t count_header_lines(ngx_http_request_t *r, std::string_view name);

// The value of a header that came in exactly one line.
std::optional<std::string_view> single_header(ngx_http_request_t *r,
                                              std::string_view name);

} // namespace edge::ngx
