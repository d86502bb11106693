#include "api/exposition.h"

#include <cstdio>

namespace edge::api {

namespace {

// Label values may hold anything: backslash, quote and line feed are escaped.
void append_escaped(std::string &text, std::string_view value)
{
    for (const char c : value) {
        if (c == '\n') {
            text += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') {
            text += '\\';
        }
        text += c;
    }
}

} // namespace

void Exposition::family(std::string_view name, std::string_view type,
                        std::string_view help)
{
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(type);
    text_.append("\n");
}

void Exposition::head(std::string_view name,
                      std::initializer_list<LabelPair> labels)
{
    text_.append(name);
    char separator = '{';
    for (const LabelPair &label : labels) {
        text_ += separator;
        text_.append(label.name).append("=\"");
        append_escaped(text_, label.value);
        text_ += '"';
        separator = ',';
    }
    text_ += separator == ',' ? "} " : " ";
}

void Exposition::sample(std::string_view name,
                        std::initializer_list<LabelPair> labels,
                        std::uint64_t value)
{
    head(name, labels);
    text_.append(std::to_string(value)).append("\n");
}

void Exposition::sample(std::string_view name,
                        std::initializer_list<LabelPair> labels, double value)
{
    char number[32];
    const int size = std::snprintf(number, sizeof(number), "%.9g\n", value);
    head(name, labels);
    text_.append(number, static_cast<std::size_t>(size));
}

} // namespace edge::api
