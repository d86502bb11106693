#include "cache/warm_list.h"

#include <string>

#include "cmocka.h"

using namespace edge::cache;

namespace {

constexpr std::string_view kBase = "http://shop.example:8080";

WarmList take(std::string_view body)
{
    auto parsed = parse_warm_list(body, kBase);
    assert_true(std::holds_alternative<WarmList>(parsed));
    return std::get<WarmList>(std::move(parsed));
}

std::string refusal(std::string_view body, std::string_view base = kBase)
{
    const auto parsed = parse_warm_list(body, base);
    assert_true(std::holds_alternative<std::string>(parsed));
    const auto &sentence = std::get<std::string>(parsed);
    assert_true(sentence.ends_with('.'));
    return sentence;
}

std::string with_url(const std::string &url)
{
    return "{\"urls\":[\"/a\",\"" + url + "\"]}";
}

void everything_has_its_place(void **)
{
    const WarmList list = take(
        R"({"urls":["https://Shop.Example/p?x=1","/q"],"tenant":"acme",
            "headers":{"X-Tenant":" acme ","Accept-Language":"de"},
            "concurrency":64})");
    assert_int_equal(list.urls.size(), 2);
    assert_true(list.urls[0] == "https://Shop.Example/p?x=1");
    assert_true(list.urls[1] == "http://shop.example:8080/q");
    assert_true(list.tenant == "acme");
    assert_int_equal(list.fields.size(), 2);
    assert_true(list.fields[0].name == "X-Tenant");
    assert_true(list.fields[0].value == "acme");
    assert_int_equal(list.concurrency, 64);
}

void urls_are_enough(void **)
{
    const WarmList list = take(R"({"urls":["/"]})");
    assert_none(list.tenant);
    assert_true(list.fields.empty());
    assert_int_equal(list.concurrency, kWarmConcurrency);
}

void what_is_no_url_is_named(void **)
{
    for (const char *url :
         {"", "p", "ftp://h/p", "http://", "http:///p", "http://u@h/p",
          "http://h?x", "/p#f", "/a b", "/a\\n", "/a\\r\\nX: y", "/a\\u0000",
          "http://h\\r\\n/", "http://h:0/", "*"}) {
        assert_true(refusal(with_url(url)).starts_with("urls[1], "));
    }
}

void a_path_needs_a_server(void **)
{
    assert_true(refusal(R"({"urls":["/a"]})", "").starts_with("urls[0], "));
    assert_true(take(R"({"urls":["//x/y"]})").urls[0] ==
                "http://shop.example:8080//x/y");
}

void lists_and_urls_are_bounded(void **)
{
    const std::string longest = "/" + std::string(kMaxWarmUrl, 'a');
    assert_true(refusal(with_url(longest)).find("4096") != std::string::npos);

    std::string body = R"({"urls":["/a")";
    for (std::size_t i = 1; i < kMaxWarmUrls; i++) {
        body += R"(,"/a")";
    }
    assert_int_equal(take(body + "]}").urls.size(), kMaxWarmUrls);
    assert_true(refusal(body + R"(,"/a"]})").find("20000") !=
                std::string::npos);
    refusal("{\"urls\":[\"" + std::string(kMaxWarmBody, 'a') + "\"]}");
}

void fields_that_make_another_request_are_refused(void **)
{
    for (const char *field :
         {R"("Host":"h")", R"("host":"h")", R"("Content-Length":"5")",
          R"("Transfer-Encoding":"chunked")", R"("Connection":"close")",
          R"("Range":"bytes=0-1")", R"("If-None-Match":"*")",
          R"("Expect":"100-continue")", R"("Upgrade":"h2c")", R"("X A":"b")",
          R"("":"b")", R"("X-A":"b\r\nX-B: c")", R"("X-A":"b\u0000")",
          R"("X-A":1)", R"("X-A":["b"])"}) {
        refusal(std::string(R"({"urls":["/"],"headers":{)") + field + "}}");
    }
}

void everything_else_is_refused(void **)
{
    for (const char *body : {"",
                             "1",
                             "[]",
                             "{}",
                             "{",
                             R"({"urls":[]})",
                             R"({"urls":"/"})",
                             R"({"urls":["/",1]})",
                             R"({"urls":[["/"]]})",
                             R"({"urls":null})",
                             R"({"urls":["/"],"urls":["/"]})",
                             R"({"urls":["/"],"x":1})",
                             R"({"urls":["/"],"tenant":1})",
                             R"({"urls":["/"],"tenant":""})",
                             R"({"urls":["/"],"tenant":["a"]})",
                             R"({"urls":["/"],"concurrency":0})",
                             R"({"urls":["/"],"concurrency":65})",
                             R"({"urls":["/"],"concurrency":-1})",
                             R"({"urls":["/"],"concurrency":1.5})",
                             R"({"urls":["/"],"concurrency":"8"})",
                             R"({"urls":["/"],"headers":"X: y"})",
                             R"({"urls":["/"],"headers":{"X":{"y":"z"}}})",
                             R"({"urls":["/"]} x)"}) {
        refusal(body);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(everything_has_its_place),
        cmocka_unit_test(urls_are_enough),
        cmocka_unit_test(what_is_no_url_is_named),
        cmocka_unit_test(a_path_needs_a_server),
        cmocka_unit_test(lists_and_urls_are_bounded),
        cmocka_unit_test(fields_that_make_another_request_are_refused),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
