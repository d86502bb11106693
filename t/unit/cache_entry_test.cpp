// The byte format of a stored response.
#include <array>
#include <initializer_list>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "cache/entry.h"
#include "cache/seal.h"

#include "cmocka.h"

using namespace edge;
using cache::Entry;
using cache::EntryKind;
using cache::Reason;
using cache::StringList;

namespace {

std::string list(std::initializer_list<std::string_view> texts)
{
    cache::StringListBuilder builder;
    for (const std::string_view text : texts) {
        builder.add(text);
    }
    return std::string(builder.list().encoded());
}

// An entry and the strings that its views point into.
struct Sample
{
    std::string key = "GET https example.org /p?x=1";
    std::string tags = list({"product:42", "shop"});
    std::string fields = list({"content-type", "text/plain", "etag", "\"a\""});
    std::string selectors = "01234567abcdefgh";
    std::string body = std::string(1500, 'b');
    Entry entry;

    Sample()
    {
        entry.status = 203;
        entry.must_revalidate = true;
        entry.authorization_allowed = true;
        entry.ticket = {17, invalidate::Generation::of(3, 99), 5};
        entry.times.request = WallTime(Millis(1795219200123));
        entry.times.response = WallTime(Millis(1795219200456));
        entry.times.date = WallTime(Seconds(1795219200));
        entry.times.age = Seconds(7);
        entry.times.lifetime = Millis(60500);
        entry.times.stale_while_revalidate = Seconds(30);
        entry.times.stale_if_error = Seconds(600);
        entry.key = key;
        entry.tenant = "acme";
        entry.selectors = selectors;
        entry.tags = StringList(tags);
        entry.fields = StringList(fields);
        entry.body_size = body.size();
    }

    std::string head() const { return cache::encode_head(entry); }

    std::string sealed() const
    {
        const std::array<std::string_view, 2> pieces = {
            std::string_view(body).substr(0, 100),
            std::string_view(body).substr(100)};
        return cache::seal(head(), pieces);
    }
};

Reason reason_of(const std::variant<Entry, Reason> &decoded)
{
    const auto *reason = std::get_if<Reason>(&decoded);
    return reason == nullptr ? Reason::none : *reason;
}

Reason decode_reason(const Entry &entry)
{
    return reason_of(cache::decode_head(cache::encode_head(entry)));
}

bool is_refused(std::string_view sealed)
{
    return std::holds_alternative<Reason>(cache::unseal(sealed));
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

void a_sealed_entry_comes_back_as_head_and_body(void **)
{
    const Sample sample;
    const std::string sealed = sample.sealed();
    const auto unsealed = cache::unseal(sealed);
    assert_sv_equal(std::get<cache::Unsealed>(unsealed).head, sample.head());
    assert_sv_equal(std::get<cache::Unsealed>(unsealed).body, sample.body);
    assert_sv_equal(std::get<cache::Unsealed>(unsealed).entry.key,
                    sample.entry.key);
}

void every_flipped_bit_is_refused(void **)
{
    std::string sealed = Sample().sealed();
    assert_in_range(sealed.size(), 1700, 2048);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); bit++) {
        const auto mask = static_cast<char>(1 << bit % 8);
        sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ mask);
        assert_true(is_refused(sealed));
        sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ mask);
    }
    assert_false(is_refused(sealed));
}

constexpr std::string_view kOld = "the secret that was there before";
constexpr std::string_view kNew = "the secret that is there from now";

cache::SealKeys keys(std::vector<std::string_view> secrets)
{
    return cache::SealKeys(secrets);
}

bool is_forged(std::string_view sealed, const cache::SealKeys &by)
{
    const auto unsealed = cache::unseal(sealed, by);
    const auto *reason = std::get_if<Reason>(&unsealed);
    return reason != nullptr && *reason == Reason::entry_forged;
}

void every_flipped_bit_of_a_signed_entry_is_refused(void **)
{
    const Sample sample;
    const std::string_view body[] = {sample.body};
    std::string sealed = cache::seal(sample.head(), body, keys({kNew}));
    for (std::size_t bit = 0; bit < 8 * sealed.size(); bit++) {
        const auto mask = static_cast<char>(1 << bit % 8);
        sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ mask);
        assert_true(is_forged(sealed, keys({kNew})));
        sealed[bit / 8] = static_cast<char>(sealed[bit / 8] ^ mask);
    }
    assert_false(is_forged(sealed, keys({kNew})));
}

void two_secrets_verify_and_the_first_signs(void **)
{
    const auto signed_by = [](std::vector<std::string_view> secrets) {
        const Sample sample;
        const std::string_view body[] = {sample.body};
        return cache::seal(sample.head(), body, keys(std::move(secrets)));
    };
    const std::string old = signed_by({kOld, kNew});
    assert_false(is_forged(old, keys({kOld})));
    assert_false(is_forged(old, keys({kNew, kOld})));
    assert_true(is_forged(old, keys({kNew})));
    assert_false(is_forged(signed_by({kNew, kOld}), keys({kNew})));
}

void a_checksum_is_no_signature(void **)
{
    const Sample sample;
    const std::string_view body[] = {sample.body};
    const std::string is_signed =
        cache::seal(sample.head(), body, keys({kNew}));
    assert_true(is_forged(sample.sealed(), keys({kNew})));
    assert_true(is_refused(is_signed));
}

// RFC 4231, test case 2.
void a_mac_is_the_beginning_of_hmac_sha_256(void **)
{
    const Mac mac = MacKey("Jefe").sign("what do ya want for nothing?");
    const unsigned char right[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60,
                                   0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26,
                                   0x08, 0x95, 0x75, 0xc7};
    assert_memory_equal(mac.data(), right, mac.size());
}

void every_truncation_is_refused(void **)
{
    const std::string sealed = Sample().sealed();
    for (std::size_t size = 0; size < sealed.size(); size++) {
        const std::vector<char> bytes(
            sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size));
        assert_true(is_refused({bytes.data(), bytes.size()}));
    }
    assert_true(is_refused(sealed + '\0'));
}

void a_body_of_another_size_is_refused(void **)
{
    Sample sample;
    sample.body.pop_back();
    assert_true(is_refused(sample.sealed()));
    sample.body += "xy";
    assert_true(is_refused(sample.sealed()));
}

void another_version_is_told_apart_when_unsealed(void **)
{
    std::string head = Sample().head();
    head[4] = 3;
    const auto unsealed = cache::unseal(cache::seal(head, {}));
    assert_true(std::get<Reason>(unsealed) == Reason::entry_version);
}

void fields_that_could_split_a_response_are_refused(void **)
{
    const auto refused = [](std::string_view name, std::string_view value) {
        Sample sample;
        sample.fields = list({name, value});
        sample.entry.fields = StringList(sample.fields);
        return is_refused(sample.sealed());
    };
    assert_false(refused("x-a", "a\tb \xc3\xbc"));
    assert_true(refused("x-a", "a\r\nSet-Cookie: b"));
    assert_true(refused("x-a", "a\n"));
    assert_true(refused("x-a", std::string_view("a\0", 2)));
    assert_true(refused("x-a\r\n", "a"));
    assert_true(refused("x a", "a"));
    assert_true(refused("", "a"));
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
        cmocka_unit_test(a_sealed_entry_comes_back_as_head_and_body),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_flipped_bit_of_a_signed_entry_is_refused),
        cmocka_unit_test(two_secrets_verify_and_the_first_signs),
        cmocka_unit_test(a_checksum_is_no_signature),
        cmocka_unit_test(a_mac_is_the_beginning_of_hmac_sha_256),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_body_of_another_size_is_refused),
        cmocka_unit_test(another_version_is_told_apart_when_unsealed),
        cmocka_unit_test(fields_that_could_split_a_response_are_refused),
        cmocka_unit_test(
            a_damaged_head_decodes_to_something_in_range_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
