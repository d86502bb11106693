// What the log's scripts are told.
#include "base/bytes.h"
#include "invalidate/log_format.h"

namespace edge::invalidate {

std::vector<std::string> beat_arguments(const Member &self, Generation from,
                                        std::size_t count,
                                        std::string_view channel)
{
    return {self.id,
            self.strict ? "s" : "a",
            std::to_string(self.lease.count()),
            self.name,
            format_nonce(self.applied.nonce),
            format_id(self.applied.generation),
            from.packed == 0 ? std::string() : format_id(from),
            std::to_string(self.version),
            std::to_string(count),
            std::string(channel)};
}

std::vector<std::string> append_arguments(Nonce nonce, const Purge &purge,
                                          Generation expected,
                                          std::size_t length,
                                          std::string_view channel)
{
    std::string rows;
    ByteWriter out(rows);
    for (const RowKey row : purge.rows) {
        out.number(row);
    }
    return {format_nonce(nonce),
            purge.request,
            purge.mode == PurgeMode::hard ? "h" : "s",
            rows,
            std::to_string(purge.hold.count()),
            expected.packed == 0 ? std::string() : format_id(expected),
            std::to_string(length),
            std::string(channel),
            std::to_string(purge.together),
            std::to_string(purge.settle.count())};
}

std::vector<std::string> epoch_arguments(Generation top, std::uint64_t own,
                                         Nonce nonce, std::uint64_t version,
                                         std::span<const Member> known)
{
    std::vector<std::string> arguments = {
        top.packed == 0 ? std::string("missing") : format_id(top),
        std::to_string(own), format_nonce(nonce), std::to_string(version)};
    for (const Member &member : known) {
        arguments.push_back(member.id);
        arguments.push_back(format_member(member));
    }
    return arguments;
}

} // namespace edge::invalidate
