// Workers killed with SIGKILL at any instruction of any operation: a child
// works on the zone, is stepped through it one instruction at a time and dies
// somewhere inside the lock. Whoever comes next recovers, and those who were
// sending bytes out of the zone all the while must not notice.

#include "shm_random_spec.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

using namespace edge_test;

namespace {

constexpr unsigned kDeaths = 200;

using Mark = std::atomic<std::uint32_t>;

// The lock as nginx's side uses it, without the mutex: there is one process
// at a time here.
class Locked
{
public:
    explicit Locked(Mark &changing) : changing_(changing)
    {
        changing_.store(1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Locked()
    {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        changing_.store(0, std::memory_order_release);
    }
    Locked(const Locked &) = delete;
    Locked &operator=(const Locked &) = delete;

private:
    Mark &changing_;
};

// The worker that will die: every operation there is, in random order, one
// lock each.
class Victim
{
public:
    Victim(MemoryTier tier, Mark &changing, OwnerSlot owner, unsigned seed)
        : tier_(tier), changing_(changing), owner_(owner), random_(seed),
          self_(tier_.owners()[static_cast<std::size_t>(owner)])
    {
    }

    void work()
    {
        switch (random_() % 16) {
        case 0:
            return forget_all();
        case 1:
            return locked([&] { tier_.clear(); });
        case 2:
            return locked([&] { tier_.recover(); });
        case 3:
            return locked([&] { tier_.remove(random_name()); });
        case 4:
            return locked([&] { tier_.remove_resource(random_name()); });
        case 5:
        case 6:
        case 7:
            return pin();
        case 8:
        case 9:
        case 10:
            return unpin();
        default:
            return fill();
        }
    }

private:
    template <typename Operation> void locked(Operation operation)
    {
        const Locked lock(changing_);
        operation();
    }

    Hash128 random_name() { return hash_of(1 + random_() % (2 * kNames)); }

    void forget_all()
    {
        locked([&] {
            tier_.release_owner(owner_, self_);
            owner_ = *tier_.claim_owner(self_.pid, self_.start);
        });
        pins_.clear();
    }

    void pin()
    {
        locked([&] {
            const auto found = tier_.find(random_name(), owner_, at(0));
            if (const auto *object = std::get_if<PinnedObject>(&found)) {
                pins_.push_back(object->pin());
            }
        });
    }

    void unpin()
    {
        if (!pins_.empty()) {
            locked([&] { tier_.unpin(pins_.back()); });
            pins_.pop_back();
        }
    }

    void fill()
    {
        std::optional<Reservation> reservation;
        const ObjectSpec spec = random_spec(random_, 1 + kNames);
        locked([&] {
            const auto made = tier_.reserve(spec, owner_, at(0));
            if (const auto *room = std::get_if<Reservation>(&made)) {
                reservation = *room;
            }
        });
        if (!reservation) {
            return;
        }
        pins_.push_back(reservation->pin());
        grow(*reservation);
        std::memset(reservation->head().data(), 'v', spec.head_size);
        std::size_t size = 0;
        for (auto body = reservation->body(); auto piece = body.next();) {
            std::memset(piece->data(), 'v', piece->size());
            size += piece->size();
        }
        const std::string head(spec.head_size, 'w');
        locked([&] {
            tier_.finish(reservation->pin(), head, random_() % (size + 1));
        });
        locked([&] { tier_.publish(reservation->pin()); });
        if (random_() % 2 == 0) {
            unpin();
        }
    }

    void grow(const Reservation &reservation)
    {
        while (reservation.grows() && random_() % 4 != 0) {
            locked([&] {
                tier_.extend(reservation.pin(), 1 + random_() % 4000, at(0));
            });
        }
    }

    MemoryTier tier_;
    Mark &changing_;
    OwnerSlot owner_;
    Random random_;
    Owner self_;
    std::vector<Pin> pins_;
};

// The worker that lives, and keeps looking at the bytes it has pinned.
class Survivor
{
public:
    explicit Survivor(MemoryTier tier)
        : tier_(tier), owner_(*tier_.claim_owner(1, 1))
    {
    }

    void work()
    {
        for (int i = 0; i < 4; i++) {
            fill();
            pin();
        }
        while (held_.size() > 8) {
            std::swap(held_[random_() % held_.size()], held_.back());
            tier_.publish(held_.back().object.pin());
            tier_.unpin(held_.back().object.pin());
            held_.pop_back();
        }
    }

    bool undisturbed() const
    {
        for (const Held &held : held_) {
            if (!holds(held.object, held.seed, held.size)) {
                return false;
            }
        }
        return true;
    }

    std::size_t pins() const { return held_.size(); }

private:
    struct Held
    {
        PinnedObject object;
        std::uint64_t seed;
        Size size;
    };

    // Published at once, later or never.
    void fill()
    {
        const ObjectSpec spec = random_spec(random_, 1);
        const auto made = reserve(tier_, spec, owner_);
        const auto *reservation = std::get_if<Reservation>(&made);
        if (reservation == nullptr) {
            return;
        }
        while (spec.grows && random_() % 4 != 0) {
            tier_.extend(reservation->pin(), 1 + random_() % 4000, at(0));
        }
        ::fill(*reservation, ++seed_);
        const auto head = reservation->head();
        tier_.finish(reservation->pin(), {head.data(), head.size()},
                     spec.body_size);
        held_.push_back(
            {reservation->object(), seed_, {spec.head_size, spec.body_size}});
        if (random_() % 2 == 0) {
            tier_.publish(reservation->pin());
        }
    }

    // Another pin on what is pinned already.
    void pin()
    {
        if (held_.empty()) {
            return;
        }
        const Held held = held_[random_() % held_.size()];
        for (std::uint64_t name = 1; name <= kNames; name++) {
            const auto object = find(tier_, name, owner_);
            if (object && object->pin().node == held.object.pin().node) {
                held_.push_back({*object, held.seed, held.size});
            } else if (object) {
                tier_.unpin(object->pin());
            }
        }
    }

    MemoryTier tier_;
    OwnerSlot owner_;
    Random random_{7};
    std::uint64_t seed_ = 0;
    std::vector<Held> held_;
};

// Works for a while, then asks to be stepped.
[[noreturn]] void be_victim(Victim victim, unsigned warm_up)
{
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
        _exit(errno);
    }
    while (warm_up-- > 0) {
        victim.work();
    }
    raise(SIGSTOP);
    for (;;) {
        victim.work();
    }
}

// Lets the child execute `inside` instructions inside the lock.
bool step(pid_t child, const Mark &changing, unsigned inside)
{
    for (unsigned total = 0; inside > 0 && total < 50000; total++) {
        int status;
        if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 ||
            waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
            WSTOPSIG(status) != SIGTRAP) {
            return false;
        }
        inside -= changing.load() != 0 ? 1 : 0;
    }
    return true;
}

// Started, stepped, killed. False when the machine forbids tracing.
bool live_and_die(const Victim &victim, const Mark &changing, Random &random)
{
    const unsigned warm_up = static_cast<unsigned>(random() % 30);
    const unsigned steps =
        static_cast<unsigned>(1 + random() % (16u << random() % 8));
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        be_victim(victim, warm_up);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EPERM) {
        return false;
    }
    const bool stepped = WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP &&
                         step(child, changing, steps);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_true(stepped && WIFSIGNALED(status));
    return true;
}

void a_worker_killed_anywhere_leaves_a_zone_that_recovers(void **)
{
    Zone zone(kZone, 4);
    MemoryTier tier = zone.attach();
    tier.set_shares({.negative = 5, .tenant = 30});
    Zone page(MemoryTier::kMinimumSize);
    Mark &changing = *new (page.bytes().data()) Mark(0);
    Survivor survivor(tier);
    Random random(1);
    unsigned inside = 0;

    for (unsigned death = 0; death < kDeaths; death++) {
        survivor.work();
        const OwnerSlot slot = *tier.claim_owner(1000 + death, 1);
        const Owner owner = tier.owners()[static_cast<std::size_t>(slot)];
        if (!live_and_die({tier, changing, slot, death}, changing, random)) {
            skip();
        }
        assert_true(survivor.undisturbed());
        if (changing.exchange(0) != 0) {
            inside++;
            tier.recover();
        }
        assert_true(tier.check());
        assert_true(survivor.undisturbed());
        tier.release_owner(slot, owner);
        assert_true(tier.check());
        assert_true(tier.stats().free_pins + survivor.pins() == 1024);
    }
    survivor.work();
    assert_true(survivor.undisturbed() && tier.check());
    print_message("%u deaths, %u inside the lock\n", kDeaths, inside);
    assert_true(inside > kDeaths / 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_killed_anywhere_leaves_a_zone_that_recovers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
