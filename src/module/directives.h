// The table of directives.
#pragma once

#include "ngx/nginx.h"

namespace edge::module {

extern ngx_command_t directives[];

} // namespace edge::module
