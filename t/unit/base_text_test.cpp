#include "cmocka.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/token.h"

using namespace edge;

namespace {

void a_decimal_is_digits_and_nothing_else(void **)
{
    assert_true(parse_decimal("0", 100) == 0);
    assert_true(parse_decimal("042", 100) == 42);
    for (const char *text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1a"}) {
        assert_none(parse_decimal(text, 100));
    }
}

void a_decimal_above_the_maximum_is_the_maximum(void **)
{
    assert_true(parse_decimal("100", 100) == 100);
    assert_true(parse_decimal("101", 100) == 100);
    assert_true(parse_decimal("99999999999999999999999", 100) == 100);
    assert_true(parse_decimal("18446744073709551615", UINT64_MAX) ==
                UINT64_MAX);
    assert_true(parse_decimal("18446744073709551616", UINT64_MAX) ==
                UINT64_MAX);
    assert_true(parse_decimal("9", 3) == 3);
}

void case_is_of_ascii_letters_only(void **)
{
    assert_true(equals_ignore_case("ETag", "etag"));
    assert_false(equals_ignore_case("etag", "etags"));
    assert_false(equals_ignore_case("@", "`"));
    assert_false(equals_ignore_case("\xc4", "\xe4"));
}

void a_list_is_split_into_trimmed_pieces(void **)
{
    Split list(" a,\tb ,,c", ',');
    assert_sv_equal(*list.next(), "a");
    assert_sv_equal(*list.next(), "b");
    assert_sv_equal(*list.next(), "");
    assert_sv_equal(*list.next(), "c");
    assert_none(list.next());
    assert_none(list.next());
}

void an_empty_list_is_one_empty_piece(void **)
{
    Split list("", ',');
    assert_sv_equal(*list.next(), "");
    assert_none(list.next());
}

void control_bytes_are_found_anywhere(void **)
{
    assert_false(has_control_bytes("a b\x80\xff"));
    assert_true(has_control_bytes(std::string_view("a\0", 2)));
    assert_true(has_control_bytes("\r"));
    assert_true(has_control_bytes("x\x7f"));
}

void every_byte_is_told_at_every_place(void **)
{
    for (std::size_t size = 1; size <= 20; size++) {
        for (unsigned place = 0; place < size; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                std::string text(size, '\xff');
                text[place] = static_cast<char>(byte);
                const bool is_control = byte < 0x20 || byte == 0x7f;
                assert_true(has_control_bytes(text) == is_control);
                assert_true(http::is_field_value(text) ==
                            (!is_control || byte == '\t'));
            }
        }
    }
}

void what_was_written_is_read_again(void **)
{
    std::string bytes;
    ByteWriter out(bytes);
    out.number<std::uint8_t>(200);
    out.number<std::int64_t>(-2);
    out.string("text");
    out.number<std::uint16_t>(0x0102);
    assert_int_equal(bytes.size(), 1 + 8 + 4 + 4 + 2);

    ByteReader in(bytes);
    assert_int_equal(in.number<std::uint8_t>(), 200);
    assert_int_equal(in.number<std::int64_t>(), -2);
    assert_sv_equal(in.string(), "text");
    assert_int_equal(in.number<std::uint16_t>(), 0x0102);
    assert_true(in.at_end());
    assert_false(in.failed());
}

void a_reader_never_reads_past_its_end(void **)
{
    ByteReader number("abc");
    assert_int_equal(number.number<std::uint32_t>(), 0);
    assert_true(number.failed());

    ByteReader text(std::string_view("\xff\xff\xff\xff", 4));
    assert_sv_equal(text.string(), "");
    assert_true(text.failed());
    assert_int_equal(text.number<std::uint8_t>(), 0);
}

void a_hash_depends_on_its_secret(void **)
{
    const HashSecret none;
    const HashSecret one("one");
    const HashSecret other("other");
    assert_true(hash128("x", none) == hash128("x", HashSecret()));
    assert_false(hash128("x", none) == hash128("x", one));
    assert_false(hash128("x", one) == hash128("x", other));
    assert_false(hash128("x", one) == hash128("y", one));
}

void a_digest_is_sha256(void **)
{
    const Digest digest = sha256("abc");
    assert_sv_equal(view(digest).substr(0, 4), "\xba\x78\x16\xbf");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_is_digits_and_nothing_else),
        cmocka_unit_test(a_decimal_above_the_maximum_is_the_maximum),
        cmocka_unit_test(case_is_of_ascii_letters_only),
        cmocka_unit_test(a_list_is_split_into_trimmed_pieces),
        cmocka_unit_test(an_empty_list_is_one_empty_piece),
        cmocka_unit_test(control_bytes_are_found_anywhere),
        cmocka_unit_test(every_byte_is_told_at_every_place),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_reader_never_reads_past_its_end),
        cmocka_unit_test(a_hash_depends_on_its_secret),
        cmocka_unit_test(a_digest_is_sha256),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
