// Hashes of what comes in pieces.
#include "base/hash.h"

#include <string>

#include "cmocka.h"

using namespace edge;

namespace {

void pieces_have_the_hash_of_the_whole(void **)
{
    std::string text;
    for (unsigned i = 0; i < 1000; i++) {
        text.append(std::to_string(i));
    }
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

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pieces_have_the_hash_of_the_whole),
        cmocka_unit_test(another_byte_is_another_hash),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
