// What a client can send to be purged: the first byte says whether as a body
// or as header fields. Whatever is accepted keeps to the limits; whatever is
// refused says why.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "invalidate/purge_request.h"

using namespace edge;
using namespace edge::invalidate;

namespace {

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

void judge(const PurgeParse &parse)
{
    if (const auto *refusal = std::get_if<PurgeRefusal>(&parse)) {
        require(refusal->status == 400 || refusal->status == 413);
        require(!refusal->detail.empty() && refusal->detail.size() < 1024);
        return;
    }
    const auto &request = std::get<PurgeRequest>(parse);
    require(!request.selectors.empty());
    require(request.selectors.size() <= kMaxPurgeSelectors);
    const Purge purge = purge_of(request);
    require(purge.rows.size() == request.selectors.size());
    require(purge.together >= 1 && purge.together <= kMaxTogether);
    require(purge.rows.size() % purge.together == 0);
    require(!request.wait || *request.wait <= kMaxPurgeWait);
    require(!request.tenant || !request.all_tenants);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char *>(data) + 1,
                                size - 1);
    if (data[0] % 2 == 0) {
        judge(parse_purge_body(text));
        return 0;
    }
    const std::size_t middle = text.find('\n');
    const std::string_view rest =
        middle == text.npos ? std::string_view() : text.substr(middle + 1);
    const http::Field fields[] = {{"Surrogate-Key", text.substr(0, middle)},
                                  {"Cache-Tag", rest},
                                  {"Edge-Tenant", rest},
                                  {"Edge-Purge", "soft"},
                                  {"Edge-Match", "all"}};
    judge(parse_purge_fields(fields));
    return 0;
}
