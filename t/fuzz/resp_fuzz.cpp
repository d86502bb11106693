// Bytes of a hostile server. The first bytes say how the rest is cut and
// whose operation is withdrawn when; whatever comes, the reader stays within
// its limits and every reply is all there.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <string_view>

#include "redis/error.h"
#include "redis/reader.h"

using namespace edge::redis;

namespace {

constexpr ReplyLimits kLimits{
    .bytes = 4096, .elements = 32, .depth = 5, .line = 256};

class Budget final : public std::pmr::memory_resource
{
public:
    std::size_t used = 0;

private:
    void *do_allocate(std::size_t size, std::size_t align) override
    {
        used += size;
        return arena_.allocate(size, align);
    }
    void do_deallocate(void *, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    std::pmr::monotonic_buffer_resource arena_;
};

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

struct Size
{
    std::size_t bytes = 0;
    std::size_t elements = 0;
};

// Touches every byte.
Size measure(const Reply &reply, std::size_t depth)
{
    require(depth <= kLimits.depth);
    Size all{reply.text.size(), reply.elements.size()};
    static_cast<void>(std::count(reply.text.begin(), reply.text.end(), 'x'));
    if (reply.type == ReplyType::error) {
        static_cast<void>(error_effect(error_kind(reply.text)));
        require(!error_code(reply.text).empty());
    }
    for (const Reply &element : reply.elements) {
        const Size size = measure(element, depth + 1);
        all.bytes += size.bytes;
        all.elements += size.elements;
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size)
{
    if (size < 2) {
        return 0;
    }
    const std::size_t step = data[0] % 64 + 1;
    const std::size_t withdrawn_after = data[1];
    std::string_view bytes(reinterpret_cast<const char *>(data) + 2, size - 2);

    Reader reader(kLimits);
    auto memory = std::make_unique<Budget>();
    for (std::size_t i = 0; !bytes.empty(); i++) {
        if (i == withdrawn_after) {
            memory.reset();
        }
        const std::span<char> space = reader.space(memory.get());
        const std::size_t size_now = std::min(step, bytes.size());
        const std::size_t direct = std::min(size_now, space.size());
        if (direct > 0) {
            std::copy_n(bytes.begin(), direct, space.begin());
            reader.received(direct);
        }
        reader.feed(bytes.substr(direct, size_now - direct));
        bytes.remove_prefix(size_now);

        for (;;) {
            const Reader::Next next = reader.next(memory.get());
            if (next.status == Reader::Status::violated) {
                return 0;
            }
            if (next.status == Reader::Status::incomplete) {
                break;
            }
            if (next.status == Reader::Status::reply) {
                const Size all = measure(*next.reply, 0);
                require(all.bytes <= kLimits.bytes);
                require(all.elements <= kLimits.elements);
                require(memory->used <= kLimits.bytes + sizeof(Reply));
            }
            memory = std::make_unique<Budget>();
        }
    }
    return 0;
}
