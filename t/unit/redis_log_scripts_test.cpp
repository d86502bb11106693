#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "cache/entry.h"
#include "redis/log_scripts.h"

#include "cmocka.h"

using namespace edge;

namespace {

void the_ticket_of_an_entry_lies_where_the_script_looks(void **)
{
    cache::Entry entry;
    entry.status = 200;
    entry.key = "k";
    entry.ticket.generation = invalidate::Generation::of(7, 9);
    const std::string head = cache::encode_head(entry);
    ByteReader in(head);
    in.raw(redis::kStoredTicketOffset);
    assert_true(in.number<std::uint64_t>() == entry.ticket.generation.packed);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_ticket_of_an_entry_lies_where_the_script_looks),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
