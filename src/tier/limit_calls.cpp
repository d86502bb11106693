#include "tier/limit_calls.h"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <span>
#include <utility>

#include "ngx/clock.h"
#include "redis/error.h"
#include "redis/state.h"

namespace edge::tier {

namespace {

template <typename T> void append_bytes(std::string &out, const T &value)
{
    out.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

// The same for questions with the same answer; what is leased besides is not
// part of it.
std::string name_of(std::span<const redis::ScriptLimit> limits, Millis timeout)
{
    std::string name;
    append_bytes(name, timeout);
    for (const redis::ScriptLimit &limit : limits) {
        append_bytes(name, limit.key.size());
        name.append(limit.key);
        append_bytes(name, limit.kind);
        append_bytes(name, limit.a);
        append_bytes(name, limit.b);
        append_bytes(name, limit.cost);
    }
    return name;
}

// The answer to several does not tell which of them a dry run would refuse.
bool may_wait(std::span<const redis::ScriptLimit> limits, Millis timeout)
{
    return timeout >= LimitCalls::kLeastTimeout &&
           std::none_of(limits.begin(), limits.end(),
                        [](const auto &limit) { return limit.dry_run; });
}

// What says something about Redis and not about these limits: the client tells
// it, once.
bool is_told_once(const redis::Reply &reply)
{
    return reply.type == redis::ReplyType::error &&
           redis::state_of(redis::error_kind(reply.text)) !=
               redis::NodeState::up;
}

std::string_view complaint_of(const redis::Reply &reply)
{
    if (is_told_once(reply)) {
        return {};
    }
    return reply.type == redis::ReplyType::error ? reply.text
                                                 : "something else than limits";
}

} // namespace

// One call under way, with everything it points at: who has asked may leave.
class LimitCalls::Call
{
public:
    Call(LimitCalls &calls, Questions questions, Queue *queue)
        : queue_(queue), questions_(std::move(questions)), calls_(calls),
          limits_(copy(questions_.back()->limits_)),
          script_(limits_, static_cast<int>(questions_.size()), 0),
          call_(script_.call()), operation_(&memory_, &Call::over, this)
    {
        for (Question *question : questions_) {
            question->queue_ = nullptr;
            question->call_ = this;
        }
    }
    ~Call()
    {
        for (Question *question : questions_) {
            if (question != nullptr) {
                question->call_ = nullptr;
            }
        }
    }
    Call(const Call &) = delete;

    bool submit(Millis timeout)
    {
        return calls_.redis_.submit(operation_, call_, timeout);
    }
    void forget(const Question &question)
    {
        std::replace(questions_.begin(), questions_.end(),
                     const_cast<Question *>(&question),
                     static_cast<Question *>(nullptr));
    }
    void tell();

    Queue *queue() const { return queue_; }
    std::list<Call>::iterator self;

private:
    static void over(void *data)
    {
        auto *call = static_cast<Call *>(data);
        call->calls_.finish(*call);
    }
    std::vector<redis::ScriptLimit>
    copy(std::span<const redis::ScriptLimit> limits);

    Queue *queue_; // null: it was asked alone
    Questions questions_;
    LimitCalls &calls_;
    std::string keys_;
    std::vector<redis::ScriptLimit> limits_;
    redis::LimitCall script_;
    const redis::ScriptCall call_;
    std::array<std::byte, 512> buffer_;
    std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
    redis::Operation operation_;
};

struct LimitCalls::Queue
{
    Queue(LimitCalls &owner, Millis longest)
        : calls(owner), timeout(longest),
          timer(&LimitCalls::on_wait_over, this, ngx::Timer::Holds::worker)
    {
    }
    ~Queue()
    {
        for (Question *question : waiting) {
            question->queue_ = nullptr;
        }
    }

    LimitCalls &calls;
    const Millis timeout;
    std::string_view name; // in the map
    Questions waiting;
    std::size_t under_way = 0; // calls
    ngx::Timer timer;          // for the first that waits
};

std::vector<redis::ScriptLimit>
LimitCalls::Call::copy(std::span<const redis::ScriptLimit> limits)
{
    std::size_t size = 0;
    for (const redis::ScriptLimit &limit : limits) {
        size += limit.key.size();
    }
    keys_.reserve(size);
    std::vector<redis::ScriptLimit> all(limits.begin(), limits.end());
    for (redis::ScriptLimit &limit : all) {
        const std::size_t begin = keys_.size();
        keys_.append(limit.key);
        limit.key = std::string_view(keys_).substr(begin);
    }
    return all;
}

void LimitCalls::Call::tell()
{
    const auto wanted = static_cast<int>(questions_.size());
    const redis::Reply *reply = operation_.reply();
    const auto answer =
        reply ? parse_limit_answer(*reply, limits_, wanted) : std::nullopt;
    std::string_view complaint =
        reply && !answer ? complaint_of(*reply) : std::string_view();
    for (std::size_t place = 0; place < questions_.size(); place++) {
        Question *question = std::exchange(questions_[place], nullptr);
        if (question == nullptr) {
            continue;
        }
        question->call_ = nullptr;
        if (answer) {
            question->answer_ =
                redis::answer_to_one(*answer, limits_, wanted, place);
        }
        question->complaint_ = std::exchange(complaint, {});
        question->completion_(question->data_);
    }
}

void LimitCalls::Question::withdraw()
{
    if (queue_ != nullptr) {
        std::erase(queue_->waiting, this);
        queue_ = nullptr;
    }
    if (call_ != nullptr) {
        call_->forget(*this);
        call_ = nullptr;
    }
}

LimitCalls::LimitCalls(client::Redis &redis) : redis_(redis) {}

LimitCalls::~LimitCalls() = default;

bool LimitCalls::ask(Question &question, Millis timeout)
{
    question.withdraw();
    question.answer_.reset();
    question.asked_ = ngx::monotonic_micros();
    if (!may_wait(question.limits_, timeout)) {
        return send({&question}, timeout, nullptr);
    }
    const auto [found, is_new] =
        queues_.try_emplace(name_of(question.limits_, timeout), *this, timeout);
    Queue &queue = found->second;
    if (is_new) {
        queue.name = found->first;
        const bool is_sent = send({&question}, timeout, &queue);
        if (!is_sent) {
            queues_.erase(found);
        }
        return is_sent;
    }
    if (queue.waiting.empty()) {
        queue.timer.start(kLongestWait);
    }
    queue.waiting.push_back(&question);
    question.queue_ = &queue;
    return true;
}

bool LimitCalls::send(Questions questions, Millis timeout, Queue *queue)
{
    Call &call = calls_.emplace_front(*this, std::move(questions), queue);
    call.self = calls_.begin();
    if (!call.submit(timeout)) {
        calls_.pop_front();
        return false;
    }
    if (queue != nullptr) {
        queue->under_way++;
    }
    return true;
}

// Who has waited for others has that much less time for Redis.
void LimitCalls::send_waiting(Queue &queue)
{
    queue.timer.stop();
    const Questions questions = std::exchange(queue.waiting, {});
    if (questions.empty()) {
        return;
    }
    const std::chrono::microseconds waited(ngx::monotonic_micros() -
                                           questions.front()->asked_);
    const Millis left = std::chrono::ceil<Millis>(queue.timeout - waited);
    if (send(questions, std::max(left, Millis(1)), &queue)) {
        return;
    }
    for (Question *question : questions) {
        question->queue_ = nullptr;
        question->completion_(question->data_);
    }
}

void LimitCalls::on_wait_over(void *data)
{
    auto *queue = static_cast<Queue *>(data);
    queue->calls.send_waiting(*queue);
}

void LimitCalls::finish(Call &call)
{
    call.tell();
    Queue *queue = call.queue();
    calls_.erase(call.self);
    if (queue == nullptr) {
        return;
    }
    queue->under_way--;
    send_waiting(*queue);
    if (queue->under_way == 0) {
        queues_.erase(queues_.find(std::string(queue->name)));
    }
}

} // namespace edge::tier
