// Bodies in gzip's format, and which answers may have such.
#include "cache/compression.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "cmocka.h"

using namespace edge;
using cache::Compressor;
using cache::Decompressor;
using http::Field;

namespace {

std::string text(std::size_t size)
{
    std::string all;
    for (unsigned i = 0; all.size() < size; i++) {
        all.append("{\"id\":").append(std::to_string(i * 7919)).append("},");
    }
    all.resize(size);
    return all;
}

std::string packed(std::string_view body, std::size_t piece)
{
    Compressor compressor(6);
    for (std::size_t at = 0; at < body.size(); at += piece) {
        compressor.append(body.substr(at, piece));
    }
    return std::string(compressor.finish(body.size()).value_or(""));
}

// Nothing where it does not become exactly `size` bytes.
std::string unpacked(std::string_view bytes, std::size_t size,
                     std::size_t piece = 1000)
{
    std::string identity(size, '?');
    Decompressor decompressor(identity);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        decompressor.append(bytes.substr(at, piece));
    }
    return decompressor.is_complete() ? identity : "";
}

void what_was_packed_is_unpacked(void **)
{
    for (const std::size_t size : {100u, 5000u, 300000u}) {
        const std::string body = text(size);
        for (const std::size_t piece : {7u, 4096u, 1000000u}) {
            const std::string bytes = packed(body, piece);
            assert_true(bytes.size() < body.size());
            assert_true(unpacked(bytes, size, piece) == body);
        }
    }
}

void what_saves_too_little_is_not_packed(void **)
{
    std::string body;
    std::uint64_t state = 1;
    while (body.size() < 10000) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        body.push_back(static_cast<char>(state >> 56));
    }
    assert_true(packed(body, 4096).empty());
    assert_true(packed("short", 5).empty());
    assert_true(packed("", 1).empty());
}

void another_size_than_told_is_refused(void **)
{
    const std::string bytes = packed(text(5000), 5000);
    assert_true(unpacked(bytes, 4999).empty());
    assert_true(unpacked(bytes, 5001).empty());
    assert_true(unpacked(bytes, 1).empty());
    assert_false(unpacked(bytes, 5000).empty());
}

void every_cut_and_every_flipped_byte_is_refused(void **)
{
    const std::string body = text(2000);
    const std::string bytes = packed(body, 2000);
    for (std::size_t i = 0; i < bytes.size(); i++) {
        assert_true(unpacked(bytes.substr(0, i), body.size()).empty());
        std::string spoiled = bytes;
        spoiled[i] = static_cast<char>(spoiled[i] ^ 0x20);
        const std::string got = unpacked(spoiled, body.size());
        // A few bits of gzip's own header mean nothing.
        assert_true(got.empty() || (got == body && i < 10));
    }
    assert_true(unpacked(bytes + "x", body.size()).empty());
    assert_true(unpacked("", 10).empty());
}

bool is_compressible(std::initializer_list<Field> fields)
{
    return cache::is_compressible({fields.begin(), fields.size()});
}

void texts_are_compressible(void **)
{
    for (const std::string_view type :
         {"text/html", "Text/Plain; charset=utf-8", "application/json",
          "application/problem+json", "image/svg+xml",
          "application/json ; charset=utf-8", "application/atom+XML"}) {
        assert_true(is_compressible({{"Content-Type", type}}));
    }
    for (const std::string_view type :
         {"", "image/png", "application/octet-stream", "application/jsonx",
          "+json", "application/zip", "text", "video/mp4"}) {
        assert_false(is_compressible({{"Content-Type", type}}));
    }
    assert_false(is_compressible({}));
}

void some_fields_forbid_it(void **)
{
    const Field type{"content-type", "text/html"};
    assert_true(is_compressible({type, {"Cache-Control", "no-cache"}}));
    for (const Field &field :
         {Field{"Cache-Control", "max-age=1, No-Transform"},
          Field{"Content-Encoding", "br"}, Field{"Content-Digest", "x"},
          Field{"Repr-Digest", "x"}, Field{"Digest", "x"},
          Field{"Content-MD5", "x"}, Field{"Content-Range", "x"}}) {
        assert_false(is_compressible({type, field}));
    }
}

void in_doubt_a_client_takes_no_gzip(void **)
{
    const auto accepts = [](std::initializer_list<Field> fields) {
        return cache::accepts_gzip({fields.begin(), fields.size()});
    };
    assert_true(accepts({{"accept-encoding", "gzip"}}));
    assert_false(accepts({}));
    assert_false(accepts({{"accept-encoding", "br"}}));
    assert_false(accepts(
        {{"accept-encoding", "gzip;q=0"}, {"Accept-Encoding", "gzip"}}));
}

void the_tag_of_the_packed_form_is_weak(void **)
{
    assert_true(cache::weak_tag("\"a\"") == "W/\"a\"");
    assert_true(cache::weak_tag("W/\"a\"") == "W/\"a\"");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_is_unpacked),
        cmocka_unit_test(what_saves_too_little_is_not_packed),
        cmocka_unit_test(another_size_than_told_is_refused),
        cmocka_unit_test(every_cut_and_every_flipped_byte_is_refused),
        cmocka_unit_test(texts_are_compressible),
        cmocka_unit_test(some_fields_forbid_it),
        cmocka_unit_test(in_doubt_a_client_takes_no_gzip),
        cmocka_unit_test(the_tag_of_the_packed_form_is_weak),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
