#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace medpfl {

/// A value as JSON text (RFC 8259), made of parts that are JSON already.
class Json {
 public:
  using Members = std::vector<std::pair<std::string, Json>>;

  Json() : text_("null") {}
  /// Writes a text, as escaped() shows it.
  Json(const std::string& value);                        // NOLINT: values stand in lists of members
  Json(const char* value) : Json(std::string(value)) {}  // NOLINT
  Json(int64_t value) : text_(std::to_string(value)) {}  // NOLINT
  /// Writes a number; NaN is null, and an infinite value 1e999, which readers take for infinity.
  Json(double value);  // NOLINT

  /// Returns {"name": value, ...}, a line for each member.
  static Json object(const Members& members);
  /// Returns {"name": value, ...} in one line.
  static Json row(const Members& members);
  /// Returns [value, ...], a line for each value.
  static Json list(const std::vector<Json>& values);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace medpfl
