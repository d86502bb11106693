#include "cmocka.h"

#include <limits>
#include <random>
#include <vector>

#include "shm/buckets.h"

using edge::Hash128;
using edge::shm::BucketRecord;
using edge::shm::Buckets;

namespace {

constexpr double kNow = 1e12;
constexpr double kSlack = 1000;
constexpr std::size_t kHeader = 128;
constexpr std::size_t kOneSet =
    kHeader + Buckets::kPlaces * Buckets::kBytesPerPlace;

// Memory aligned as a zone's is, and no byte more than asked for.
class Memory
{
public:
    explicit Memory(std::size_t size)
        : bytes_(static_cast<std::byte *>(::operator new(size, kAlignment))),
          size_(size)
    {
    }
    ~Memory() { ::operator delete(bytes_, kAlignment); }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;

    std::span<std::byte> span() { return {bytes_, size_}; }

private:
    static constexpr std::align_val_t kAlignment{Buckets::kAlignment};

    std::byte *bytes_;
    std::size_t size_;
};

Hash128 key(std::uint64_t n)
{
    return {n, n};
}

// Of a bucket that is empty then, and has no unit until so long before.
void raise(Buckets buckets, const Hash128 &of, double tat, double slack,
           double now)
{
    BucketRecord record = buckets.find(of, now);
    record.own = tat;
    record.expires = tat;
    record.denies = tat - slack;
    buckets.put(of, record, now);
}

double tat(const Buckets &buckets, const Hash128 &of, double now)
{
    return buckets.find(of, now).own;
}

void fill(Buckets &buckets, double ahead)
{
    for (std::uint64_t n = 1; n <= Buckets::kPlaces; n++) {
        const auto more = static_cast<double>(n);
        raise(buckets, key(n), kNow + ahead + more, kSlack, kNow);
    }
}

void an_unknown_key_is_empty(void **)
{
    Memory memory(kOneSet);
    const Buckets buckets = Buckets::format(memory.span()).value();
    assert_int_equal(buckets.places(), 16);
    assert_true(tat(buckets, key(1), kNow) == 0);
    assert_true(tat(buckets, {0, 0}, kNow) == 0);
}

void a_record_is_kept_whole_until_it_expires(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    const BucketRecord record{kNow + 5, kNow + 3, 7, 6, 8, 9};
    buckets.put(key(1), record, kNow);
    assert_true(buckets.find(key(1), kNow) == record);
    assert_true(buckets.find(key(2), kNow) == BucketRecord{});
    assert_true(buckets.find(key(1), kNow + 5) == BucketRecord{});
}

void the_key_of_zeroes_is_a_key_like_others(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    raise(buckets, {0, 0}, kNow + 5, kSlack, kNow);
    fill(buckets, 1);
    assert_true(tat(buckets, {0, 0}, kNow) == kNow + 5);
    assert_int_equal(buckets.evicted(), 1);
}

void another_worker_sees_the_same(void **)
{
    Memory memory(100'000);
    raise(*Buckets::format(memory.span()), key(7), kNow + 5, kSlack, kNow);
    const auto attached = Buckets::attach(memory.span());
    assert_some(attached);
    assert_true(tat(*attached, key(7), kNow) == kNow + 5);
}

void foreign_memory_is_not_attached(void **)
{
    Memory memory(100'000);
    std::fill(memory.span().begin(), memory.span().end(), std::byte{0});
    assert_none(Buckets::attach(memory.span()));
    Buckets::format(memory.span());
    assert_none(Buckets::attach(memory.span().first(50'000)));
    assert_none(Buckets::attach(memory.span().first(1)));
    memory.span()[0] ^= std::byte{1};
    assert_none(Buckets::attach(memory.span()));
}

void too_little_memory_is_no_table(void **)
{
    Memory memory(kOneSet);
    assert_some(Buckets::format(memory.span()));
    assert_none(Buckets::format(memory.span().first(kOneSet - 1)));
    assert_none(Buckets::format({}));
}

void a_key_takes_at_most_128_bytes(void **)
{
    Memory memory(1 << 20);
    Buckets buckets = Buckets::format(memory.span()).value();
    assert_true(buckets.places() * 66 > memory.span().size());

    std::mt19937_64 random(1);
    const std::uint64_t keys = memory.span().size() / 128;
    for (std::uint64_t n = 0; n < keys; n++) {
        raise(buckets, {random(), random()}, kNow + 1, kSlack, kNow);
    }
    assert_in_range(buckets.evicted(), 0, keys / 1000);
}

void a_full_set_evicts_the_key_that_drains_first(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    fill(buckets, 1);
    raise(buckets, key(100), kNow + 900, kSlack, kNow);
    assert_int_equal(buckets.evicted(), 1);
    assert_true(tat(buckets, key(1), kNow) == 0);
    for (std::uint64_t n = 2; n <= 16; n++) {
        assert_true(tat(buckets, key(n), kNow) > kNow);
    }
    assert_true(tat(buckets, key(100), kNow) == kNow + 900);
}

void drained_keys_make_room_before_any_other(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    fill(buckets, 1);
    raise(buckets, key(100), kNow + 900, kSlack, kNow + 2);
    assert_int_equal(buckets.evicted(), 0);
}

void a_key_that_denies_is_never_evicted(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    fill(buckets, kSlack);
    for (std::uint64_t n = 100; n < 200; n++) {
        raise(buckets, key(n), kNow + 10, kSlack, kNow);
    }
    for (std::uint64_t n = 1; n <= 16; n++) {
        assert_true(tat(buckets, key(n), kNow) > kNow + kSlack);
    }
    assert_int_equal(buckets.evicted(), 0);
    assert_int_equal(buckets.shared(), 100);
}

void keys_without_a_place_share_one_bucket(void **)
{
    Memory memory(kOneSet);
    Buckets buckets = Buckets::format(memory.span()).value();
    fill(buckets, kSlack);
    assert_true(tat(buckets, key(100), kNow) == 0);
    raise(buckets, key(100), kNow + 10, kSlack, kNow);
    assert_true(tat(buckets, key(101), kNow) == kNow + 10);

    const double later = kNow + 100;
    assert_true(tat(buckets, key(101), later) == 0);
    raise(buckets, key(101), later + 10, kSlack, later);
    assert_true(tat(buckets, key(101), later) == later + 10);
}

// A process killed between two stores leaves part of a place written.
void any_bytes_in_the_places_are_survived(void **)
{
    std::mt19937 random(1);
    for (int round = 0; round < 200; round++) {
        Memory memory(kOneSet);
        Buckets buckets = Buckets::format(memory.span()).value();
        for (std::byte &byte : memory.span().subspan(kHeader)) {
            byte = static_cast<std::byte>(random());
        }
        for (std::uint64_t n = 0; n < 100; n++) {
            const BucketRecord record{kNow + 5, kNow, 1, 4, 2, 3};
            buckets.put(key(n), record, kNow);
            assert_true(buckets.find(key(n), kNow) == record);
        }
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_empty),
        cmocka_unit_test(a_record_is_kept_whole_until_it_expires),
        cmocka_unit_test(the_key_of_zeroes_is_a_key_like_others),
        cmocka_unit_test(another_worker_sees_the_same),
        cmocka_unit_test(foreign_memory_is_not_attached),
        cmocka_unit_test(too_little_memory_is_no_table),
        cmocka_unit_test(a_key_takes_at_most_128_bytes),
        cmocka_unit_test(a_full_set_evicts_the_key_that_drains_first),
        cmocka_unit_test(drained_keys_make_room_before_any_other),
        cmocka_unit_test(a_key_that_denies_is_never_evicted),
        cmocka_unit_test(keys_without_a_place_share_one_bucket),
        cmocka_unit_test(any_bytes_in_the_places_are_survived),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
