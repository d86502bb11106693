// The memory tier against a std::map, and under the mix of sizes that makes
// allocators lose memory.

#include "shm_zone.h"

#include <cmath>
#include <map>
#include <random>
#include <vector>

using namespace edge_test;

namespace {

constexpr std::size_t kMiB = 1024 * 1024;

using Random = std::minstd_rand;

// Does the same to the tier and to a map. What is found is what the map says;
// what the map has is found unless it was evicted.
class Model
{
public:
    Model(std::size_t zone_size, unsigned seed)
        : zone_(zone_size, 1000), tier_(zone_.attach()),
          owner_(*tier_.claim_owner(1, 1)), pins_(tier_.stats().free_pins),
          random_(seed)
    {
    }

    void step()
    {
        switch (random_() % 10) {
        case 0:
            return remove();
        case 1:
            return random_() % 50 == 0 ? clear() : remove_resource();
        case 2:
        case 3:
        case 4:
            return put();
        case 5:
        case 6:
            return drop();
        default:
            return look();
        }
    }

    void check()
    {
        assert_true(tier_.check());
        for (const Held &held : held_) {
            assert_true(holds(held.object, held.bytes.seed, held.bytes.size));
        }
        assert_true(tier_.stats().objects <= objects_.size());
        if (evicted() == 0) {
            assert_int_equal(tier_.stats().objects, objects_.size());
        }
    }

    std::uint64_t evicted() const { return tier_.stats().evicted_capacity; }

    // Nothing is left behind when all is gone.
    void end()
    {
        while (!held_.empty()) {
            drop();
        }
        clear();
        assert_int_equal(tier_.stats().bytes, 0);
        assert_int_equal(tier_.stats().free_pins, pins_);
    }

private:
    struct Bytes
    {
        std::uint64_t seed;
        Size size;
    };
    struct Held
    {
        PinnedObject object;
        Bytes bytes;
    };

    // Names above 100 are variants of those up to 10.
    std::uint64_t random_name() { return 1 + random_() % 200; }
    static std::uint64_t resource_of(std::uint64_t name)
    {
        return name > 100 ? name % 10 + 1 : name;
    }

    void put()
    {
        const std::uint64_t name = random_name();
        const Size size = {random_() % 200,
                           random_() % (random_() % 8 == 0 ? 40000 : 400)};
        const auto made =
            reserve(tier_, variant_of(resource_of(name), name, size), owner_);
        const auto *reservation = std::get_if<Reservation>(&made);
        if (reservation == nullptr) {
            return;
        }
        fill(*reservation, ++seed_);
        held_.push_back({reservation->object(), {seed_, size}});
        if (random_() % 8 != 0) {
            assert_true(tier_.publish(reservation->pin()));
            objects_[name] = {seed_, size};
        }
    }

    void look()
    {
        const std::uint64_t name = random_name();
        const auto object = find(tier_, name, owner_);
        const auto known = objects_.find(name);
        if (!object) {
            assert_true(known == objects_.end() || evicted() > 0 ||
                        tier_.stats().free_pins == 0);
            return;
        }
        assert_true(known != objects_.end());
        assert_true(holds(*object, known->second.seed, known->second.size));
        held_.push_back({*object, known->second});
    }

    void drop()
    {
        for (int i = 0; i < 4 && !held_.empty(); i++) {
            std::swap(held_[random_() % held_.size()], held_.back());
            tier_.unpin(held_.back().object.pin());
            held_.pop_back();
        }
    }

    void remove()
    {
        const std::uint64_t name = random_name();
        const bool removed = tier_.remove(hash_of(name));
        const bool known = objects_.erase(name) > 0;
        assert_true(removed ? known : !known || evicted() > 0);
    }

    void remove_resource()
    {
        const std::uint64_t resource = 1 + random_() % 10;
        const std::size_t removed = tier_.remove_resource(hash_of(resource));
        const std::size_t known = std::erase_if(objects_, [&](const auto &o) {
            return resource_of(o.first) == resource;
        });
        assert_true(removed == known || (removed < known && evicted() > 0));
    }

    void clear()
    {
        tier_.clear();
        objects_.clear();
    }

    Zone zone_;
    MemoryTier tier_;
    OwnerSlot owner_;
    std::uint32_t pins_;
    Random random_;
    std::uint64_t seed_ = 0;
    std::map<std::uint64_t, Bytes> objects_;
    std::vector<Held> held_;
};

void with_room_for_all_it_is_a_map(void **)
{
    Model model(16 * kMiB, 1);
    for (int i = 0; i < 20000; i++) {
        model.step();
        if (i % 100 == 0) {
            model.check();
        }
    }
    assert_int_equal(model.evicted(), 0);
    model.end();
}

void with_little_room_it_is_part_of_a_map(void **)
{
    Model model(kMiB / 8, 2);
    for (int i = 0; i < 20000; i++) {
        model.step();
        if (i % 100 == 0) {
            model.check();
        }
    }
    assert_true(model.evicted() > 500);
    model.end();
}

// 100 B to 200 KB: as many objects of each order of magnitude.
Size random_size(Random &random)
{
    const double exponent = static_cast<double>(random()) / Random::max();
    const auto bytes = static_cast<std::size_t>(100 * std::pow(2000, exponent));
    return {std::min<std::size_t>(bytes, 50 + random() % 400), bytes};
}

struct Churn
{
    double payload = 0;
    double blocks = 0;
    unsigned refused = 0;
};

// Replaces the zone's contents many times over; with `pins` of the objects
// pinned at any time.
Churn churn(std::size_t zone_size, unsigned stores, std::size_t pins)
{
    Zone zone(zone_size);
    MemoryTier tier = zone.attach();
    const OwnerSlot owner = *tier.claim_owner(1, 1);
    Random random(5);
    std::vector<std::size_t> sizes;
    std::vector<Pin> held;
    Churn result;
    unsigned samples = 0;

    for (unsigned name = 0; name < stores; name++) {
        const Size size = random_size(random);
        sizes.push_back(size.head + size.body);
        const auto made = reserve(tier, spec_of(name, size), owner);
        if (made.index() == 1) {
            result.refused++;
            continue;
        }
        held.push_back(std::get<Reservation>(made).pin());
        tier.publish(held.back());
        while (held.size() > pins) {
            std::swap(held[random() % held.size()], held.back());
            tier.unpin(held.back());
            held.pop_back();
        }
        if (name > stores / 2 && name % (stores / 20) == 0) {
            std::size_t payload = 0;
            for (unsigned i = 0; i <= name; i++) {
                payload += hit(tier, i, owner) ? sizes[i] : 0;
            }
            result.payload += static_cast<double>(payload);
            result.blocks += static_cast<double>(tier.stats().bytes);
            samples++;
        }
    }
    assert_true(tier.check());
    result.payload /= samples * static_cast<double>(zone_size);
    result.blocks /= samples * static_cast<double>(zone_size);
    return result;
}

void a_zone_is_at_least_80_percent_payload_under_churn(void **)
{
    for (std::size_t size : {kMiB, 16 * kMiB}) {
        const Churn result = churn(size, 30000, 1);
        print_message("%zu MiB: %.1f %% payload, %.1f %% in blocks\n",
                      size / kMiB, 100 * result.payload, 100 * result.blocks);
        assert_int_equal(result.refused, 0);
        assert_true(result.payload >= 0.8);
    }
}

void pinned_objects_do_not_shred_the_zone(void **)
{
    const Churn result = churn(16 * kMiB, 30000, 100);
    print_message("100 pins: %.1f %% payload, %.1f %% in blocks\n",
                  100 * result.payload, 100 * result.blocks);
    assert_int_equal(result.refused, 0);
    assert_true(result.payload >= 0.8);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(with_room_for_all_it_is_a_map),
        cmocka_unit_test(with_little_room_it_is_part_of_a_map),
        cmocka_unit_test(a_zone_is_at_least_80_percent_payload_under_churn),
        cmocka_unit_test(pinned_objects_do_not_shred_the_zone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
