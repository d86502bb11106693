// JSON as the api sends it. Texts from elsewhere (an instance's name) may be
// any bytes: what is no UTF-8 is replaced.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/time.h"

namespace edge::api {

using Json = nlohmann::ordered_json;

// Times are seconds.
inline double seconds(Millis time)
{
    return static_cast<double>(time.count()) / 1000;
}

inline std::string to_text(const Json &json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace edge::api
