// The script in Redis and the algorithms here on random histories: identical
// decisions, or the first that differs.
//
//   script_steps PORT STEPS

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>

#include "limit/meter.h"

using namespace edge;
using namespace edge::limit;

namespace {

using Random = std::mt19937_64;

// What one key has used, by the algorithms of limit/.
struct Account
{
    Meter meter;
    Micros tat = 0;
    WindowCount window;
    QuotaCount quota;
};

void roll_to(Account &account, Micros now)
{
    if (const auto *window = std::get_if<Window>(&account.meter)) {
        account.window = roll(*window, account.window, now);
    } else if (const auto *quota = std::get_if<Quota>(&account.meter)) {
        account.quota = roll(*quota, account.quota, now);
    }
}

Micros level(const Account &account, Micros now)
{
    return std::max(0.0, account.tat - now);
}

std::uint64_t left(const Account &account, Micros now)
{
    return std::visit(
        Overloaded{[&](const Bucket &bucket) {
                       return remaining(bucket, level(account, now));
                   },
                   [&](const Window &window) {
                       return remaining(window, account.window, now);
                   },
                   [&](const Quota &quota) {
                       return static_cast<std::uint64_t>(quota.units -
                                                         account.quota.used);
                   }},
        account.meter);
}

void charge(Account &account, Micros now, double units)
{
    std::visit(Overloaded{[&](const Bucket &bucket) {
                              account.tat = now + level(account, now) +
                                            units * bucket.interval;
                          },
                          [&](const Window &) { account.window.used += units; },
                          [&](const Quota &) { account.quota.used += units; }},
               account.meter);
}

double time_of(const Account &account, Micros now, std::uint64_t cost)
{
    return std::visit(
        Overloaded{
            [&](const Bucket &) { return std::ceil(level(account, now)); },
            [&](const Window &window) {
                const std::uint64_t rest = left(account, now);
                const bool waits =
                    cost > rest && static_cast<double>(cost) <= window.units;
                return wait_for(window, account.window, now,
                                waits ? cost : rest + 1)
                    .value_or(0);
            },
            [&](const Quota &) { return account.quota.ends - now; }},
        account.meter);
}

Meter any_meter(Random &random)
{
    const std::uint64_t burst = 1 + random() % 20;
    switch (random() % 3) {
    case 0:
        return *make_bucket({1 + random() % 3000, 1}, burst);
    case 1:
        return Window{static_cast<double>(burst),
                      1e6 * static_cast<double>(1 + random() % 60)};
    default:
        return Quota{static_cast<double>(burst),
                     static_cast<Calendar>(random() % 4),
                     static_cast<std::int32_t>(random() % 57) * 1800 - 50400};
    }
}

class Server
{
public:
    explicit Server(int port) : context_(redisConnect("127.0.0.1", port)) {}
    ~Server() { redisFree(context_); }
    Server(const Server &) = delete;

    bool connected() const { return context_ && !context_->err; }

    // The integers of the answer.
    std::vector<double> call(const redis::LimitCall &limits)
    {
        const redis::ScriptCall script = limits.call();
        std::vector<std::string> words = {"EVAL",
                                          std::string(script.script->text),
                                          std::to_string(script.keys.size())};
        words.insert(words.end(), script.keys.begin(), script.keys.end());
        words.insert(words.end(), script.arguments.begin(),
                     script.arguments.end());
        std::vector<const char *> bytes;
        std::vector<std::size_t> sizes;
        for (const std::string &word : words) {
            bytes.push_back(word.data());
            sizes.push_back(word.size());
        }
        auto *reply = static_cast<redisReply *>(
            redisCommandArgv(context_, static_cast<int>(words.size()),
                             bytes.data(), sizes.data()));
        std::vector<double> numbers;
        for (std::size_t i = 0; reply && i < reply->elements; i++) {
            numbers.push_back(static_cast<double>(reply->element[i]->integer));
        }
        freeReplyObject(reply);
        return numbers;
    }

private:
    redisContext *context_;
};

// Several keys with a meter each; some of them are asked for in each step.
class History
{
public:
    History(Random &random, Server &server, std::uint64_t number)
        : random_(random), server_(server), number_(number)
    {
        for (std::size_t i = 0; i < 1 + random() % 3; i++) {
            accounts_.emplace_back().meter = any_meter(random);
        }
    }

    // False: they differ.
    bool step()
    {
        now_ += static_cast<double>(random_() %
                                    (random_() % 50 ? 300'000 : 3'000'000'000));
        std::vector<redis::ScriptLimit> limits;
        std::vector<std::string> keys;
        keys.reserve(accounts_.size());
        for (std::size_t i = 0; i < accounts_.size(); i++) {
            keys.push_back("{h}" + std::to_string(number_) + ":" +
                           std::to_string(i));
            limits.push_back(script_figures(accounts_[i].meter));
            limits.back().key = keys.back();
            limits.back().cost = static_cast<std::int64_t>(random_() % 4);
            limits.back().dry_run = random_() % 5 == 0;
        }
        const redis::LimitCall call(limits, 1,
                                    static_cast<std::uint64_t>(now_));
        return server_.call(call) == expected(limits);
    }

private:
    std::vector<double> expected(const std::vector<redis::ScriptLimit> &limits)
    {
        double granted = 1;
        double denied = 0;
        std::vector<bool> fits;
        for (std::size_t i = 0; i < limits.size(); i++) {
            roll_to(accounts_[i], now_);
            const auto cost = static_cast<std::uint64_t>(limits[i].cost);
            fits.push_back(left(accounts_[i], now_) >= cost);
            if (!fits.back()) {
                denied += std::exp2(i);
                granted = limits[i].dry_run ? granted : 0;
            }
        }
        std::vector<double> all = {granted, denied};
        for (std::size_t i = 0; i < limits.size(); i++) {
            if (granted > 0 && fits[i]) {
                charge(accounts_[i], now_, static_cast<double>(limits[i].cost));
            }
            all.push_back(static_cast<double>(left(accounts_[i], now_)));
            all.push_back(time_of(accounts_[i], now_,
                                  static_cast<std::uint64_t>(limits[i].cost)));
        }
        return all;
    }

    Random &random_;
    Server &server_;
    std::uint64_t number_;
    Micros now_ = 1.8e15;
    std::vector<Account> accounts_;
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fputs("usage: script_steps PORT STEPS\n", stderr);
        return 2;
    }
    Server server(std::atoi(argv[1]));
    if (!server.connected()) {
        std::fputs("script_steps: no Redis there\n", stderr);
        return 2;
    }
    Random random(1);
    const std::uint64_t steps = std::strtoull(argv[2], nullptr, 10);
    std::uint64_t done = 0;
    for (std::uint64_t number = 0; done < steps; number++) {
        History history(random, server, number);
        for (int i = 0; i < 200; i++, done++) {
            if (!history.step()) {
                std::printf("history %llu differs at step %d\n",
                            static_cast<unsigned long long>(number), i);
                return 1;
            }
        }
    }
    std::printf("%llu\n", static_cast<unsigned long long>(done));
    return 0;
}
