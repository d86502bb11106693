// Hashes of what comes in pieces.
#include "base/hash.h"

#include <string>

#include "cmocka.h"

using namespace edge;

namespace {

std::string numbers()
{
    std::string text;
    for (unsigned i = 0; i < 1000; i++) {
        text.append(std::to_string(i));
    }
    return text;
}

void pieces_have_the_hash_of_the_whole(void **)
{
    const std::string text = numbers();
    for (const std::size_t size : {1u, 7u, 240u, 5000u}) {
        PieceHash hash;
        for (std::size_t at = 0; at < text.size(); at += size) {
            hash.add(std::string_view(text).substr(at, size));
        }
        assert_true(hash.value() == hash64(text));
    }
    assert_true(PieceHash().value() == hash64(""));
}

void another_byte_is_another_hash(void **)
{
    PieceHash a;
    PieceHash b;
    a.add("one");
    b.add("onf");
    assert_false(a.value() == b.value());
}

// What instances write to Redis must not depend on the processor.
void a_text_has_the_same_hash_everywhere(void **)
{
    const std::string text = numbers();
    const HashSecret none;
    const auto hash = [&](std::size_t size) {
        return hash128(std::string_view(text).substr(0, size), none);
    };
    assert_true(hash(10) == (Hash128{0xe353667619ec664b, 0x49655fc9692165fb}));
    assert_true(hash(200) == (Hash128{0x6d80458555ef29ef, 0xa8fe28ce62793a91}));
    assert_true(hash(1000) == (Hash128{0xd8b42fe05ab63102, 0x9c5baca4dc6cefc6}));
    assert_true(hash(2890) == (Hash128{0xfde5be5f73d18850, 0xec805627ef5cc1a0}));
}

void all_digits_of_a_hash_are_written(void **)
{
    const auto text = to_hex({0x0123456789abcdef, 0xfedcba9876543210});
    assert_sv_equal(std::string_view(text.data(), text.size()),
                    "0123456789abcdeffedcba9876543210");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pieces_have_the_hash_of_the_whole),
        cmocka_unit_test(another_byte_is_another_hash),
        cmocka_unit_test(a_text_has_the_same_hash_everywhere),
        cmocka_unit_test(all_digits_of_a_hash_are_written),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
