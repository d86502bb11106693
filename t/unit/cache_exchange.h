#pragma once

// One exchange with an origin, and what becomes of its answer.

#include <initializer_list>
#include <string_view>
#include <variant>
#include <vector>

#include "cache/freshness.h"
#include "cache/storability.h"

#include "cmocka.h"

namespace edge_test {

using namespace edge;
using cache::Policy;
using cache::Reason;
using cache::Storable;
using http::Field;

// Sun, 06 Nov 1994 08:49:37 GMT
inline constexpr WallTime kReceived{Seconds(784111777)};

// One exchange; the defaults are a 200 to a plain GET.
struct Exchange
{
    std::vector<Field> fields;
    cache::RequestFacts request{.method = "GET"};
    cache::ResponseFacts response{
        .status = 200, .requested = kReceived, .received = kReceived};
    Policy policy;
    std::vector<cache::ValidRule> valid;

    Exchange(std::initializer_list<Field> list) : fields(list) {}

    std::variant<Storable, Reason> judge()
    {
        response.fields = fields;
        policy.valid = valid;
        return cache::judge(request, response, policy);
    }
    Reason reason()
    {
        const auto result = judge();
        const auto *reason = std::get_if<Reason>(&result);
        return reason == nullptr ? Reason::none : *reason;
    }
    Storable stored()
    {
        const auto result = judge();
        if (const auto *reason = std::get_if<Reason>(&result)) {
            fail_msg("%s", std::string(name(*reason)).c_str());
        }
        return std::get<Storable>(result);
    }
    // What is left of the lifetime at reception, in seconds.
    std::int64_t ttl()
    {
        const auto left =
            cache::remaining_lifetime(stored().times, response.received);
        return std::chrono::duration_cast<Seconds>(left).count();
    }
};

inline Field control(std::string_view value)
{
    return {"Cache-Control", value};
}

inline Reason reason(std::initializer_list<Field> fields)
{
    return Exchange(fields).reason();
}

inline const Field kFresh = control("max-age=60");

} // namespace edge_test
