// A store's bytes: as they are, and with a checksum that holds, so that the
// head's own checks are reached.
#include <cstdint>
#include <cstdlib>

#include "cache/entry.h"
#include "cache/seal.h"
#include "cache/freshness.h"

using namespace edge;

namespace {

void walk(cache::StringList list)
{
    while (list.next()) {
    }
    if (!list.encoded().empty()) {
        std::abort();
    }
}

// Everything a hit does with an entry that was believed; encoding it again
// gives the same bytes.
void use(const cache::Entry &entry, std::string_view head)
{
    walk(entry.vary);
    walk(entry.tags);
    walk(entry.fields);
    const WallTime now = entry.times.response + Seconds(1);
    if (cache::current_age(entry.times, now) < Millis(0)) {
        std::abort();
    }
    (void)cache::remaining_lifetime(entry.times, now);
    if (entry.times.date && cache::encode_head(entry) != head) {
        std::abort();
    }
}

void check(std::string_view sealed)
{
    const auto unsealed = cache::unseal(sealed);
    if (const auto *parts = std::get_if<cache::Unsealed>(&unsealed)) {
        const auto decoded = cache::decode_head(parts->head);
        use(std::get<cache::Entry>(decoded), parts->head);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);

    check(bytes);
    check(cache::seal(bytes, {}));
    const std::string_view secrets[] = {"one", "another"};
    (void)cache::unseal(bytes, cache::SealKeys(secrets));
    (void)cache::head_size(bytes);
    const auto decoded = cache::decode_head(bytes);
    if (const auto *entry = std::get_if<cache::Entry>(&decoded)) {
        use(*entry, bytes);
    }
    return 0;
}
