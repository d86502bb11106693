// Several workers on one zone that is too small for them: what one sends out
// of it outside the lock is never overwritten by the others.

#include "shm_zone.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <vector>

using namespace edge_test;

namespace {

constexpr unsigned kWorkers = 3;
constexpr unsigned kRounds = 4000;
constexpr std::uint64_t kNames = 60;

class SpinLock
{
public:
    void lock()
    {
        while (held_.test_and_set(std::memory_order_acquire)) {
            sched_yield();
        }
    }
    void unlock() { held_.clear(std::memory_order_release); }

private:
    std::atomic_flag held_;
};

// The seed of an object's bytes is in its head, so that everyone can tell what
// they have to be.
struct Head
{
    std::uint64_t seed;
};

class Worker
{
public:
    Worker(MemoryTier tier, SpinLock &lock, unsigned number)
        : tier_(tier), lock_(lock), random_(number + 1), number_(number)
    {
        const std::lock_guard guard(lock_);
        owner_ = *tier_.claim_owner(number + 1, 1);
    }

    bool run()
    {
        for (unsigned round = 0; round < kRounds; round++) {
            random_() % 3 == 0 ? fill(round) : look();
            while (sending_.size() > 5) {
                if (!finish()) {
                    return false;
                }
            }
        }
        // Dies with its last pins.
        return true;
    }

private:
    void fill(unsigned round)
    {
        const std::uint64_t name = random_() % kNames;
        const ObjectSpec spec =
            variant_of(name % 7, name, {sizeof(Head), random_() % 20000});
        std::unique_lock guard(lock_);
        const auto made = reserve(tier_, spec, owner_);
        guard.unlock();
        const auto *reservation = std::get_if<Reservation>(&made);
        if (reservation == nullptr) {
            return;
        }
        const Head head{std::uint64_t{number_} << 32 | round};
        edge_test::fill(*reservation, head.seed);
        std::memcpy(reservation->head().data(), &head, sizeof(head));
        guard.lock();
        tier_.publish(reservation->pin());
        guard.unlock();
        sending_.push_back(reservation->object());
    }

    void look()
    {
        const std::lock_guard guard(lock_);
        const std::uint64_t name = random_() % kNames;
        if (random_() % 20 == 0) {
            tier_.remove_resource(hash_of(name % 7));
        } else if (const auto object = find(tier_, name, owner_)) {
            sending_.push_back(*object);
        }
    }

    bool finish()
    {
        std::swap(sending_[random_() % sending_.size()], sending_.back());
        const PinnedObject object = sending_.back();
        sending_.pop_back();
        const bool whole = intact(object);
        const std::lock_guard guard(lock_);
        tier_.unpin(object.pin());
        return whole;
    }

    static bool intact(const PinnedObject &object)
    {
        Head head;
        std::memcpy(&head, object.head().data(), sizeof(head));
        std::size_t i = sizeof(head);
        for (auto body = object.body(); const auto piece = body.next();) {
            for (char c : *piece) {
                if (c != byte_of(head.seed, i++)) {
                    return false;
                }
            }
        }
        return i == sizeof(head) + object.body_size();
    }

    MemoryTier tier_;
    SpinLock &lock_;
    std::minstd_rand random_;
    unsigned number_;
    OwnerSlot owner_{};
    std::vector<PinnedObject> sending_;
};

void what_one_worker_sends_the_others_leave_alone(void **)
{
    Zone zone(256 * 1024);
    Zone page(MemoryTier::kMinimumSize);
    SpinLock &lock = *new (page.bytes().data()) SpinLock;
    std::vector<pid_t> children;
    for (unsigned number = 0; number < kWorkers; number++) {
        children.push_back(fork());
        if (children.back() == 0) {
            _exit(Worker(zone.attach(), lock, number).run() ? 0 : 1);
        }
    }
    for (const pid_t child : children) {
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    MemoryTier tier = zone.attach();
    assert_true(tier.check());
    assert_true(tier.stats().evicted_capacity > 1000);
    const auto owners = tier.owners();
    for (std::size_t slot = 0; slot < owners.size(); slot++) {
        tier.release_owner(static_cast<OwnerSlot>(slot), owners[slot]);
    }
    assert_true(tier.check());
    assert_int_equal(tier.stats().pinned_objects, 0);
    assert_int_equal(tier.stats().free_pins, 1024);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_one_worker_sends_the_others_leave_alone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
