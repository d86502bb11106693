// Objects of a size that is known when they are whole.
#include "shm_tier.h"

#include <cstring>
#include <unistd.h>

#include <sys/wait.h>

#include <string>
#include <vector>

using namespace edge_test;

namespace {

constexpr std::size_t kHead = 300;
constexpr std::size_t kFirst = 1000;
constexpr std::size_t kStep = 5000;

ObjectSpec growing(std::uint64_t name, std::size_t first = kFirst)
{
    ObjectSpec spec = spec_of(name, {kHead, first});
    spec.grows = true;
    return spec;
}

std::string head_with(char last)
{
    std::string head(kHead, 'h');
    head.back() = last;
    return head;
}

std::size_t extend(MemoryTier &tier, const Pin &pin, std::size_t more)
{
    auto outcome = tier.extend(pin, more, at(0));
    for (int i = 0; i < 64 && outcome == decltype(outcome)(Refused::again);
         i++) {
        outcome = tier.extend(pin, more, at(0));
    }
    const auto *size = std::get_if<std::size_t>(&outcome);
    return size != nullptr ? *size : 0;
}

// Small objects, held, in all there is.
std::vector<Pin> fill_up(MemoryTier &tier, OwnerSlot owner)
{
    std::vector<Pin> pins;
    for (std::uint64_t name = 2;; name++) {
        const auto made = reserve(tier, spec_of(name, {100, 700}), owner);
        const auto *reservation = std::get_if<Reservation>(&made);
        if (reservation == nullptr) {
            return pins;
        }
        pins.push_back(reservation->pin());
    }
}

// Ann fills it in, Bob reads it.
struct Growing : TestTier
{
    using TestTier::TestTier;

    void begin()
    {
        made = std::get<Reservation>(reserve(tier, growing(1), ann));
        std::memcpy(made->head().data(), head_with('?').data(), kHead);
        rest = made->body();
    }

    // One piece, with the bytes that come next; what did not fit is lost.
    bool write(std::size_t most = kStep)
    {
        auto piece = rest->next();
        if (!piece) {
            const std::size_t more = extend(tier, made->pin(), most);
            rest->add(more);
            piece = rest->next();
        }
        if (!piece) {
            return false;
        }
        for (char &c : *piece) {
            c = byte_of(5, size++);
        }
        made->set_arrived({size, false});
        return true;
    }

    void write_all(std::size_t least)
    {
        while (size < least) {
            assert_true(write());
        }
    }

    void finish(std::size_t body_size)
    {
        tier.finish(made->pin(), head_with('!'), body_size);
        assert_true(tier.publish(made->pin()));
        made->set_arrived({body_size, true});
    }

    PinnedObject read() { return share(*made); }

    std::uint64_t empty = tier.stats().bytes;
    std::optional<Reservation> made;
    std::optional<Pieces<std::span<char>>> rest;
    std::size_t size = 0;
};

// Of a body that write() has made.
void assert_body(Pieces<std::string_view> pieces, std::size_t size)
{
    std::size_t read = 0;
    while (const auto piece = pieces.next()) {
        for (const char c : *piece) {
            assert_int_equal(c, byte_of(5, read++));
        }
    }
    assert_int_equal(read, size);
}

void it_is_read_while_it_grows(void **)
{
    Growing t;
    t.begin();
    const PinnedObject object = t.read();
    assert_true(object.grows());
    auto pieces = object.arriving();
    assert_none(pieces.next());
    std::size_t read = 0;
    while (t.size < 100'000) {
        assert_true(t.write());
        pieces.add(object.arrived()->size - read);
        while (const auto piece = pieces.next()) {
            for (const char c : *piece) {
                assert_int_equal(c, byte_of(5, read++));
            }
        }
        assert_int_equal(read, t.size);
        assert_true(t.tier.check());
    }
    assert_none(find(t.tier, 1, t.bob));
    t.tier.unpin(t.made->pin());
    t.tier.unpin(object.pin());
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

void it_is_found_with_its_size_and_head(void **)
{
    Growing t;
    t.begin();
    t.write_all(50'000);
    const PinnedObject reader = t.read();
    t.finish(t.size - 10);
    assert_true((*reader.arrived() == Arrived{t.size - 10, true}));
    // It does not grow any more.
    assert_int_equal(extend(t.tier, t.made->pin(), kStep), 0);
    t.tier.finish(t.made->pin(), head_with('?'), 10);
    t.tier.unpin(t.made->pin());
    const auto found = find(t.tier, 1, t.ann);
    assert_some(found);
    assert_int_equal(found->body_size(), t.size - 10);
    assert_true(found->head() == head_with('!'));
    assert_body(found->body(), t.size - 10);
    t.tier.unpin(found->pin());
    t.tier.unpin(reader.pin());
    assert_true(hit(t.tier, 1, t.ann));
    assert_true(t.tier.remove(hash_of(1)));
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

// What an ordinary one has, but for the room of its list of extents.
void what_it_does_not_need_is_given_back(void **)
{
    constexpr std::size_t most = Node::kMaxExtents * sizeof(Extent);
    for (const std::size_t size : {0, 1, 999, 1000, 5000, 60'000}) {
        Growing t;
        t.begin();
        t.write_all(size + 2 * kStep);
        t.finish(size);
        t.tier.unpin(t.made->pin());
        assert_true(t.tier.stats().bytes - t.empty <=
                    sizeof(Node) + most + kHead + size + kBlockSize);
        const auto found = find(t.tier, 1, t.ann);
        assert_body(found->body(), size);
        t.tier.unpin(found->pin());
    }
}

void a_body_of_many_pieces_has_its_place_in_the_queues(void **)
{
    Growing t;
    t.begin();
    t.write_all(100'000);
    t.finish(t.size);
    t.tier.unpin(t.made->pin());
    assert_int_equal(t.tier.stats().objects, 1);
    assert_int_equal(t.tier.stats().pinned_bytes, 0);
    // And leaves them, when others come.
    for (std::uint64_t name = 2; name < 400; name++) {
        assert_true(store(t.tier, spec_of(name, {100, 10'000}), t.bob, name));
    }
    assert_false(hit(t.tier, 1, t.ann));
}

void a_full_zone_makes_room_for_it(void **)
{
    Growing t;
    for (std::uint64_t name = 2; name < 2000; name++) {
        store(t.tier, spec_of(name, {100, 700}), t.bob, name);
    }
    const auto before = t.tier.stats();
    t.begin();
    t.write_all(100'000);
    assert_true(t.tier.stats().evicted_capacity > before.evicted_capacity);
    t.finish(t.size);
    const auto found = find(t.tier, 1, t.ann);
    assert_body(found->body(), t.size);
    t.tier.unpin(found->pin());
    t.tier.unpin(t.made->pin());
}

// All there is is pinned.
void where_no_room_can_be_made_it_stays_as_it_is(void **)
{
    Growing t(kMiB / 4);
    t.begin();
    assert_true(t.write());
    const std::vector<Pin> pinned = fill_up(t.tier, t.bob);
    const std::size_t size = t.size;
    while (t.write()) {
    }
    assert_true(t.size - size < kStep);
    assert_true(t.tier.check());
    assert_int_equal(extend(t.tier, t.made->pin(), kStep), 0);
    t.finish(t.size);
    assert_body(find(t.tier, 1, t.bob)->body(), t.size);
    for (const Pin &pin : pinned) {
        t.tier.unpin(pin);
    }
}

// Free memory in shreds: every other small object is gone, the others stay.
void it_has_no_more_pieces_than_it_can_list(void **)
{
    Growing t;
    const std::vector<Pin> pinned = fill_up(t.tier, t.bob);
    for (std::size_t i = 0; i < pinned.size(); i += 2) {
        t.tier.unpin(pinned[i]);
    }
    t.begin();
    while (t.write()) {
        assert_true(t.tier.check());
    }
    assert_true(t.size < Node::kMaxExtents * 8 * kBlockSize);
    assert_true(t.size > kStep);
    t.finish(t.size);
    for (const Pin &pin : pinned) {
        t.tier.unpin(pin);
    }
    assert_body(find(t.tier, 1, t.ann)->body(), t.size);
}

void it_never_has_more_than_half_of_the_zone(void **)
{
    Growing t;
    t.begin();
    while (t.write(kMiB / 16)) {
    }
    assert_true(t.size <= t.tier.largest_object());
    assert_true(t.size > t.tier.largest_object() / 2);
    t.tier.unpin(t.made->pin());
}

void who_does_not_hold_it_does_not_extend_it(void **)
{
    Growing t;
    t.begin();
    const std::variant<std::size_t, Refused> refused(Refused::full);
    t.tier.release_owner(t.ann, {1, 100});
    assert_true(t.tier.extend(t.made->pin(), kStep, at(0)) == refused);
    t.tier.finish(t.made->pin(), head_with('!'), 10);
    assert_int_equal(t.tier.stats().bytes, t.empty);

    const auto ordinary = std::get<Reservation>(
        reserve(t.tier, spec_of(2, {kHead, kFirst}), t.bob));
    fill(ordinary, 5);
    assert_true(t.tier.extend(ordinary.pin(), kStep, at(0)) == refused);
    t.tier.finish(ordinary.pin(), head_with('!'), 10);
    assert_true(holds(ordinary.object(), 5, {kHead, kFirst}));
    t.tier.unpin(ordinary.pin());
}

void a_recovery_leaves_what_grows_to_filler_and_readers(void **)
{
    Growing t;
    t.begin();
    const PinnedObject object = t.read();
    t.write_all(30'000);
    t.tier.recover();
    assert_true(t.tier.check());
    for (std::uint64_t name = 2; name < 50; name++) {
        store(t.tier, spec_of(name, {100, 10'000}), t.bob, name);
    }
    t.write_all(60'000);
    t.finish(t.size);
    auto pieces = object.arriving();
    pieces.add(t.size);
    assert_body(pieces, t.size);
    t.tier.unpin(t.made->pin());
    t.tier.unpin(object.pin());
    assert_true(hit(t.tier, 1, t.ann));
}

void a_reader_keeps_what_the_dead_let_grow(void **)
{
    Growing t;
    t.begin();
    const PinnedObject object = t.read();
    t.write_all(30'000);
    t.tier.release_owner(t.ann, {1, 100});
    auto pieces = object.arriving();
    pieces.add(object.arrived()->size);
    assert_body(pieces, t.size);
    assert_false(object.arrived()->is_all);
    t.tier.unpin(object.pin());
    assert_int_equal(t.tier.stats().bytes, t.empty);
}

// Read by another process, which is behind, until it is whole and trimmed.
void another_process_reads_it_to_its_end(void **)
{
    Growing t;
    t.begin();
    const pid_t child = fork();
    if (child == 0) {
        t.write_all(100'000);
        assert_true(extend(t.tier, t.made->pin(), kStep) > 0);
        t.finish(t.size);
        _exit(0);
    }
    const PinnedObject object = t.read();
    auto pieces = object.arriving();
    std::size_t read = 0;
    for (Arrived arrived; !arrived.is_all;) {
        arrived = *object.arrived();
        pieces.add(arrived.size - read);
        while (const auto piece = pieces.next()) {
            for (const char c : *piece) {
                assert_int_equal(c, byte_of(5, read++));
            }
        }
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read, object.arrived()->size);
    t.tier.unpin(object.pin());
    t.tier.unpin(t.made->pin());
    assert_true(hit(t.tier, 1, t.bob));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_while_it_grows),
        cmocka_unit_test(it_is_found_with_its_size_and_head),
        cmocka_unit_test(what_it_does_not_need_is_given_back),
        cmocka_unit_test(a_body_of_many_pieces_has_its_place_in_the_queues),
        cmocka_unit_test(a_full_zone_makes_room_for_it),
        cmocka_unit_test(where_no_room_can_be_made_it_stays_as_it_is),
        cmocka_unit_test(it_has_no_more_pieces_than_it_can_list),
        cmocka_unit_test(it_never_has_more_than_half_of_the_zone),
        cmocka_unit_test(who_does_not_hold_it_does_not_extend_it),
        cmocka_unit_test(a_recovery_leaves_what_grows_to_filler_and_readers),
        cmocka_unit_test(a_reader_keeps_what_the_dead_let_grow),
        cmocka_unit_test(another_process_reads_it_to_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
