// The byte format of a stored response.
#include <random>
#include <vector>

#include "base/bytes.h"

#include "cache_sample.h"

using namespace edge_test;

namespace {

Reason reason_of(const std::variant<Entry, Reason> &decoded)
{
    const auto *reason = std::get_if<Reason>(&decoded);
    return reason == nullptr ? Reason::none : *reason;
}

Reason decode_reason(const Entry &entry)
{
    return reason_of(cache::decode_head(cache::encode_head(entry)));
}

void an_entry_decodes_to_what_was_encoded(void **)
{
    const Sample sample;
    const std::string head = sample.head();
    const auto decoded = cache::decode_head(head);
    const Entry &entry = std::get<Entry>(decoded);

    assert_true(entry.kind == EntryKind::object);
    assert_int_equal(entry.status, 203);
    assert_true(entry.must_revalidate && entry.authorization_allowed);
    assert_false(entry.s_maxage || entry.explicitly_shared);
    assert_true(entry.ticket == sample.entry.ticket);
    assert_true(entry.times.request == sample.entry.times.request);
    assert_true(entry.times.response == sample.entry.times.response);
    assert_true(entry.times.date == sample.entry.times.date);
    assert_true(entry.times.age == Seconds(7));
    assert_true(entry.times.lifetime == Millis(60500));
    assert_true(entry.times.stale_while_revalidate == Seconds(30));
    assert_true(entry.times.stale_if_error == Seconds(600));
    assert_sv_equal(entry.key, sample.key);
    assert_sv_equal(entry.tenant, "acme");
    assert_sv_equal(entry.selectors, sample.selectors);
    assert_sv_equal(entry.tags.encoded(), sample.tags);
    assert_sv_equal(entry.fields.encoded(), sample.fields);
    assert_int_equal(entry.body_size, sample.body.size());
}

void flags_are_kept_one_by_one(void **)
{
    bool Entry::*const flags[] = {&Entry::must_revalidate, &Entry::s_maxage,
                                  &Entry::explicitly_shared,
                                  &Entry::authorization_allowed};
    for (const auto set : flags) {
        Sample sample;
        for (const auto flag : flags) {
            sample.entry.*flag = flag == set;
        }
        const std::string head = sample.head();
        const auto decoded = cache::decode_head(head);
        for (const auto flag : flags) {
            assert_int_equal(std::get<Entry>(decoded).*flag, flag == set);
        }
    }
}

void no_date_is_not_the_epoch(void **)
{
    Sample sample;
    sample.entry.times.date = std::nullopt;
    const std::string without = sample.head();
    sample.entry.times.date = WallTime{};
    const std::string epoch = sample.head();
    assert_none(std::get<Entry>(cache::decode_head(without)).times.date);
    assert_some(std::get<Entry>(cache::decode_head(epoch)).times.date);
}

void a_vary_record_holds_names_and_no_answer(void **)
{
    Sample sample;
    const std::string names = list({"accept", "origin"});
    sample.entry.kind = EntryKind::vary;
    sample.entry.status = 0;
    sample.entry.body_size = 0;
    sample.entry.fields = {};
    sample.entry.vary = StringList(names);
    assert_true(decode_reason(sample.entry) == Reason::none);

    Entry entry = sample.entry;
    entry.vary = {};
    assert_true(decode_reason(entry) == Reason::entry_corrupt);
    entry = sample.entry;
    entry.status = 200;
    assert_true(decode_reason(entry) == Reason::entry_corrupt);
    entry = sample.entry;
    entry.body_size = 1;
    assert_true(decode_reason(entry) == Reason::entry_corrupt);
    entry = sample.entry;
    entry.fields = StringList(sample.fields);
    assert_true(decode_reason(entry) == Reason::entry_corrupt);
}

void a_list_walks_to_its_end_and_stays_there(void **)
{
    const std::string bytes = list({"a", "", "bc"});
    StringList texts(bytes);
    assert_sv_equal(*texts.next(), "a");
    assert_sv_equal(*texts.next(), "");
    assert_sv_equal(*texts.next(), "bc");
    assert_none(texts.next());
    assert_none(texts.next());
    assert_true(texts.encoded().empty());
}

void a_list_that_lies_about_a_length_ends_early(void **)
{
    std::string bytes = list({"abc"});
    bytes[0] = 4;
    assert_none(StringList(bytes).next());
    assert_none(StringList(std::string_view(bytes).substr(0, 3)).next());
}

void the_head_size_is_known_from_its_first_bytes(void **)
{
    const std::string head = Sample().head();
    const std::string_view start =
        std::string_view(head).substr(0, cache::kHeadPrefix);
    assert_true(cache::head_size(start) == head.size());
    assert_none(cache::head_size(start.substr(1)));
    assert_none(cache::head_size(start.substr(0, 15)));
    assert_none(cache::head_size(std::string(16, '\0')));
}

void a_head_size_over_the_limit_is_none(void **)
{
    std::string head = Sample().head();
    head[8 + 3] = 1;
    assert_none(cache::head_size(head));
    head = Sample().head();
    head.replace(8, 4, std::string(4, '\0'));
    assert_none(cache::head_size(head));
}

void another_version_is_told_apart(void **)
{
    std::string head = Sample().head();
    head[4] = 3;
    assert_true(reason_of(cache::decode_head(head)) == Reason::entry_version);
    assert_none(cache::head_size(head));
}

void a_compressed_body_is_another_version(void **)
{
    Sample sample;
    sample.entry.identity_size = 99999;
    const std::string head = sample.head();
    assert_int_equal(head[4], 2);
    assert_int_equal(cache::head_size(head).value_or(0), head.size());
    const auto decoded = cache::decode_head(head);
    const auto &entry = std::get<Entry>(decoded);
    assert_int_equal(entry.identity_size, 99999);
    assert_int_equal(entry.body_size, sample.body.size());
}

void a_version_belongs_to_its_form(void **)
{
    Sample sample;
    std::string plain = sample.head();
    plain[4] = 2;
    assert_true(reason_of(cache::decode_head(plain)) == Reason::entry_corrupt);
    sample.entry.identity_size = 99999;
    std::string packed = sample.head();
    packed.replace(packed.size() - 8, 8, std::string(8, '\0'));
    assert_true(reason_of(cache::decode_head(packed)) == Reason::entry_corrupt);
    sample.entry.identity_size = cache::kMaxBody + 1;
    assert_true(reason_of(cache::decode_head(sample.head())) ==
                Reason::entry_corrupt);
}

void more_or_less_than_the_head_is_corrupt(void **)
{
    const std::string head = Sample().head();
    assert_true(reason_of(cache::decode_head(head + "x")) ==
                Reason::entry_corrupt);
    for (std::size_t size = 0; size < head.size(); size++) {
        // A copy of its own, so that reading past the end is seen.
        const std::vector<char> bytes(
            head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
        assert_true(
            reason_of(cache::decode_head({bytes.data(), bytes.size()})) ==
            Reason::entry_corrupt);
    }
}

void values_out_of_range_are_corrupt(void **)
{
    const auto breaks = [](auto &&change) {
        Sample sample;
        change(sample.entry);
        return decode_reason(sample.entry) == Reason::entry_corrupt;
    };
    const Millis far(std::numeric_limits<std::int64_t>::max());

    assert_true(breaks([](Entry &e) { e.status = 199; }));
    assert_true(breaks([](Entry &e) { e.status = 600; }));
    assert_true(breaks([](Entry &e) { e.kind = EntryKind{0}; }));
    assert_true(breaks([](Entry &e) { e.kind = EntryKind{3}; }));
    assert_true(breaks([](Entry &e) { e.key = {}; }));
    assert_true(breaks([](Entry &e) { e.body_size = cache::kMaxBody + 1; }));
    assert_true(breaks([](Entry &e) { e.selectors.remove_suffix(1); }));
    assert_true(breaks([&](Entry &e) { e.times.request = WallTime(far); }));
    assert_true(breaks([&](Entry &e) { e.times.response = WallTime(-far); }));
    assert_true(breaks([&](Entry &e) { e.times.date = WallTime(far); }));
    assert_true(breaks([](Entry &e) { e.times.age = Seconds(-1); }));
    assert_true(breaks([&](Entry &e) { e.times.age = Seconds(far.count()); }));
    assert_true(breaks([](Entry &e) { e.times.lifetime = Millis(-1); }));
    assert_true(breaks([&](Entry &e) { e.times.lifetime = far; }));
    assert_true(breaks([&](Entry &e) { e.times.stale_if_error = far; }));
    assert_true(
        breaks([&](Entry &e) { e.times.stale_while_revalidate = far; }));
}

void caps_hold_on_every_string_and_list(void **)
{
    const auto accepted = [](auto &&change) {
        Sample sample;
        std::string bytes;
        change(sample.entry, bytes);
        return decode_reason(sample.entry) == Reason::none;
    };
    const auto repeat = [](std::string &bytes, std::size_t times,
                           std::string_view text) {
        for (std::size_t i = 0; i < times; i++) {
            ByteWriter(bytes).string(text);
        }
        return StringList(bytes);
    };

    for (const std::size_t over : {0u, 1u}) {
        const bool within = over == 0;
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             b.assign(cache::kMaxKey + over, 'k');
                             e.key = b;
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             b.assign(cache::kMaxTenant + over, 't');
                             e.tenant = b;
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             b.assign(8 * (cache::kMaxSelectors + over), 's');
                             e.selectors = b;
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             e.tags = repeat(b, 256 + over, "t");
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             e.tags =
                                 repeat(b, 16, std::string(1024 + over, 't'));
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             e.fields =
                                 repeat(b, 2 * (cache::kMaxFields + over), "f");
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             e.fields = repeat(b, 2 + over, "f");
                         }));
        assert_int_equal(within, accepted([&](Entry &e, std::string &b) {
                             e.kind = EntryKind::vary;
                             e.status = 0;
                             e.body_size = 0;
                             e.fields = {};
                             e.vary = repeat(b, 16 + over, "v");
                         }));
    }
}

void a_head_over_the_limit_is_corrupt(void **)
{
    Sample sample;
    const std::string fields = list({"a", std::string(cache::kMaxHead, 'x')});
    sample.entry.fields = StringList(fields);
    assert_true(decode_reason(sample.entry) == Reason::entry_corrupt);
}

// Whatever gets past the checksum must still be harmless.
void a_damaged_head_decodes_to_something_in_range_or_not_at_all(void **)
{
    std::mt19937 random(1);
    const std::string head = Sample().head();
    for (int round = 0; round < 20000; round++) {
        std::string bytes = head;
        for (int i = 0; i < 3; i++) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        const auto decoded = cache::decode_head(bytes);
        if (const auto *entry = std::get_if<Entry>(&decoded)) {
            assert_in_range(entry->status, 200, 599);
            assert_true(entry->body_size <= cache::kMaxBody);
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_decodes_to_what_was_encoded),
        cmocka_unit_test(flags_are_kept_one_by_one),
        cmocka_unit_test(no_date_is_not_the_epoch),
        cmocka_unit_test(a_vary_record_holds_names_and_no_answer),
        cmocka_unit_test(a_list_walks_to_its_end_and_stays_there),
        cmocka_unit_test(a_list_that_lies_about_a_length_ends_early),
        cmocka_unit_test(the_head_size_is_known_from_its_first_bytes),
        cmocka_unit_test(a_head_size_over_the_limit_is_none),
        cmocka_unit_test(another_version_is_told_apart),
        cmocka_unit_test(a_compressed_body_is_another_version),
        cmocka_unit_test(a_version_belongs_to_its_form),
        cmocka_unit_test(more_or_less_than_the_head_is_corrupt),
        cmocka_unit_test(values_out_of_range_are_corrupt),
        cmocka_unit_test(caps_hold_on_every_string_and_list),
        cmocka_unit_test(a_head_over_the_limit_is_corrupt),
        cmocka_unit_test(
            a_damaged_head_decodes_to_something_in_range_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
