#include "ngx/value.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "ngx/headers.h"
#include "ngx/pool.h"
#include "ngx/text.h"

namespace edge::ngx {

namespace {

bool in_variable_name(char c)
{
    return is_digit(c) || c == '_' || (lower(c) >= 'a' && lower(c) <= 'z');
}

// The names behind each $http_ or ${http_ in `text`.
std::vector<std::string_view> literal_headers(std::string_view text)
{
    std::vector<std::string_view> names;
    for (std::size_t at = text.find('$'); at != text.npos;
         at = text.find('$', at + 1)) {
        std::string_view rest = text.substr(at + 1);
        if (rest.starts_with('{')) {
            rest.remove_prefix(1);
        }
        if (!rest.starts_with("http_")) {
            continue;
        }
        rest.remove_prefix(5);
        const auto end =
            std::find_if_not(rest.begin(), rest.end(), in_variable_name);
        names.push_back(
            rest.substr(0, static_cast<std::size_t>(end - rest.begin())));
    }
    return names;
}

// Header names compare as nginx makes variables of them: - is _.
bool same_header(std::string_view line, std::string_view variable)
{
    return std::equal(line.begin(), line.end(), variable.begin(),
                      variable.end(), [](char a, char b) {
                          return (a == '-' ? '_' : lower(a)) == lower(b);
                      });
}

} // namespace

Value *compile(ngx_conf_t *cf, ngx_str_t *text)
{
    Value *value = pool_new<Value>(cf->pool);

    ngx_http_compile_complex_value_t compile{};
    compile.cf = cf;
    compile.value = text;
    compile.complex_value = &value->compiled;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return nullptr;
    }

    const auto names = literal_headers(view(*text));
    const auto copy = pool_array<std::string_view>(cf->pool, names.size());
    std::copy(names.begin(), names.end(), copy.begin());
    value->headers = copy;
    return value;
}

std::string_view evaluate(ngx_http_request_t *r, Value &value)
{
    ngx_str_t text;
    if (ngx_http_complex_value(r, &value.compiled, &text) != NGX_OK) {
        throw std::bad_alloc();
    }
    return view(text);
}

bool any_true(ngx_http_request_t *r, std::span<Value *const> conditions)
{
    return std::any_of(
        conditions.begin(), conditions.end(),
        [r](Value *condition) { return is_true(evaluate(r, *condition)); });
}

bool names_repeated_header(ngx_http_request_t *r, const Value &value)
{
    return std::any_of(value.headers.begin(), value.headers.end(),
                       [r](std::string_view name) {
                           return count_header_lines(r, name) > 1;
                       });
}

std::size_t count_header_lines(ngx_http_request_t *r, std::string_view name)
{
    std::size_t count = 0;
    for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
        count += same_header(view(line.key), name);
    });
    return count;
}

std::optional<std::string_view> single_header(ngx_http_request_t *r,
                                              std::string_view name)
{
    std::optional<std::string_view> value;
    std::size_t count = 0;
    for_each(r->headers_in.headers, [&](const ngx_table_elt_t &line) {
        if (same_header(view(line.key), name)) {
            value = view(line.value);
            count++;
        }
    });
    return count == 1 ? value : std::nullopt;
}

} // namespace edge::ngx
