// The three algorithms against their definitions, word for word, in memory that
// grows with what was admitted; and how fast the local decision is.
//
//   steps reference STEPS     identical decisions, or the first that differs
//   steps local SECONDS       decisions a second on one core

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "limit/local.h"

using namespace edge;
using namespace edge::limit;

namespace {

using Random = std::mt19937_64;

constexpr Micros kBegin = 1.8e15; // 2027

double any(Random &random, double most)
{
    return static_cast<double>(random() %
                               (static_cast<std::uint64_t>(most) + 1));
}

// No interval t holds more than rate * t + burst. What is older than a full
// bucket takes to drain, with nothing left over, can be dropped.
class BucketReference
{
public:
    explicit BucketReference(const Bucket &bucket) : bucket_(bucket) {}

    bool admit(Micros now, double units)
    {
        double sum = units;
        for (auto old = admitted_.rbegin(); old != admitted_.rend(); ++old) {
            sum += old->units;
            if (sum * bucket_.interval > now - old->at + bucket_.capacity) {
                return false;
            }
        }
        if (units * bucket_.interval > bucket_.capacity) {
            return false;
        }
        admitted_.push_back({now, units});
        drop(now);
        return true;
    }

private:
    struct Admitted
    {
        Micros at;
        double units;
    };

    // From an empty bucket on nothing before counts.
    void drop(Micros now)
    {
        Micros level = 0;
        Micros last = 0;
        std::size_t first = 0;
        for (std::size_t i = 0; i < admitted_.size(); i++) {
            level = std::max(0.0, level - (admitted_[i].at - last));
            last = admitted_[i].at;
            first = level == 0 ? i : first;
            level += admitted_[i].units * bucket_.interval;
        }
        if (level - (now - last) <= 0) {
            first = admitted_.size();
        }
        admitted_.erase(admitted_.begin(),
                        admitted_.begin() + static_cast<long>(first));
    }

    Bucket bucket_;
    std::deque<Admitted> admitted_;
};

class WindowReference
{
public:
    explicit WindowReference(const Window &window) : window_(window) {}

    bool admit(Micros now, double units)
    {
        const double number = std::floor(now / window_.width);
        const double rest = window_.width - (now - number * window_.width);
        const double before = std::ceil(of(number - 1) * rest / window_.width);
        if (of(number) + before + units > window_.units) {
            return false;
        }
        admitted_[number] += units;
        return true;
    }

private:
    double of(double number) const
    {
        const auto found = admitted_.find(number);
        return found == admitted_.end() ? 0 : found->second;
    }

    Window window_;
    std::map<double, double> admitted_;
};

// Periods told apart by the C library's calendar.
class QuotaReference
{
public:
    explicit QuotaReference(const Quota &quota) : quota_(quota) {}

    bool admit(Micros now, double units)
    {
        double &used = used_[name(now)];
        if (used + units > quota_.units) {
            return false;
        }
        used += units;
        return true;
    }

private:
    std::string name(Micros now) const
    {
        const auto local =
            static_cast<time_t>(now / 1e6) + time_t{quota_.offset};
        tm parts;
        gmtime_r(&local, &parts);
        const char *formats[] = {"%Y%m%d%H", "%Y%m%d", "%G-%V", "%Y%m"};
        char text[32];
        std::strftime(text, sizeof(text),
                      formats[static_cast<int>(quota_.period)], &parts);
        return text;
    }

    Quota quota_;
    std::map<std::string, double> used_;
};

// One history of the algorithm and its reference; steps that were compared.
template <typename Reference, typename Admit>
std::uint64_t compare(Random &random, Reference reference, double gap,
                      double most_units, Admit &&admit)
{
    constexpr std::uint64_t kSteps = 1000;
    Micros now = kBegin + any(random, 1e12);
    for (std::uint64_t i = 0; i < kSteps; i++) {
        now += any(random, gap);
        const double units = 1 + any(random, most_units - 1);
        if (admit(now, units) != reference.admit(now, units)) {
            std::printf("differs at step %llu\n",
                        static_cast<unsigned long long>(i));
            std::exit(1);
        }
    }
    return kSteps;
}

std::uint64_t compare_buckets(Random &random)
{
    const Rate rate{1 + random() % 3000, 1};
    const std::uint64_t burst = 1 + random() % 20;
    const Bucket bucket = *make_bucket(rate, burst);
    Micros tat = 0;
    return compare(random, BucketReference(bucket), bucket.interval * 3,
                   static_cast<double>(1 + random() % (burst + 1)),
                   [&](Micros now, double units) {
                       const Decision decision = decide(
                           bucket, tat, now, static_cast<std::uint64_t>(units));
                       tat = decision.tat;
                       return decision.allowed;
                   });
}

std::uint64_t compare_windows(Random &random)
{
    const Window window{1 + any(random, 49), 1e6 * (1 + any(random, 59))};
    WindowCount count;
    return compare(
        random, WindowReference(window), 4 * window.width / window.units, 3,
        [&](Micros now, double units) {
            count = roll(window, count, now);
            const bool fits =
                static_cast<double>(remaining(window, count, now)) >= units;
            count.used += fits ? units : 0;
            return fits;
        });
}

std::uint64_t compare_quotas(Random &random)
{
    const Quota quota{1 + any(random, 99), static_cast<Calendar>(random() % 4),
                      static_cast<std::int32_t>(any(random, 56) * 1800) -
                          50400};
    constexpr double lengths[] = {3600e6, 86400e6, 7 * 86400e6, 30 * 86400e6};
    QuotaCount count;
    return compare(random, QuotaReference(quota),
                   lengths[static_cast<int>(quota.period)] / quota.units, 2,
                   [&](Micros now, double units) {
                       count = roll(quota, count, now);
                       const bool fits = count.used + units <= quota.units;
                       count.used += fits ? units : 0;
                       return fits;
                   });
}

void reference(std::uint64_t steps)
{
    Random random(1);
    std::uint64_t done[3] = {};
    while (done[0] + done[1] + done[2] < steps) {
        done[0] += compare_buckets(random);
        done[1] += compare_windows(random);
        done[2] += compare_quotas(random);
    }
    std::printf("%llu\n",
                static_cast<unsigned long long>(done[0] + done[1] + done[2]));
}

// By the time that this process has run.
void local(double seconds)
{
    constexpr std::size_t kSize = 16 << 20;
    auto *memory = static_cast<std::byte *>(
        std::aligned_alloc(shm::Buckets::kAlignment, kSize));
    const auto zone = *shm::Buckets::format({memory, kSize});
    LocalLimit limit{
        .zone = zone, .key = {}, .meter = *make_bucket({1000, 1}, 100)};
    Random random(1);
    std::uint64_t decisions = 0;
    const std::clock_t begin = std::clock();
    const auto ran = [begin] {
        return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    };
    while (ran() < seconds) {
        for (int i = 0; i < 1000; i++) {
            const std::uint64_t key = random() % 100'000;
            limit.key = {key, key * 0x9e3779b97f4a7c15};
            const auto now = static_cast<Micros>(decisions++);
            decide_locally({&limit, 1}, {1e12 + now, kBegin + now});
        }
    }
    std::printf("%.0f\n", static_cast<double>(decisions) / ran());
    std::free(memory);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 3 && std::strcmp(argv[1], "reference") == 0) {
        reference(std::strtoull(argv[2], nullptr, 10));
        return 0;
    }
    if (argc == 3 && std::strcmp(argv[1], "local") == 0) {
        local(std::strtod(argv[2], nullptr));
        return 0;
    }
    std::fputs("usage: steps reference STEPS | steps local SECONDS\n", stderr);
    return 2;
}
