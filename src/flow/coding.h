// The two forms of a body that is stored compressed (RFC 9110 8.4): as it is
// stored, and unpacked for those who do not take it so.
#pragma once

#include <string>

#include "flow/request.h"
#include "ngx/nginx.h"

namespace edge::flow {

// Settles in which form request.hit is sent. False: what is stored cannot be
// unpacked.
bool choose_form(ngx_http_request_t *r, Request &request);

// Says in r->headers_out, where the stored header is, which form it is.
void describe_form(ngx_http_request_t *r, const Hit &hit);

// That there are two, in Vary: caches behind this one keep them apart.
void announce_forms(ngx_http_request_t *r);
// The same among stored fields, `encoded` as a StringList.
std::string announce_forms(std::string encoded);

} // namespace edge::flow
