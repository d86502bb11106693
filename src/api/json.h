// JSON as the api sends it. Texts from elsewhere (an instance's name) may be
// any bytes: what is no UTF-8 is replaced.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace edge::api {

using Json = nlohmann::ordered_json;

inline std::string to_text(const Json &json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace edge::api
