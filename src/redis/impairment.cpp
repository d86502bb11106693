#include "redis/impairment.h"

namespace edge::redis {

bool Impairment::note(NodeState state, Micros now)
{
    const bool is_news = state != state_ || now - told_ >= kRepeat;
    state_ = state;
    seen_ = now;
    if (is_news) {
        told_ = now;
    }
    return is_news;
}

bool Impairment::recover(Micros now)
{
    if (state_ == NodeState::up || now - seen_ < kHold) {
        return false;
    }
    state_ = NodeState::up;
    return true;
}

std::string_view missing_permission(std::string_view text)
{
    constexpr std::string_view kCommandLetters = "abcdefghijklmnopqrstuvwxyz|";

    if (text.starts_with("ERR")) {
        return "something inside a script";
    }
    if (text.find(" keys ") != text.npos || text.ends_with(" key")) {
        return "a key";
    }
    if (text.find(" channels ") != text.npos || text.ends_with(" channel")) {
        return "a channel";
    }
    const std::size_t begin = text.find('\'');
    const std::size_t end = text.find('\'', begin + 1);
    if (begin == text.npos || end == text.npos) {
        return "a command";
    }
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    const bool is_name = !name.empty() && name.size() <= 32 &&
                         name.find_first_not_of(kCommandLetters) == name.npos;
    return is_name ? name : "a command";
}

} // namespace edge::redis
