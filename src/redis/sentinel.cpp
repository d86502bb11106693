#include "redis/sentinel.h"

#include <array>

#include "base/text.h"
#include "redis/command.h"
#include "redis/commands.h"

namespace edge::redis {
namespace {

constexpr std::string_view kSwitch = "+switch-master";

} // namespace

// A subscribed connection takes no questions, so it unsubscribes for each: a
// switch in between is in the answer.
void Sentinel::append_query(std::string &out) const
{
    append_command(out, {command::kUnsubscribe, kSwitch});
    append_command(out, {command::kSentinel, "GET-MASTER-ADDR-BY-NAME", name_});
    append_command(out, {command::kSubscribe, kSwitch});
}

// The address has two elements, what is published has three.
Topology::Progress Sentinel::take(const Reply &reply)
{
    const auto &elements = reply.elements;

    if (reply.type != ReplyType::array) {
        return Progress::useless;
    }
    if (elements.size() == 2) {
        return take_address(elements[0].text, elements[1].text);
    }
    if (elements.size() == 3 && elements[0].text == "message") {
        return take_message(elements[2].text);
    }
    return elements.size() == 3 ? Progress::waiting : Progress::useless;
}

Topology::Progress Sentinel::take_address(std::string_view host,
                                          std::string_view port)
{
    auto master = make_endpoint(host, port);
    if (!master) {
        return Progress::useless;
    }
    if (master == master_) {
        return Progress::same;
    }
    master_ = std::move(master);
    return Progress::changed;
}

// "<name> <old host> <old port> <new host> <new port>"
Topology::Progress Sentinel::take_message(std::string_view text)
{
    std::array<std::string_view, 5> words;
    Split split(text, ' ');
    for (std::string_view &word : words) {
        word = split.next().value_or("");
    }
    return words[0] == name_ ? take_address(words[3], words[4])
                             : Progress::same;
}

} // namespace edge::redis
