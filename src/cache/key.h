// The primary cache key: every part that tells two resources apart, each
// behind its length, so that no two sets of parts have the same bytes. The
// bytes are stored in the entry and compared on every hit; the hash only
// finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace edge::cache {

struct KeyParts
{
    std::string_view zone;
    std::string_view tenant;
    // GET for GET and HEAD (RFC 9110 9.3.2); of others with a digest of the
    // body and what says how to read it.
    std::string_view method;
    std::string_view scheme;
    // Lower case, without port and trailing dot.
    std::string_view authority;
    // Of the Host field, where it is another one than clients are expected to
    // name: origins may be told ($http_host), and make links of it.
    std::string_view port;
    // Path and query as sent upstream, or the text of edge_cache_key.
    std::string_view target;
    bool custom_target = false;
    // Path and query as the client wrote them, where a rewrite has made
    // another target of them: origins may be told either ($request_uri).
    std::string_view requested;
    // Where an internal redirect has led: a named location, or a URI. It may
    // be an error's page, and has the target or the edge_cache_key of what was
    // refused.
    std::string_view redirect;
    // What edge_cache_authorization and edge_cache_cookies add.
    std::string_view credential;
    std::string_view cookies;
    // Of the settings that change what a body means.
    std::uint64_t fingerprint = 0;
};

// Exactly the number of bytes that write_key() writes.
std::size_t key_size(const KeyParts &parts);
void write_key(const KeyParts &parts, char *out);

// The Redis key of a resource, and of one of its variants (`variant` not
// null). Only digests in braces: a resource's keys share one cluster slot, and
// no byte of a request gets into a Redis key.
//   <prefix>:<format>:<zone>:{<32 hex>}[:<32 hex>]
// `start`: what all keys of a zone begin with.
std::string redis_key_start(std::string_view prefix, std::string_view zone);
std::string redis_key(std::string_view start, const Hash128 &resource,
                      const Hash128 *variant);

} // namespace edge::cache
