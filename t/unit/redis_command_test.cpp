// Commands and script calls as bytes.

#include <algorithm>
#include <string>

#include "redis/command.h"
#include "redis/commands.h"
#include "redis/output.h"
#include "redis/script.h"
#include "redis/sha1.h"

#include "cmocka.h" // last: its fail() is a macro

using namespace edge::redis;

namespace {

constexpr Script kScript("answer", "return 42");

std::string hex(std::string_view text)
{
    const Sha1Hex digits = sha1_hex(text);
    return {digits.data(), digits.size()};
}

void a_command_is_an_array_of_length_prefixed_words(void **)
{
    std::string out = "before ";
    append_command(out, {"GET", "key"});
    assert_sv_equal(out, "before *2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
}

void no_byte_of_a_word_can_end_it(void **)
{
    using namespace std::string_view_literals;
    std::string out;
    append_command(out, {"GET", "a\r\n*1\r\n$8\r\nFLUSHALL\0\xff"sv, ""});
    assert_sv_equal(out, "*3\r\n$3\r\nGET\r\n$21\r\na\r\n*1\r\n$8\r\nFLUSHALL"
                         "\0\xff\r\n$0\r\n\r\n"sv);
}

void numbers_are_decimal(void **)
{
    assert_sv_equal(Decimal(0), "0");
    assert_sv_equal(Decimal(-9223372036854775807LL - 1),
                    "-9223372036854775808");
}

void a_script_goes_out_by_digest_first_and_in_full_on_request(void **)
{
    const std::string_view keys[] = {"k1", "k2"};
    const std::string_view arguments[] = {"a"};
    const ScriptCall call{&kScript, keys, arguments};
    std::string brief, full;

    append_script(brief, call, ScriptForm::evalsha);
    append_script(full, call, ScriptForm::eval);
    assert_sv_equal(brief, "*6\r\n$7\r\nEVALSHA\r\n$40\r\n" + hex("return 42") +
                               "\r\n$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n"
                               "$1\r\na\r\n");
    assert_sv_equal(full, "*6\r\n$4\r\nEVAL\r\n$9\r\nreturn 42\r\n$1\r\n2\r\n"
                          "$2\r\nk1\r\n$2\r\nk2\r\n$1\r\na\r\n");
}

// FIPS 180-4's examples, and every length around the padding's edges.
void the_digest_is_sha1(void **)
{
    assert_sv_equal(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_sv_equal(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_sv_equal(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
                        "mnopnopq"),
                    "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    assert_sv_equal(hex(std::string(1000000, 'a')),
                    "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    assert_sv_equal(hex(std::string(55, 'a')),
                    "c1c8bbdc22796e28c0e15163d20899b65621d65a");
    assert_sv_equal(hex(std::string(56, 'a')),
                    "c2db330f6083854c99d4b5bfb6e8f29f201be699");
    assert_sv_equal(hex(std::string(64, 'a')),
                    "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

void the_list_names_each_command_once_and_in_order(void **)
{
    for (std::size_t i = 1; i < kCommands.size(); i++) {
        assert_true(kCommands[i - 1].name < kCommands[i].name);
    }
}

void output_is_sent_in_order_whatever_a_write_takes(void **)
{
    Output output;
    std::string sent, expected;

    for (std::size_t i = 0; i < 1000; i++) {
        append_command(output.bytes(), {"GET", Decimal(static_cast<int>(i))});
        append_command(expected, {"GET", Decimal(static_cast<int>(i))});
        const std::size_t taken = std::min(i % 41, output.unsent().size());
        sent += output.unsent().substr(0, taken);
        output.consume(taken);
    }
    sent += output.unsent();
    output.consume(output.unsent().size());
    assert_sv_equal(sent, expected);
    assert_true(output.empty());
}

void a_large_output_is_not_kept(void **)
{
    Output output;
    output.bytes().assign(std::size_t{8} << 20, 'x');
    output.consume(output.unsent().size());
    assert_true(output.bytes().capacity() < 1024);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_an_array_of_length_prefixed_words),
        cmocka_unit_test(no_byte_of_a_word_can_end_it),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(
            a_script_goes_out_by_digest_first_and_in_full_on_request),
        cmocka_unit_test(the_digest_is_sha1),
        cmocka_unit_test(the_list_names_each_command_once_and_in_order),
        cmocka_unit_test(output_is_sent_in_order_whatever_a_write_takes),
        cmocka_unit_test(a_large_output_is_not_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
