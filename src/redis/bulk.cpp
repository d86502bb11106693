#include "redis/bulk.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace edge::redis {
namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kMaxHead = 24; // more digits than any size has

} // namespace

std::optional<BulkHead> parse_bulk_head(std::string_view bytes,
                                        std::size_t longest)
{
    const std::string_view line = bytes.substr(0, kMaxHead);
    const std::size_t end = line.find(kEnd);
    if (!line.starts_with('$') || end == line.npos) {
        return std::nullopt;
    }
    const auto length = parse_decimal(line.substr(1, end - 1), longest + 1);
    if (!length || *length > longest) {
        return std::nullopt;
    }
    return BulkHead{end + kEnd.size(), static_cast<std::size_t>(*length)};
}

std::size_t Bulk::take(std::string_view bytes)
{
    std::size_t taken = 0;
    if (received_ < length_) {
        taken = std::min(bytes.size(), length_ - received_);
        if (data_ != nullptr) {
            std::memcpy(data_ + received_, bytes.data(), taken);
        }
        received_ += taken;
    }
    while (taken < bytes.size() && received_ >= length_ && !complete()) {
        broken_ = broken_ || bytes[taken] != kEnd[received_ - length_];
        received_++;
        taken++;
    }
    return taken;
}

const Reply *Bulk::finish()
{
    if (reply_ != nullptr) {
        reply_->type = ReplyType::bulk;
        reply_->text = {data_, length_};
    }
    return reply_;
}

} // namespace edge::redis
