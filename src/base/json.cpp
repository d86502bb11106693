#include "base/json.h"

namespace edge {

std::string shown(std::string_view text)
{
    using Json = nlohmann::json;

    return Json(text.substr(0, kMostShown))
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace edge
