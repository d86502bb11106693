#include "redis/reader.h"

#include <cstring>
#include <memory>
#include <new>

#include <hiredis/read.h>

#include "base/text.h"

namespace edge::redis {
namespace {

// hiredis moves the rest of what it was fed to the front after each reply.
constexpr std::size_t kFeedSize = 4 * 1024;

// What hiredis is told to have got when nothing was created: it wants some
// address, and gives it back as the root of the reply.
Reply *nowhere()
{
    static Reply placeholder;
    return &placeholder;
}

ReplyType type_of(const redisReadTask *task)
{
    switch (task->type) {
    case REDIS_REPLY_STATUS:
        return ReplyType::status;
    case REDIS_REPLY_ERROR:
        return ReplyType::error;
    default:
        return ReplyType::bulk;
    }
}

// RESP3 is never asked for. hiredis 1.x parses it all the same.
bool is_resp2(const redisReadTask *task)
{
    return task->type >= REDIS_REPLY_STRING && task->type <= REDIS_REPLY_ERROR;
}

std::size_t depth_of(const redisReadTask *task)
{
    std::size_t depth = 1;
    while ((task = task->parent) != nullptr) {
        depth++;
    }
    return depth;
}

} // namespace

// hiredis is C: an exception must not reach it. A null pointer ends the
// stream there; the reason is in violation_.
struct Reader::Hooks
{
    template <class Create>
    static void *guarded(const redisReadTask *task, Create create) noexcept
    {
        Reader &reader = *static_cast<Reader *>(task->privdata);
        if (!is_resp2(task)) {
            return nullptr;
        }
        try {
            return create(reader);
        } catch (...) {
            reader.violation_ = Violation::out_of_memory;
            return nullptr;
        }
    }

    static void *string(const redisReadTask *task, char *data, std::size_t size)
    {
        return guarded(task, [=](Reader &reader) {
            return reader.add_text(task, {data, size});
        });
    }

    // The size is an int in hiredis 0.14, a size_t from 1.0 on.
    template <class Size>
    static void *array(const redisReadTask *task, Size size)
    {
        return guarded(task, [=](Reader &reader) {
            return reader.add_array(task, static_cast<std::size_t>(size));
        });
    }

    static void *integer(const redisReadTask *task, long long value)
    {
        return guarded(task, [=](Reader &reader) {
            return reader.add_number(task, value);
        });
    }

    static void *nil(const redisReadTask *task)
    {
        return guarded(task,
                       [=](Reader &reader) { return reader.add_nil(task); });
    }

    // Without these members' functions hiredis 1.x would make up an address.
    template <class Functions> static void refuse_resp3(Functions &functions)
    {
        if constexpr (requires { functions.createDouble; }) {
            functions.createDouble = [](const redisReadTask *, double, char *,
                                        std::size_t) -> void * {
                return nullptr;
            };
            functions.createBool = [](const redisReadTask *, int) -> void * {
                return nullptr;
            };
        }
    }

    static redisReplyObjectFunctions table()
    {
        redisReplyObjectFunctions functions{};
        functions.createString = string;
        functions.createArray = array;
        functions.createInteger = integer;
        functions.createNil = nil;
        refuse_resp3(functions);
        return functions;
    }

    static redisReader *parser()
    {
        static redisReplyObjectFunctions functions = table();
        return redisReaderCreateWithFunctions(&functions);
    }
};

void Reader::Free::operator()(redisReader *reader) const
{
    redisReaderFree(reader);
}

Reader::Reader(const ReplyLimits &limits)
    : limits_(limits), parser_(Hooks::parser())
{
    if (parser_ == nullptr) {
        throw std::bad_alloc();
    }
    // An empty buffer larger than this is given back with the next feed.
    parser_->maxbuf = std::size_t{256} << 10;
    parser_->privdata = this;
}

std::span<char> Reader::space(std::pmr::memory_resource *target)
{
    if (bulk_ && target == nullptr) {
        bulk_->drop();
    }
    return bulk_ ? bulk_->space() : std::span<char>();
}

Reader::Next Reader::next(std::pmr::memory_resource *target)
{
    if (violation_ != Violation::none) {
        return {Status::violated, nullptr};
    }
    try {
        return read(target);
    } catch (const std::bad_alloc &) {
        return violate(Violation::out_of_memory);
    }
}

Reader::Next Reader::read(std::pmr::memory_resource *target)
{
    for (;;) {
        if (bulk_ || begin_bulk(target)) {
            return take_bulk(target);
        }
        const Next next = parse(target);
        if (next.status != Status::incomplete || fed_.empty()) {
            return next;
        }
        feed_parser();
    }
}

bool Reader::is_between_replies() const
{
    return parser_->ridx == -1 && parser_->pos == parser_->len;
}

bool Reader::begin_bulk(std::pmr::memory_resource *target)
{
    const auto head = is_between_replies()
                          ? parse_bulk_head(fed_, limits_.bytes)
                          : std::nullopt;
    if (!head) {
        return false;
    }
    Reply *reply = nullptr;
    char *data = nullptr;
    if (target != nullptr) {
        std::pmr::polymorphic_allocator<Reply> allocator(target);
        reply = allocator.new_object<Reply>();
        data = static_cast<char *>(target->allocate(head->length, 1));
    }
    bulk_.emplace(reply, data, head->length);
    fed_.remove_prefix(head->size);
    return true;
}

Reader::Next Reader::take_bulk(std::pmr::memory_resource *target)
{
    if (target == nullptr) {
        bulk_->drop();
    }
    fed_.remove_prefix(bulk_->take(fed_));
    if (bulk_->broken()) {
        return violate(Violation::protocol);
    }
    if (!bulk_->complete()) {
        return {Status::incomplete, nullptr};
    }
    const Reply *reply = bulk_->finish();
    bulk_.reset();
    return {reply != nullptr ? Status::reply : Status::dropped, reply};
}

// A line that is a whole reply goes alone: behind it a bulk may begin.
void Reader::feed_parser()
{
    std::string_view part = fed_.substr(0, kFeedSize);
    if (is_between_replies() && !part.starts_with('*')) {
        const std::size_t end = part.find("\r\n");
        part = part.substr(0, end == part.npos ? end : end + 2);
    }
    fed_.remove_prefix(part.size());
    if (redisReaderFeed(parser_.get(), part.data(), part.size()) != REDIS_OK) {
        throw std::bad_alloc();
    }
}

Reader::Next Reader::parse(std::pmr::memory_resource *target)
{
    // Nobody may be waiting yet for a reply whose first byte is not here.
    if (parser_->pos == parser_->len) {
        return {Status::incomplete, nullptr};
    }
    target_ = target;
    dropping_ = dropping_ || target == nullptr;

    void *root = nullptr;
    if (redisReaderGetReply(parser_.get(), &root) != REDIS_OK) {
        return violate(Violation::protocol);
    }
    if (root != nullptr) {
        return finish(root);
    }

    check_incomplete();
    return violation_ == Violation::none ? Next{Status::incomplete, nullptr}
                                         : Next{Status::violated, nullptr};
}

Reader::Next Reader::finish(void *root)
{
    const bool dropped = dropping_;

    used_ = 0;
    elements_ = 0;
    dropping_ = false;
    return dropped ? Next{Status::dropped, nullptr}
                   : Next{Status::reply, static_cast<const Reply *>(root)};
}

Reader::Next Reader::violate(Violation violation)
{
    if (violation_ == Violation::none) {
        violation_ = violation;
    }
    return {Status::violated, nullptr};
}

// What the parser has not consumed begins with a line. Once that line is
// complete it can only be the length of a bulk whose bytes are still to come.
void Reader::check_incomplete()
{
    const std::string_view rest(parser_->buf + parser_->pos,
                                parser_->len - parser_->pos);
    const std::size_t end = rest.substr(0, limits_.line).find("\r\n");

    if (end == std::string_view::npos) {
        if (rest.size() >= limits_.line) {
            violate(Violation::too_long);
        }
        return;
    }

    const std::size_t room = limits_.bytes - used_;
    const auto length = parse_decimal(rest.substr(0, end), room + 1);
    if (!length || *length > room) {
        violate(Violation::too_long);
    }
}

bool Reader::account(std::size_t size)
{
    if (size > limits_.bytes - used_) {
        violate(Violation::too_long);
        return false;
    }
    used_ += size;
    return true;
}

// The reply that `task` creates: the root, or an element of the array around
// it.
Reply *Reader::place(const redisReadTask *task)
{
    if (task->parent != nullptr) {
        const auto *array = static_cast<Reply *>(task->parent->obj);
        return &array->elements[static_cast<std::size_t>(task->idx)];
    }
    std::pmr::polymorphic_allocator<Reply> allocator(target_);
    return allocator.new_object<Reply>();
}

void *Reader::add_text(const redisReadTask *task, std::string_view text)
{
    if (std::memcmp(text.data() + text.size(), "\r\n", 2) != 0) {
        violate(Violation::protocol);
        return nullptr;
    }
    if (!account(text.size())) {
        return nullptr;
    }
    if (dropping_) {
        return nowhere();
    }

    Reply *reply = place(task);
    reply->type = type_of(task);
    if (!text.empty()) {
        char *copy = static_cast<char *>(target_->allocate(text.size(), 1));
        std::memcpy(copy, text.data(), text.size());
        reply->text = {copy, text.size()};
    }
    return reply;
}

void *Reader::add_array(const redisReadTask *task, std::size_t size)
{
    if (depth_of(task) > limits_.depth) {
        violate(Violation::too_deep);
        return nullptr;
    }
    if (size > limits_.elements - elements_) {
        violate(Violation::too_many_elements);
        return nullptr;
    }
    if (!account(size * sizeof(Reply))) {
        return nullptr;
    }
    elements_ += size;
    if (dropping_) {
        return nowhere();
    }

    Reply *reply = place(task);
    reply->type = ReplyType::array;
    if (size != 0) {
        std::pmr::polymorphic_allocator<Reply> allocator(target_);
        Reply *elements = allocator.allocate(size);
        std::uninitialized_value_construct_n(elements, size);
        reply->elements = {elements, size};
    }
    return reply;
}

void *Reader::add_number(const redisReadTask *task, long long value)
{
    if (dropping_) {
        return nowhere();
    }
    Reply *reply = place(task);
    reply->type = ReplyType::integer;
    reply->integer = value;
    return reply;
}

void *Reader::add_nil(const redisReadTask *task)
{
    return dropping_ ? nowhere() : place(task);
}

} // namespace edge::redis
