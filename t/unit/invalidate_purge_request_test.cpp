#include <algorithm>
#include <string>
#include <vector>

#include "invalidate/purge_request.h"
#include "invalidate/purge_target.h"

#include "cmocka.h"

using namespace edge;
using namespace edge::invalidate;

namespace {

PurgeRequest accepted(const PurgeParse &parse)
{
    if (const auto *refusal = std::get_if<PurgeRefusal>(&parse)) {
        print_error("refused: %s\n", refusal->detail.c_str());
        fail();
    }
    return std::get<PurgeRequest>(parse);
}

PurgeRequest body(std::string_view text)
{
    return accepted(parse_purge_body(text));
}

PurgeRefusal refused(const PurgeParse &parse)
{
    assert_true(std::holds_alternative<PurgeRefusal>(parse));
    return std::get<PurgeRefusal>(parse);
}

// The body is refused with 400 and a sentence that has `word` in it.
void assert_refused(std::string_view text, std::string_view word)
{
    const PurgeRefusal refusal = refused(parse_purge_body(text));
    assert_int_equal(refusal.status, 400);
    if (refusal.detail.find(word) == std::string::npos) {
        assert_sv_equal(refusal.detail, word);
    }
}

bool selects(const PurgeRequest &request, std::vector<Selector> selectors)
{
    return request.selectors == selectors;
}

void the_documented_body_is_read_whole(void **)
{
    const PurgeRequest request =
        body(R"({"tenant":"acme","tags":["product:42","b"],"mode":"soft",)"
             R"("zone":"api","wait":"2.4s"})");
    assert_sv_equal(request.tenant.value(), "acme");
    assert_false(request.all_tenants);
    assert_true(request.mode == PurgeMode::soft);
    assert_sv_equal(request.zone.value(), "api");
    assert_int_equal(request.wait.value().count(), 2400);
    assert_false(request.everything);
    assert_true(selects(request, {select_tag("product:42"), select_tag("b")}));
}

void what_is_left_out_is_absent_and_the_mode_hard(void **)
{
    const PurgeRequest request = body(R"({"tags":["a"]})");
    assert_none(request.tenant);
    assert_none(request.zone);
    assert_none(request.wait);
    assert_true(request.mode == PurgeMode::hard);
}

void every_way_to_name_something_gives_its_selector(void **)
{
    assert_true(selects(body(R"({"url":"/p?x=1"})"), {select_url("/p?x=1")}));
    assert_true(selects(body(R"({"url":"https://h/p?x=1"})"),
                        {select_url("https", "h", "/p?x=1")}));
    assert_true(selects(body(R"({"path":"/p"})"), {select_path("/p")}));
    assert_true(selects(body(R"({"prefix":"/c/"})"), {select_prefix("/c/")}));
    assert_true(selects(body(R"({"key":"k"})"), {select_key("k")}));
    const PurgeRequest all = body(R"({"all":true,"tenant":"*"})");
    assert_true(selects(all, {select_everything()}));
    assert_true(all.everything && all.all_tenants);
}

void the_host_of_a_url_is_written_as_in_the_key(void **)
{
    const Selector plain = select_url("https", "shop.example", "/p");
    assert_true(parse_url("HTTPS://Shop.Example:8443/p") == plain);
    assert_true(parse_url("https://shop.example./p") == plain);
    assert_true(parse_url("http://[::1]:80/") ==
                select_url("http", "[::1]", "/"));
    for (const std::string_view none :
         {"https://", "https:///p", "https://h", "https://h?x", "p", "",
          "ftp://h/", "https://a@h/", "//h/p\n"}) {
        assert_none(parse_url(none));
    }
}

void what_no_entry_can_be_named_is_refused(void **)
{
    assert_refused(R"({"tags":[""]})", "tags");
    assert_refused(R"({"tags":["a\u0000"]})", "tags");
    assert_refused(R"({"tags":[")" + std::string(1025, 'a') + R"("]})", "1024");
    assert_refused(R"({"url":"p"})", "url");
    assert_refused(R"({"path":"/p?x"})", "path");
    assert_refused(R"({"path":"p"})", "path");
    assert_refused(R"({"prefix":"/c"})", "prefix");
    assert_refused(R"({"prefix":"c/"})", "prefix");
    assert_refused(R"({"key":""})", "key");
}

void a_prefix_deeper_than_entries_have_them_is_refused(void **)
{
    std::string prefix = "/";
    for (std::size_t i = 1; i < kMaxPrefixes; i++) {
        prefix += "a/";
    }
    body(R"({"prefix":")" + prefix + R"("})");
    assert_refused(R"({"prefix":")" + prefix + R"(a/"})", "32");
}

void a_body_that_names_nothing_is_refused(void **)
{
    for (const std::string_view text :
         {"{}", R"({"tags":[]})", R"({"tenant":"a","mode":"hard"})"}) {
        assert_refused(text, "tags, url, path, prefix, key or all");
    }
}

void an_unknown_member_is_named_in_the_refusal(void **)
{
    assert_refused(R"({"tag":["a"]})", "\"tag\"");
    assert_refused(R"({"a\"b":1})", R"("a\"b")");
    assert_refused(R"({")" + std::string(63, 'a') + R"(é":1})", "aaa");
}

void a_repeated_member_is_refused(void **)
{
    assert_refused(R"({"tags":["a"],"tags":["b"]})", "once");
    assert_refused(R"({"all":true,"tenant":"a","tenant":"*"})", "tenant");
}

void a_value_of_another_type_is_refused(void **)
{
    for (const std::string_view value :
         {"1", "-1", "1.5", "null", "true", "[]", "{}", "[\"a\"]"}) {
        assert_refused(R"({"url":)" + std::string(value) + "}", "\"url\"");
    }
    for (const std::string_view value :
         {"\"a\"", "true", "[1]", "[[\"a\"]]", "[{}]", "[null]"}) {
        assert_refused(R"({"tags":)" + std::string(value) + "}", "list");
    }
    for (const std::string_view value : {"false", "1", "\"true\"", "null"}) {
        assert_refused(R"({"all":)" + std::string(value) + "}", "true");
    }
}

void what_is_no_json_object_is_refused(void **)
{
    for (const std::string_view text :
         {"", "{", "[]", "\"a\"", "1", "null", R"({"all":true}x)",
          R"({"all":true,})", "{\"key\":\"\xff\"}", "{\"key\":\"\xc0\xaf\"}",
          R"({"key":"\ud800"})", "{'all':true}", R"({"url":1e999})"}) {
        assert_refused(text, "JSON object");
    }
    assert_refused(std::string(100'000, '['), "JSON object");
    assert_refused(R"({"tags":)" + std::string(100'000, '['), "list");
}

void a_settle_time_is_at_most_a_minute(void **)
{
    assert_int_equal(purge_of(body(R"({"all":true})")).settle.count(), 0);
    assert_int_equal(
        purge_of(body(R"({"all":true,"settle":"1.5s"})")).settle.count(),
        1500);
    assert_int_equal(
        purge_of(body(R"({"all":true,"settle":"60s"})")).settle.count(),
        60'000);
    assert_refused(R"({"all":true,"settle":"60.001s"})", "60s");
    assert_refused(R"({"all":true,"settle":"2"})", "settle");
    assert_refused(R"({"all":true,"settle":2})", "\"settle\"");
    const PurgeRequest fields = accepted(
        parse_purge_fields({{{"Cache-Tag", "a"}, {"Edge-Settle", "2s"}}}));
    assert_int_equal(fields.settle.count(), 2000);
}

void modes_waits_and_tenants_are_checked(void **)
{
    assert_refused(R"({"all":true,"mode":"Hard"})", "hard or soft");
    assert_refused(R"({"all":true,"wait":"11s"})", "10s");
    assert_refused(R"({"all":true,"wait":"1"})", "wait");
    assert_refused(R"({"all":true,"zone":""})", "zone");
    assert_refused(R"({"all":true,"tenant":""})", "tenant");
    assert_refused(
        R"({"all":true,"tenant":")" + std::string(129, 'a') + R"("})", "128");
}

void a_wait_is_in_seconds_or_milliseconds(void **)
{
    assert_int_equal(parse_wait("500ms").value().count(), 500);
    assert_int_equal(parse_wait("2s").value().count(), 2000);
    assert_int_equal(parse_wait("2.4s").value().count(), 2400);
    assert_int_equal(parse_wait("0.025s").value().count(), 25);
    for (const std::string_view none : {"", "s", "ms", "-1s", "1.s", ".5s",
                                        "1.0000s", "1.5ms", "1m", "1 s"}) {
        assert_none(parse_wait(none));
    }
}

std::string tags_body(std::size_t count)
{
    std::string text = R"({"tags":["a")";
    for (std::size_t i = 1; i < count; i++) {
        text += ",\"a\"";
    }
    return text + "]}";
}

void too_much_in_one_request_is_a_413(void **)
{
    assert_int_equal(body(tags_body(1000)).selectors.size(), 1000);
    assert_int_equal(refused(parse_purge_body(tags_body(1001))).status, 413);
    const std::string padding(kMaxPurgeBody, ' ');
    assert_int_equal(refused(parse_purge_body(padding + "{}")).status, 413);
}

void header_fields_alone_are_a_request(void **)
{
    const std::vector<http::Field> fields = {
        {"host", "x"},           {"Surrogate-Key", "a  b"},
        {"surrogate-key", "c"},  {"cache-tag", "d e, f ,"},
        {"Edge-Tenant", "acme"}, {"edge-purge", "soft"},
    };
    const PurgeRequest request = accepted(parse_purge_fields(fields));
    assert_true(
        selects(request, {select_tag("a"), select_tag("b"), select_tag("c"),
                          select_tag("d e"), select_tag("f")}));
    assert_sv_equal(request.tenant.value(), "acme");
    assert_true(request.mode == PurgeMode::soft);
}

void header_fields_are_refused_like_a_body(void **)
{
    const auto status = [](std::vector<http::Field> fields) {
        return refused(parse_purge_fields(fields)).status;
    };
    assert_int_equal(status({}), 400);
    assert_int_equal(status({{"Edge-Tenant", "a"}}), 400);
    assert_int_equal(status({{"Cache-Tag", "a"}, {"Edge-Purge", "purge"}}),
                     400);
    assert_int_equal(
        status(
            {{"Cache-Tag", "a"}, {"Edge-Tenant", "a"}, {"Edge-Tenant", "a"}}),
        400);
    std::string many = "a";
    for (int i = 0; i < 1000; i++) {
        many += " a";
    }
    assert_int_equal(status({{"Surrogate-Key", many}}), 413);
}

std::vector<RowKey> rows_of(std::string_view text)
{
    return purge_of(body(text)).rows;
}

void rows_are_the_tenants_the_unnamed_ones_or_everybodys(void **)
{
    const Selector tag = select_tag("a");
    assert_true(rows_of(R"({"tags":["a"],"tenant":"t"})") ==
                std::vector{row_key(tag, hash_tenant("t"))});
    assert_true(rows_of(R"({"tags":["a"]})") ==
                std::vector{row_key(tag, hash_tenant(""))});
    assert_true(rows_of(R"({"tags":["a"],"tenant":"*"})") ==
                std::vector{row_key(tag, kAllTenants)});
}

void the_match_all_is_one_set_of_distinct_tags(void **)
{
    const Purge purge = purge_of(body(
        R"({"match":"all","tags":["a","b","a"],"mode":"soft","tenant":"t"})"));
    assert_true(purge.mode == PurgeMode::soft);
    assert_int_equal(purge.rows.size(), 2);
    assert_int_equal(purge.together, 2);
    for (const std::string_view tag : {"a", "b"}) {
        assert_true(std::ranges::count(purge.rows,
                                       row_key(select_tag(tag),
                                               hash_tenant("t"))) == 1);
    }
    assert_int_equal(
        purge_of(body(R"({"match":"any","tags":["a","b"]})")).together, 1);
    const PurgeRequest fields = accepted(parse_purge_fields(
        {{{"Cache-Tag", "a, b"}, {"Edge-Match", "all"}}}));
    assert_int_equal(purge_of(fields).together, 2);
}

void the_match_all_of_one_tag_is_that_tag(void **)
{
    const Purge purge = purge_of(body(R"({"match":"all","tags":["a","a"]})"));
    assert_int_equal(purge.rows.size(), 1);
    assert_int_equal(purge.together, 1);
}

void a_match_that_is_not_of_tags_alone_is_refused(void **)
{
    assert_refused(R"({"match":"All","tags":["a","b"]})", "any or all");
    assert_refused(R"({"match":true,"tags":["a","b"]})", "\"match\"");
    assert_refused(R"({"match":"all","tags":["a","b"],"url":"/"})",
                   "nothing but tags");
    assert_refused(R"({"match":"all","all":true})", "nothing but tags");
    assert_refused(R"({"match":"all"})", "tags, url");
    assert_refused(R"({"match":"all","tags":["1","2","3","4","5","6","7",)"
                   R"("8","9"]})",
                   "at most 8");
    body(R"({"match":"all","tags":["1","2","3","4","5","6","7","8","1"]})");
    assert_int_equal(refused(parse_purge_fields({{{"Cache-Tag", "a, b"},
                                                  {"Edge-Match", "all"},
                                                  {"Edge-Match", "any"}}}))
                         .status,
                     400);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_body_is_read_whole),
        cmocka_unit_test(what_is_left_out_is_absent_and_the_mode_hard),
        cmocka_unit_test(every_way_to_name_something_gives_its_selector),
        cmocka_unit_test(the_host_of_a_url_is_written_as_in_the_key),
        cmocka_unit_test(what_no_entry_can_be_named_is_refused),
        cmocka_unit_test(a_prefix_deeper_than_entries_have_them_is_refused),
        cmocka_unit_test(a_body_that_names_nothing_is_refused),
        cmocka_unit_test(an_unknown_member_is_named_in_the_refusal),
        cmocka_unit_test(a_repeated_member_is_refused),
        cmocka_unit_test(a_value_of_another_type_is_refused),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(modes_waits_and_tenants_are_checked),
        cmocka_unit_test(a_settle_time_is_at_most_a_minute),
        cmocka_unit_test(a_wait_is_in_seconds_or_milliseconds),
        cmocka_unit_test(too_much_in_one_request_is_a_413),
        cmocka_unit_test(header_fields_alone_are_a_request),
        cmocka_unit_test(header_fields_are_refused_like_a_body),
        cmocka_unit_test(rows_are_the_tenants_the_unnamed_ones_or_everybodys),
        cmocka_unit_test(the_match_all_is_one_set_of_distinct_tags),
        cmocka_unit_test(the_match_all_of_one_tag_is_that_tag),
        cmocka_unit_test(a_match_that_is_not_of_tags_alone_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
