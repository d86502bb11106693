#include "redis/violation.h"

namespace edge::redis {

std::string_view describe(Violation violation)
{
    switch (violation) {
    case Violation::none:
        return "no violation";
    case Violation::protocol:
        return "not RESP2";
    case Violation::too_long:
        return "reply too long";
    case Violation::too_many_elements:
        return "too many elements in reply";
    case Violation::too_deep:
        return "arrays nested too deep in reply";
    case Violation::out_of_memory:
        return "no memory for reply";
    }
    return "not RESP2";
}

} // namespace edge::redis
