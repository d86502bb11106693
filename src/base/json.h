// JSON that somebody sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace edge {

// As JSON, so that it can be part of an answer: at most kMostShown bytes of
// `text`, whose end may be the middle of a character.
inline constexpr std::size_t kMostShown = 128;
std::string shown(std::string_view text);

// Values that a reader does not expect are of the wrong type. The names of the
// callbacks are the library's.
class JsonReader : public nlohmann::json_sax<nlohmann::json>
{
public:
    bool null() override { return wrong_type(); }
    bool boolean(bool) override { return wrong_type(); }
    bool number_integer(number_integer_t) override { return wrong_type(); }
    bool number_unsigned(number_unsigned_t) override { return wrong_type(); }
    bool number_float(number_float_t, const string_t &) override
    {
        return wrong_type();
    }
    bool binary(binary_t &) override { return wrong_type(); }

protected:
    // False: it is not read on.
    virtual bool wrong_type() = 0;
};

} // namespace edge
