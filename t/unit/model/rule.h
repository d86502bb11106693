// The rules of the protocol that can be left out, one at a time, or replaced
// by the obvious alternative.
#pragma once

namespace edge_test::model {

enum class Rule
{
    none,
    floor,            // 1 a row that is forgotten raises the floor
    identity,         // 2 the log belongs to the node that answers
    members_nonce,    // 3 and the members belong to the log
    carry_over,       // 4 members that were known are in the next epoch
    gap,              // 5 what was trimmed unread is a doubt
    cold,             // 6 who has just begun trusts nothing older
    lapsed,           // 7 nor does, in a new epoch, who had no lease
    seen,             // 8 nor who is not known to all others
    nonce,            // 9 epochs are told apart by their nonces
    ticket,           // 10 the ticket is taken before the fetch
    waiter,           // 11 a waiter gets what is usable, whatever came when
    join,             // 12 without a lease nobody joins
    foreign_ticket,   // 13 a ticket from elsewhere knows of no local purge
    pending,          // 14 which goes when its record was applied
    members_first,    // 15 members are read after the record was written
    ack_by_nonce,     // 16 what was applied is of the same epoch
    young_epoch,      // 17 no acknowledgement in the first lease of an epoch
    wait_purge,       // 18 replicas have a purge
    wait_lease,       // 19 and what a lease was given for
    hold_store,       // 20 what was fetched in a hold is not stored
    window,           // 21 which covers writes from before its record was sent
    window_elsewhere, // where another instance applied it: since its last beat
};

} // namespace edge_test::model
