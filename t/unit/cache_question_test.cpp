#include "cache/question.h"

#include "cmocka.h"

using namespace edge::cache;

namespace {

Question ask(std::string_view form)
{
    auto parsed = parse_question(form, false);
    assert_true(std::holds_alternative<Question>(parsed));
    return std::get<Question>(std::move(parsed));
}

bool refuses(std::string_view form, bool is_logged = false)
{
    const auto parsed = parse_question(form, is_logged);
    const auto *mistake = std::get_if<std::string_view>(&parsed);
    return mistake != nullptr && mistake->ends_with('.');
}

void a_url_is_taken_apart(void **)
{
    Question question = ask("url=https://Shop.Example.:8443/p?x=1%2541");
    assert_true(question.url.tls);
    assert_true(question.url.authority == "Shop.Example.:8443");
    assert_true(question.url.host == "shop.example");
    assert_true(question.url.port == 8443);
    assert_true(question.url.target == "/p?x=1%41");

    question = ask("url=HTTP://[::1]");
    assert_false(question.url.tls);
    assert_true(question.url.host == "[::1]");
    assert_none(question.url.port);
    assert_true(question.url.target == "/");
}

void what_is_no_url_is_refused(void **)
{
    for (const char *url :
         {"", "/p", "//h/p", "ftp://h/p", "http:/h/p", "http://", "http:///p",
          "http://u@h/p", "http://h?x", "http://h/p%23f", "http://h/a%20b",
          "http://h/a%0a", "http://h:0/", "http://h:/", "http://h:65536/",
          "http://h:x/", "http://a%20b/", "http://[::1]:x/"}) {
        assert_true(refuses(std::string("url=") + url));
    }
}

void fields_keep_their_order(void **)
{
    const Question question =
        ask("header=Accept-Language:%20de&url=http://h/"
            "&header=X-A:1&header=X-A:&header=Cookie:a%3Db");
    assert_int_equal(question.fields.size(), 4);
    assert_true(question.fields[0].name == "Accept-Language");
    assert_true(question.fields[0].value == "de");
    assert_true(question.fields[1].value == "1");
    assert_true(question.fields[2].value == "");
    assert_true(question.fields[3].value == "a=b");
}

void a_field_that_could_not_come_is_refused(void **)
{
    for (const char *field :
         {"", "a", ":b", "a%20b:c", "a:b%0d%0ac:d", "a:%00", "Host:h"}) {
        assert_true(refuses(std::string("url=http://h/&header=") + field));
    }
    std::string many = "url=http://h/";
    for (int i = 0; i < 100; i++) {
        many += "&header=a:b";
    }
    ask(many);
    assert_true(refuses(many + "&header=a:b"));
}

// nginx and whatever is before it writes URLs into logs.
void a_credential_is_no_part_of_a_url(void **)
{
    for (const char *field : {"authorization:a", "Cookie:a", "COOKIE:a",
                              "Proxy-Authorization:a"}) {
        const std::string form = std::string("url=http://h/&header=") + field;
        assert_true(refuses(form, true));
        assert_false(refuses(form, false));
    }
}

void a_tenant_is_named_once(void **)
{
    assert_true(ask("url=http://h/&tenant=a%2Fb").tenant == "a/b");
    assert_none(ask("url=http://h/").tenant);
    assert_true(refuses("url=http://h/&tenant="));
    assert_true(refuses("url=http://h/&tenant=a%01"));
    assert_true(refuses("url=http://h/&tenant=a&tenant=a"));
    assert_true(
        refuses("url=http://h/&tenant=" + std::string(129, 'a')));
}

void nothing_else_is_understood(void **)
{
    assert_true(refuses(""));
    assert_true(refuses("tenant=a"));
    assert_true(refuses("url=http://h/&url=http://h/"));
    assert_true(refuses("url=http://h/&zone=z"));
    assert_true(refuses("url=http://h/%"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(what_is_no_url_is_refused),
        cmocka_unit_test(fields_keep_their_order),
        cmocka_unit_test(a_field_that_could_not_come_is_refused),
        cmocka_unit_test(a_credential_is_no_part_of_a_url),
        cmocka_unit_test(a_tenant_is_named_once),
        cmocka_unit_test(nothing_else_is_understood),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
