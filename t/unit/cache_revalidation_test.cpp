#include "cache/revalidation.h"

#include <string>

#include "cmocka.h"

using namespace edge;
using namespace edge::cache;

namespace {

StringList listed(StringListBuilder &builder,
                  std::initializer_list<http::Field> fields)
{
    for (const http::Field &field : fields) {
        builder.add(field.name);
        builder.add(field.value);
    }
    return builder.list();
}

std::string text(const std::vector<http::Field> &fields)
{
    std::string all;
    for (const http::Field &field : fields) {
        all.append(field.name).append("=").append(field.value).append(";");
    }
    return all;
}

void new_fields_replace_those_of_their_name(void **)
{
    StringListBuilder stored;
    const StringList fields = listed(
        stored, {{"Date", "old"}, {"ETag", "\"a\""}, {"X-A", "1"}, {"X-A", "2"}, {"X-B", "3"}});
    const http::Field confirmed[] = {{"x-a", "4"}, {"X-C", "5"}};
    assert_string_equal(text(update_fields(fields, confirmed)).c_str(),
                        "x-a=4;X-C=5;ETag=\"a\";X-B=3;");
}

void what_describes_the_body_stays(void **)
{
    StringListBuilder stored;
    const StringList fields = listed(
        stored, {{"Content-MD5", "a"}, {"Content-Encoding", "gzip"}});
    const http::Field confirmed[] = {{"Content-MD5", "b"},
                                     {"Content-Encoding", "br"},
                                     {"Content-Length", "0"}};
    assert_string_equal(text(update_fields(fields, confirmed)).c_str(),
                        "Content-MD5=a;Content-Encoding=gzip;");
}

void another_entity_tag_confirms_nothing(void **)
{
    StringListBuilder stored;
    Entry entry;
    entry.status = 200;
    entry.fields = listed(stored, {{"ETag", "\"a\""}});
    const http::Field same[] = {{"etag", "W/\"a\""}};
    const http::Field other[] = {{"etag", "\"b\""}};
    assert_true(confirms(same, entry));
    assert_true(confirms({}, entry));
    assert_false(confirms(other, entry));
}

constexpr std::string_view kEarlier = "Tue, 15 Nov 1994 12:45:25 GMT";
constexpr std::string_view kTime = "Tue, 15 Nov 1994 12:45:26 GMT";

void without_tags_another_last_modified_confirms_nothing(void **)
{
    StringListBuilder stored;
    Entry entry;
    entry.status = 200;
    entry.fields = listed(stored, {{"Last-Modified", kTime}});
    const http::Field same[] = {{"Last-Modified", kTime}, {"ETag", "\"a\""}};
    const http::Field other[] = {{"Last-Modified", kEarlier}};
    const http::Field tagged[] = {{"ETag", "\"a\""}};
    assert_true(confirms(same, entry));
    assert_true(confirms({}, entry));
    assert_false(confirms(other, entry));
    assert_false(confirms(tagged, entry));
}

void where_tags_match_last_modified_may_change(void **)
{
    StringListBuilder stored;
    Entry entry;
    entry.status = 200;
    entry.fields =
        listed(stored, {{"ETag", "\"a\""}, {"Last-Modified", kTime}});
    const http::Field touched[] = {{"ETag", "\"a\""},
                                   {"Last-Modified", kEarlier}};
    assert_true(confirms(touched, entry));
}

void a_head_describes_what_has_its_validators_and_length(void **)
{
    StringListBuilder stored;
    Entry entry;
    entry.status = 200;
    entry.body_size = 5;
    entry.fields =
        listed(stored, {{"ETag", "\"a\""}, {"Last-Modified", kTime}});
    const http::Field same[] = {{"ETag", "\"a\""}, {"Last-Modified", kTime}};
    const http::Field tag[] = {{"ETag", "\"b\""}, {"Last-Modified", kTime}};
    const http::Field time[] = {{"ETag", "\"a\""},
                                {"Last-Modified", kEarlier}};
    assert_true(describes(same, 5, entry));
    assert_true(describes({}, std::nullopt, entry));
    assert_false(describes(tag, 5, entry));
    assert_false(describes(time, 5, entry));
    assert_false(describes(same, 6, entry));
    entry.identity_size = 6;
    assert_true(describes(same, 6, entry));
}

void is_asked_about_by_what_was_sent(void **)
{
    const http::Field fields[] = {{"etag", " W/\"a\" "},
                                  {"last-modified", kTime}};
    const Condition asked = condition(200, fields);
    assert_true(asked.etag == "W/\"a\"");
    assert_true(asked.last_modified == kTime);
    assert_true(condition(404, fields).empty());
}

void what_is_no_validator_is_not_sent_back(void **)
{
    const http::Field fields[] = {{"ETag", "a"}, {"Last-Modified", "today"}};
    assert_true(condition(200, fields).empty());
}

void what_is_immutable_says_so_in_cache_control(void **)
{
    for (const std::string_view control :
         {"immutable", "max-age=60, Immutable", "immutable=1"}) {
        StringListBuilder stored;
        Entry entry;
        entry.fields = listed(stored, {{"Cache-Control", control}});
        assert_true(is_immutable(entry));
    }
    StringListBuilder stored;
    Entry entry;
    entry.fields = listed(stored, {{"Cache-Control", "x=\"immutable\""},
                                   {"X-Cache-Control", "immutable"}});
    assert_false(is_immutable(entry));
}

void a_new_date_is_nothing_new(void **)
{
    StringListBuilder a, b, c, d;
    const StringList stored = listed(a, {{"Date", "1"}, {"X-A", "1"}});
    assert_false(says_anything_new(
        stored, listed(b, {{"Date", "2"}, {"x-a", "1"}})));
    assert_true(says_anything_new(
        stored, listed(c, {{"Date", "1"}, {"X-A", "2"}})));
    assert_true(says_anything_new(
        stored, listed(d, {{"Date", "1"}, {"X-A", "1"}, {"X-B", ""}})));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(new_fields_replace_those_of_their_name),
        cmocka_unit_test(what_describes_the_body_stays),
        cmocka_unit_test(another_entity_tag_confirms_nothing),
        cmocka_unit_test(without_tags_another_last_modified_confirms_nothing),
        cmocka_unit_test(where_tags_match_last_modified_may_change),
        cmocka_unit_test(a_head_describes_what_has_its_validators_and_length),
        cmocka_unit_test(is_asked_about_by_what_was_sent),
        cmocka_unit_test(what_is_no_validator_is_not_sent_back),
        cmocka_unit_test(what_is_immutable_says_so_in_cache_control),
        cmocka_unit_test(a_new_date_is_nothing_new),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
