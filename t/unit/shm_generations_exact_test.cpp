// Whether more is refused than what was purged.

#include <algorithm>
#include <vector>

#include "generations_model.h"

using namespace edge_test;

namespace {

// With room for all rows and sets, and nothing lost, nothing else is refused
// either.
void exactly_what_was_purged_is_refused(void **)
{
    Memory memory({.rows = 1024, .random = 9});
    Generations state = memory.attach();
    Random random(1);
    const auto tag = [&random] { return kTags[random() % kTags.size()]; };
    std::vector<KnownPurge> known;
    std::vector<Entry> entries;
    for (Time time = 1; time < 3000; time++) {
        if (random() % 2) {
            const TenantHash tenant = random() % 4 ? kAcme : kAllTenants;
            KnownPurge purge{time, row_of(tag(), tenant)};
            if (random() % 2) {
                purge.other = row_of(tag(), tenant);
            }
            state.purge(to_purge(purge), at(0));
            known.push_back(purge);
        }
        entries.push_back({state.ticket(), 0, time, tag(), tag(), "acme"});
        const Entry &entry = entries[random() % entries.size()];
        const bool purged =
            std::ranges::any_of(known, [&entry](const KnownPurge &purge) {
                return purge.time > entry.filled && names(purge, entry);
            });
        assert_true(state.check(entry.ticket,
                                selectors({entry.tag, entry.other_tag}),
                                kAcme) ==
                    (purged ? Usability::unusable : Usability::usable));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(exactly_what_was_purged_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
