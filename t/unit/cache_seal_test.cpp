// A stored response in one piece, and whether it is still what was stored.
#include <array>
#include <vector>

#include "base/mac.h"

#include "cache_sample.h"

using namespace edge_test;

namespace {

bool is_refused(std::string_view sealed)
{
    return std::holds_alternative<Reason>(cache::unseal(sealed));
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

} // namespace

int main()
{
    const CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
