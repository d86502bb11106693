// Instances before a Redis, whatever can happen to them, and the one question:
// does a read ever see less than a purge that was answered with 200 promised?
#pragma once

#include <array>
#include <memory>
#include <random>

#include "flows.h"

namespace edge_test::model {

// How often what happens, against each other.
enum class Event
{
    step, // of a flow
    tick, // some milliseconds
    wait, // a part of a lease
    age,  // a part of the isolation
    read,
    purge,
    write,
    freeze, // all workers of an instance, or lets them go on
    cut,    // an instance off from Redis, or not any more
    restart,
    recover, // a worker died inside the zone's lock
    lose_log,
    lose_members,
    flush,
    trim,
    old_dump,
    fail_over, // and the old master goes on for who still talks to it
    heal,
    replica, // is away, or back
    count_
};

constexpr std::size_t kEvents = static_cast<std::size_t>(Event::count_);

struct Profile
{
    std::string_view name;
    Settings settings;
    std::size_t instances = 2;
    std::size_t keys = 2;
    std::array<unsigned, kEvents> weights{};

    Profile &set(Event event, unsigned weight)
    {
        weights[static_cast<std::size_t>(event)] = weight;
        return *this;
    }
};

class World
{
public:
    World(const Profile &profile, std::uint64_t seed)
        : profile_(profile), random_(seed)
    {
        all_.origin.assign(profile.keys, 1);
        all_.acknowledged.assign(profile.keys, 0);
        all_.random = [this] { return random_(); };
        nodes_.push_back(
            std::make_unique<Node>(Data{}, 1, profile.settings.broken));
        for (std::size_t i = 0; i < profile.instances; i++) {
            places_.push_back({});
            start(i);
        }
        for (const unsigned weight : profile.weights) {
            total_ += weight;
        }
    }

    void step() { happen(draw()); }

    const Surroundings &seen() const { return all_; }

private:
    struct Place
    {
        std::unique_ptr<Instance> instance;
        std::unique_ptr<Flows> flows;
    };

    std::size_t below(std::size_t bound) { return random_() % bound; }

    Event draw()
    {
        std::size_t left = below(total_);
        for (std::size_t i = 0;; i++) {
            if (left < profile_.weights[i]) {
                return static_cast<Event>(i);
            }
            left -= profile_.weights[i];
        }
    }

    Instance &any() { return *places_[below(places_.size())].instance; }
    // Whom all but those of a lost side talk to.
    Node &master() { return *nodes_.back(); }

    // What available is allowed to assume: the members are lost only while
    // somebody else lives who knows each of them.
    bool may_lose_members(const Instance *dies, bool are_in_redis) const
    {
        return profile_.settings.strict ||
               std::ranges::all_of(places_, [&](const Place &place) {
                   const Instance &member = *place.instance;
                   const bool is_there =
                       nodes_.back()->data.members.contains(member.id);
                   return (!member.is_known && !is_there) || &member == dies ||
                          (are_in_redis && is_there) ||
                          is_known_by_others(member, dies);
               });
    }
    bool is_known_by_others(const Instance &member, const Instance *dies) const
    {
        return std::ranges::any_of(places_, [&](const Place &place) {
            const Instance &other = *place.instance;
            return &other != &member && &other != dies &&
                   std::ranges::find(other.members, member.id, &Member::id) !=
                       other.members.end();
        });
    }

    // In order: nothing is served any more, then it is no member.
    void leave(Instance &instance)
    {
        Data &data = instance.node->data;
        if (!instance.is_cut_off && data.members.erase(instance.id) != 0) {
            data.version++;
        }
    }

    // One more life of an instance.
    void start(std::size_t place)
    {
        lives_++;
        Place &there = places_[place];
        if (there.instance && below(2)) {
            leave(*there.instance);
        }
        Node *node = there.instance ? there.instance->node : &master();
        const bool is_cut_off =
            there.instance != nullptr && there.instance->is_cut_off;
        there.instance = std::make_unique<Instance>(
            profile_.settings, "id" + std::to_string(lives_),
            "name" + std::to_string(place), lives_);
        there.flows = std::make_unique<Flows>(all_, *there.instance);
        there.instance->node = node;
        there.instance->is_cut_off = is_cut_off;
        there.instance->local_floor.clear();
        there.instance->flows.emplace_back(there.flows->read_log());
    }

    void restart(std::size_t place)
    {
        if (may_lose_members(places_[place].instance.get(), true)) {
            start(place);
        }
    }

    void begin(Event event)
    {
        Place &place = places_[below(places_.size())];
        if (place.instance->is_frozen || place.instance->flows.size() > 12) {
            return;
        }
        const std::size_t key = below(profile_.keys);
        place.instance->flows.emplace_back(
            event == Event::purge   ? place.flows->purge(key)
            : event == Event::write ? place.flows->write_resource(key)
                                    : place.flows->request(key));
    }

    void go_on()
    {
        Instance &instance = any();
        if (instance.is_frozen) {
            return;
        }
        const std::size_t i = below(instance.flows.size());
        instance.flows[i].go_on();
        if (instance.flows[i].done()) {
            std::swap(instance.flows[i], instance.flows.back());
            instance.flows.pop_back();
        }
    }

    void pass(Millis longest)
    {
        all_.now +=
            Millis(1 + below(static_cast<std::size_t>(longest.count())));
    }

    // Another master, with what its replica has heard. Some have not noticed.
    void fail_over()
    {
        if (nodes_.size() > 1) {
            heal();
            return;
        }
        nodes_.push_back(std::make_unique<Node>(master().replica, ++identities_,
                                                profile_.settings.broken));
        nodes_.front()->has_replica = false;
        for (Place &place : places_) {
            if (below(2)) {
                place.instance->node = &master();
            }
        }
    }

    void heal()
    {
        for (Place &place : places_) {
            place.instance->node = &master();
        }
        if (nodes_.size() > 1) {
            retired_.push_back(std::move(nodes_.front()));
            nodes_.erase(nodes_.begin());
        }
    }

    void set_back()
    {
        if (below(2) || dump_.log.empty()) {
            dump_ = master().data;
            return;
        }
        if (may_lose_members(nullptr, false)) {
            master().data = dump_;
            master().restart(++identities_);
        }
    }

    void trim()
    {
        auto &log = master().data.log;
        for (std::size_t n = below(4); n > 0 && log.size() > 1; n--) {
            log.pop_front();
        }
    }

    void happen(Event event)
    {
        switch (event) {
        case Event::step:
            go_on();
            break;
        case Event::tick:
            pass(Millis(20));
            break;
        case Event::wait:
            pass(profile_.settings.lease / 2);
            break;
        case Event::age:
            pass(profile_.settings.isolation / 2);
            break;
        case Event::read:
        case Event::purge:
        case Event::write:
            begin(event);
            break;
        case Event::freeze:
            flip(any().is_frozen);
            break;
        case Event::cut:
            flip(any().is_cut_off);
            break;
        case Event::restart:
            restart(below(places_.size()));
            break;
        case Event::recover:
            recover(any());
            break;
        case Event::lose_log:
            master().data.log.clear();
            break;
        case Event::lose_members:
            if (may_lose_members(nullptr, false)) {
                master().data.lose_members();
            }
            break;
        case Event::flush:
            if (may_lose_members(nullptr, false)) {
                master().data = {};
            }
            break;
        case Event::trim:
            trim();
            break;
        case Event::old_dump:
            set_back();
            break;
        case Event::fail_over:
            fail_over();
            break;
        case Event::heal:
            heal();
            break;
        case Event::replica:
            flip(master().has_replica);
            break;
        case Event::count_:
            break;
        }
    }

    static void flip(bool &value) { value = !value; }

    static void recover(Instance &instance)
    {
        instance.state.recover();
        instance.loose.doubt();
        instance.cache.clear();
        instance.fills.clear();
        instance.is_known = false;
    }

    const Profile &profile_;
    std::mt19937_64 random_;
    Surroundings all_;
    std::vector<std::unique_ptr<Node>> nodes_;
    // Somebody may still wait for their answers.
    std::vector<std::unique_ptr<Node>> retired_;
    Data dump_;
    std::uint64_t identities_ = 1;
    std::uint64_t lives_ = 0;
    std::size_t total_ = 0;
    std::vector<Place> places_;
};

} // namespace edge_test::model
