// The filters: an answer on its way to the client is looked at, copied, and
// stored once it is whole.
#pragma once

#include "ngx/nginx.h"

namespace edge::flow {

// Puts both filters in front of those that are there (postconfiguration).
void install_filters();

} // namespace edge::flow
