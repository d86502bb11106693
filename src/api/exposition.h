// Prometheus' text format.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace edge::api {

struct LabelPair
{
    std::string_view name;
    std::string_view value;
};

class Exposition
{
public:
    // Before the first sample of each family.
    void family(std::string_view name, std::string_view type,
                std::string_view help);
    void sample(std::string_view name, std::initializer_list<LabelPair> labels,
                std::uint64_t value);
    void sample(std::string_view name, std::initializer_list<LabelPair> labels,
                double value);

    std::string text() && { return std::move(text_); }

private:
    void head(std::string_view name, std::initializer_list<LabelPair> labels);

    std::string text_;
};

} // namespace edge::api
