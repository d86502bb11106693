#include "cmocka.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "invalidate/selector.h"

using namespace edge;
using namespace edge::invalidate;

namespace {

std::vector<Selector> list_of(const EntryNames &names)
{
    std::string bytes = selectors_of_request(names);
    add_selectors_of_answer(bytes, names);
    std::vector<Selector> selectors;
    for (ByteReader in(bytes); !in.at_end();) {
        selectors.push_back(in.number<Selector>());
        assert_false(in.failed());
    }
    return selectors;
}

EntryNames names_of(std::string_view target)
{
    return {"https", "shop.example", target, {}, {}, {}, {}};
}

bool selects(Selector selector, const EntryNames &names)
{
    const auto list = list_of(names);
    return std::find(list.begin(), list.end(), selector) != list.end();
}

void a_url_is_purged_byte_exact(void **)
{
    const EntryNames names = names_of("/p?x=1");
    assert_true(selects(select_url("/p?x=1"), names));
    assert_false(selects(select_url("/p?x=2"), names));
    assert_false(selects(select_url("/p"), names));
    assert_false(selects(select_url("/P?x=1"), names));
}

void an_absolute_url_is_purged_on_its_scheme_and_host_only(void **)
{
    const EntryNames names = names_of("/p");
    assert_true(selects(select_url("https", "shop.example", "/p"), names));
    assert_false(selects(select_url("http", "shop.example", "/p"), names));
    assert_false(selects(select_url("https", "shop.exampl", "e/p"), names));
}

void a_rewritten_target_is_purged_by_either_name(void **)
{
    EntryNames names = names_of("/index.php?x=1");
    names.requested = "/shoes/42?x=1";
    for (const std::string_view target : {names.target, names.requested}) {
        assert_true(selects(select_url(target), names));
        assert_true(
            selects(select_url("https", "shop.example", target), names));
    }
    assert_true(selects(select_path("/index.php"), names));
    assert_true(selects(select_path("/shoes/42"), names));
    assert_true(selects(select_prefix("/shoes/"), names));
}

void a_path_is_purged_with_any_query(void **)
{
    assert_true(selects(select_path("/p"), names_of("/p?x=1")));
    assert_true(selects(select_path("/p"), names_of("/p")));
    assert_false(selects(select_path("/p"), names_of("/p/q")));
}

void a_prefix_is_whole_segments_of_the_path(void **)
{
    const EntryNames names = names_of("/catalog/shoes/42?next=/basket/");
    assert_true(selects(select_prefix("/"), names));
    assert_true(selects(select_prefix("/catalog/"), names));
    assert_true(selects(select_prefix("/catalog/shoes/"), names));
    assert_false(selects(select_prefix("/catalog/shoes/42/"), names));
    assert_false(selects(select_prefix("/cat/"), names));
    assert_false(selects(select_prefix("/catalog/shoes/42?next=/"), names));
}

void a_deep_path_has_the_first_prefixes_only(void **)
{
    std::string deep;
    for (int i = 0; i < 40; i++) {
        deep += "/a";
    }
    assert_int_equal(list_of(names_of(deep)).size(), 3 + kMaxPrefixes);
    const std::string last = deep.substr(0, 2 * (kMaxPrefixes - 1)) + "/";
    assert_true(selects(select_prefix(last), names_of(deep)));
    assert_false(selects(select_prefix(last + "a/"), names_of(deep)));
}

void tags_and_the_custom_key_select(void **)
{
    const std::vector<std::string> tags = {"product:42", "shop"};
    EntryNames names = names_of("/p");
    names.tags = tags;
    names.custom_key = "k";
    assert_true(selects(select_tag("product:42"), names));
    assert_true(selects(select_tag("shop"), names));
    assert_false(selects(select_tag("Shop"), names));
    assert_true(selects(select_key("k"), names));
}

void one_text_of_two_kinds_is_two_selectors(void **)
{
    const std::set<Selector> kinds = {
        select_everything(), select_tag("/"),    select_url("/"),
        select_path("/"),    select_prefix("/"), select_key("/"),
        select_url("", "", "/"),
    };
    assert_int_equal(kinds.size(), 7);
}

void a_tenants_row_is_neither_another_tenants_nor_the_operators(void **)
{
    const Selector tag = select_tag("a");
    const std::set<RowKey> rows = {
        row_key(tag, kAllTenants), row_key(tag, hash_tenant("")),
        row_key(tag, hash_tenant("acme")), row_key(tag, hash_tenant("bcme"))};
    assert_int_equal(rows.size(), 4);
    assert_true(hash_tenant("") != kAllTenants);
}

std::optional<RowName> said(Selector selector, TenantHash whose)
{
    static const std::vector<std::string> tags = {"product:42"};
    static const std::vector<std::string> groups = {"g"};
    EntryNames names = names_of("/a/b?x=1");
    names.tags = tags;
    names.groups = groups;
    names.custom_key = "k";
    return name_of_row(row_key(selector, whose), hash_tenant("acme"), names);
}

void a_row_is_named_by_what_it_purges(void **)
{
    const TenantHash acme = hash_tenant("acme");
    const EntryNames names = names_of("/a/b?x=1");
    const auto is = [](std::optional<RowName> name, std::string_view kind,
                       std::string_view value, bool of_all = false) {
        assert_some(name);
        assert_true(name->kind == kind);
        assert_true(name->value == value);
        assert_int_equal(name->of_all_tenants, of_all);
    };
    is(said(select_everything(), acme), "all", "");
    is(said(select_everything(), kAllTenants), "all", "", true);
    is(said(select_tag("product:42"), acme), "tag", "product:42");
    is(said(select_tag("product:42"), kAllTenants), "tag", "product:42", true);
    is(said(select_url("/a/b?x=1"), acme), "url", "/a/b?x=1");
    is(said(select_url(names.scheme, names.authority, "/a/b?x=1"), acme),
       "url", "/a/b?x=1");
    is(said(select_path("/a/b"), acme), "path", "/a/b");
    is(said(select_prefix("/"), acme), "prefix", "/");
    is(said(select_prefix("/a/"), acme), "prefix", "/a/");
    is(said(select_key("k"), acme), "key", "k");
    is(said(select_group(names.scheme, names.authority, "g"), acme), "group",
       "g");
    assert_false(said(select_tag("another"), acme).has_value());
    assert_false(said(select_tag("product:42"), hash_tenant("b")).has_value());
}

// They are in entries and logs that other versions read.
void hashes_are_part_of_the_format(void **)
{
    assert_true(select_tag("a") == 0xaa71cee2aadfd727);
    assert_true(select_url("http", "h", "/") == 0x652dfe501c5a9cc3);
    assert_true(row_key(select_tag("a"), hash_tenant("t")) == 0x48e01a72b5eb7525);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_purged_byte_exact),
        cmocka_unit_test(an_absolute_url_is_purged_on_its_scheme_and_host_only),
        cmocka_unit_test(a_rewritten_target_is_purged_by_either_name),
        cmocka_unit_test(a_path_is_purged_with_any_query),
        cmocka_unit_test(a_prefix_is_whole_segments_of_the_path),
        cmocka_unit_test(a_deep_path_has_the_first_prefixes_only),
        cmocka_unit_test(tags_and_the_custom_key_select),
        cmocka_unit_test(one_text_of_two_kinds_is_two_selectors),
        cmocka_unit_test(
            a_tenants_row_is_neither_another_tenants_nor_the_operators),
        cmocka_unit_test(a_row_is_named_by_what_it_purges),
        cmocka_unit_test(hashes_are_part_of_the_format),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
