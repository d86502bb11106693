// The scripts of a zone's log. Each is one atomic step; a replica answers
// READONLY. Both keys lie in one slot and expire a week after the last write:
//
//   log      <prefix>:<zone>:{log}, a stream. An ID is a generation,
//            <epoch>-<sequence>. Fields of every record: n (nonce of the
//            epoch, 16 hex), k (kind).
//              k=e  begins an epoch; a, b: ID and nonce of the record it was
//                   put after, without them the log was missing
//              k=p  purge; r (request id), m (h | s), s (rows, 8 bytes each,
//                   little-endian), h (hold, ms), c (rows of the epoch so
//                   far), w (rows in groups of so many: purged is what has
//                   all of one group; absent: 1), t (for how long the origin
//                   may not know of it, ms; absent: 0)
//   members  <prefix>:<zone>:{log}:members, a hash. epoch (nonce), node
//            (identity of the Redis that began it: run_id:master_replid), v
//            (raised when somebody joins or leaves), and of each instance
//              <id> -> "<beats> <s|a> <lease ms> <nonce> <ID> <v> <name>"
//            with the position it has applied ("- 0-0": none) and the highest
//            v it has read.
//
// A log is current when its newest record, `epoch` and `node` say the same.
// Otherwise it was lost, restored or taken over: no script but EPOCH writes.
//
// Needs +xadd +xrange +xrevrange +hget +hset +hdel +hgetall +hincrby +del
// +pexpire +publish +info +getrange +set.
#pragma once

#include <cstddef>

#include "redis/script.h"

namespace edge::redis {

// Where the packed generation of the ticket lies in a stored entry.
inline constexpr std::size_t kStoredTicketOffset = 32;

// "I live, and have applied this much; what is new?"
// KEYS log members
// ARGV id, s|a, lease ms, name, applied nonce, applied ID, from, v, count,
//      channel
// `from`: the ID of the first record wanted, itself included; empty: the first
// one of the newest epoch. A message on `channel`, unless that is empty, says
// that somebody has joined.
// -> OK, newest ID, its nonce, members (flat), records (at most `count`, and
//    fewer where they are large: what is missing is asked for next)
// -> LOST, newest ID, its nonce (both empty when there is no log)
extern const Script kBeatScript;

// Adds a purge, unless one of the last 100 records, or of the last 8192 rows,
// has its request id.
// KEYS log members
// ARGV nonce, request id, h|s, rows, hold ms, expected newest ID or empty,
//      length, channel, rows in a group, settle ms
// The log is trimmed to about `length` records, never to fewer; and where they
// are large, to about 16 rows for each of these.
// -> OK, ID     -> LOST, newest ID, its nonce
// -> REFUSED, newest ID, its nonce: not the expected ones
extern const Script kAppendScript;

// Begins an epoch. Every member that is known is a member of it and has
// applied nothing.
// KEYS log members
// ARGV newest ID or "missing", own highest epoch, nonce, v,
//      id, value ... of the members the caller knew
// -> OK, ID     -> REFUSED, newest ID, its nonce
extern const Script kEpochScript;

// Replaces an entry unless the one there has a higher ticket. Compared with
// nothing else: whoever reads an entry checks it.
// KEYS entry    ARGV value, time to live in ms, kStoredTicketOffset
// -> 1 stored, 0 not
extern const Script kStoreScript;

// Removes a member that has not beaten since.
// KEYS members  ARGV id, beats (the whole value where it begins with no number;
// empty: whether it has beaten or not)
// -> 1 removed, 0 not
extern const Script kForgetScript;

} // namespace edge::redis
