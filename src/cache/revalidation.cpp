#include "cache/revalidation.h"

#include <algorithm>

#include "base/text.h"
#include "http/cache_control.h"
#include "http/date.h"
#include "http/etag.h"

namespace edge::cache {

namespace {

constexpr std::string_view kOfTheBody[] = {
    "Content-Length", "Content-Encoding", "Content-Range",
    "Content-MD5",    "Content-Digest",   "Transfer-Encoding",
};

bool is_of_the_body(const http::Field &field)
{
    return std::any_of(
        std::begin(kOfTheBody), std::end(kOfTheBody),
        [&field](std::string_view name) { return is_field(field, name); });
}

bool contains(const std::vector<http::Field> &fields, std::string_view name)
{
    return std::any_of(fields.begin(), fields.end(),
                       [name](const http::Field &field) {
                           return equals_ignore_case(field.name, name);
                       });
}

void add_validator(Condition &condition, const http::Field &field)
{
    const std::string_view value = trim_ows(field.value);
    if (is_field(field, "ETag") && http::parse_entity_tag(value)) {
        condition.etag = value;
    } else if (is_field(field, "Last-Modified") &&
               http::parse_date(value, WallTime{})) {
        condition.last_modified = value;
    }
}

bool is_same_tag(std::string_view a, std::string_view b)
{
    const auto one = http::parse_entity_tag(a);
    const auto other = http::parse_entity_tag(b);
    return one && other && matches_weakly(*one, *other);
}

bool is_same_date(std::string_view a, std::string_view b)
{
    const auto one = http::parse_date(a, WallTime{});
    return one && one == http::parse_date(b, WallTime{});
}

std::optional<http::Field> next_but_date(StringList &fields)
{
    auto field = next_field(fields);
    if (field && is_field(*field, "Date")) {
        field = next_field(fields);
    }
    return field;
}

} // namespace

http::Validators validators(const Entry &entry)
{
    http::Validators validators;
    validators.status = entry.status;
    validators.date = entry.times.date.value_or(entry.times.response);
    validators.is_dated = entry.times.date.has_value();

    StringList fields = entry.fields;
    while (const auto field = next_field(fields)) {
        if (is_field(*field, "etag")) {
            validators.etag = field->value;
        } else if (is_field(*field, "last-modified")) {
            validators.last_modified = field->value;
        }
    }
    return validators;
}

Condition condition(std::uint16_t status, http::Fields response)
{
    Condition asked;
    if (status == 200) {
        for (const http::Field &field : response) {
            add_validator(asked, field);
        }
    }
    return asked;
}

Condition condition(const Entry &entry)
{
    Condition asked;
    if (entry.status == 200) {
        StringList fields = entry.fields;
        while (const auto field = next_field(fields)) {
            add_validator(asked, *field);
        }
    }
    return asked;
}

bool confirms(http::Fields confirmation, const Entry &stored)
{
    const Condition known = condition(stored);
    const Condition named = condition(200, confirmation);
    if (!known.etag.empty() && !named.etag.empty()) {
        return is_same_tag(known.etag, named.etag);
    }
    if (!known.last_modified.empty() && !named.last_modified.empty()) {
        return is_same_date(known.last_modified, named.last_modified);
    }
    return named.empty();
}

bool describes(http::Fields head, std::optional<std::uint64_t> length,
               const Entry &stored)
{
    const Condition known = condition(stored);
    const Condition named = condition(200, head);
    const std::uint64_t size = stored.uncompressed_size();
    return (named.etag.empty() || is_same_tag(known.etag, named.etag)) &&
           (named.last_modified.empty() ||
            is_same_date(known.last_modified, named.last_modified)) &&
           length.value_or(size) == size;
}

bool is_immutable(const Entry &stored)
{
    bool result = false;
    StringList fields = stored.fields;
    while (const auto field = next_field(fields)) {
        result |= http::parse_cache_control({&*field, 1}).immutable;
    }
    return result;
}

std::vector<http::Field> update_fields(StringList stored,
                                       http::Fields confirmation)
{
    std::vector<http::Field> fields;
    for (const http::Field &field : confirmation) {
        if (!is_of_the_body(field)) {
            fields.push_back(field);
        }
    }
    const std::vector<http::Field> replaced = fields;
    while (const auto field = next_field(stored)) {
        if (!is_field(*field, "Date") && !contains(replaced, field->name)) {
            fields.push_back(*field);
        }
    }
    return fields;
}

bool says_anything_new(StringList stored, StringList updated)
{
    while (true) {
        const auto a = next_but_date(stored);
        const auto b = next_but_date(updated);
        if (!a || !b) {
            return a.has_value() != b.has_value();
        }
        if (!equals_ignore_case(a->name, b->name) || a->value != b->value) {
            return true;
        }
    }
}

} // namespace edge::cache
