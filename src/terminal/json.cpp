#include "terminal/json.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"

namespace medpfl {
namespace {

// Returns the text with two more blanks before each of its lines but the first.
std::string indented(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

std::string lines(const std::vector<std::string>& parts, const char* open, const char* close) {
  if (parts.empty()) return fmt::format("{}{}", open, close);
  return fmt::format("{}\n  {}\n{}", open, join(parts, ",\n  "), close);
}

std::vector<std::string> pairs(const Json::Members& members) {
  std::vector<std::string> out;
  for (const auto& [name, value] : members)
    out.push_back(fmt::format("{}: {}", Json(name).text(), indented(value.text())));
  return out;
}

}  // namespace

Json::Json(const std::string& value) : text_("\"") {
  for (const char c : escaped(value)) {
    if (c == '"' || c == '\\')
      text_ += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 0x20)
      text_ += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      text_ += c;
  }
  text_ += '"';
}

Json::Json(double value)
    : text_(std::isfinite(value) ? shortest(value)
            : std::isnan(value)  ? "null"
            : value > 0          ? "1e999"
                                 : "-1e999") {}

Json Json::object(const Members& members) {
  Json out;
  out.text_ = lines(pairs(members), "{", "}");
  return out;
}

Json Json::row(const Members& members) {
  Json out;
  out.text_ = "{" + join(pairs(members), ", ") + "}";
  return out;
}

Json Json::list(const std::vector<Json>& values) {
  std::vector<std::string> parts;
  for (const Json& value : values) parts.push_back(indented(value.text()));
  Json out;
  out.text_ = lines(parts, "[", "]");
  return out;
}

}  // namespace medpfl
