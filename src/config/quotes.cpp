#include "config/quotes.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

// What stands for a character between quotes: control characters, which no text holds.
constexpr std::array<std::pair<char, char>, 5> kStandIns = {
    {{'#', '\x01'}, {'|', '\x02'}, {' ', '\x03'}, {'\t', '\x04'}, {'"', '\x05'}}};
// Stands for nothing, so that an empty value in quotes is a value.
constexpr char kNothing = '\x06';
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";  // looks like a space and is none

char stand_in(char c) {
  for (const auto& [shown, hidden] : kStandIns)
    if (c == shown) return hidden;
  return c;
}

std::string hide(std::string_view line, bool comments) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c >= '\x01' && c <= '\x06')
      throw ConfigError(fmt::format("'{}' holds a control character", line));
    if (c == '"') {
      if (!quoted) out += kNothing;
      quoted = !quoted;
    } else if (quoted) {
      const bool escaped =
          c == '\\' && i + 1 < line.size() && (line[i + 1] == '"' || line[i + 1] == '\\');
      out += stand_in(escaped ? line[++i] : c);
    } else if (comments && (c == '#' || (c == ';' && trim(out).empty()))) {
      break;
    } else if (line.substr(i, kNoBreakSpace.size()) == kNoBreakSpace) {
      throw ConfigError("has a no-break space (U+00A0): write a space, or quote the value");
    } else {
      out += c;
    }
  }
  if (quoted) throw ConfigError(fmt::format("'{}' has a quote that is not closed", line));
  return out;
}

}  // namespace

std::string hide_quoted(std::string_view line) { return hide(line, false); }

std::string hide_quoted_and_cut_comment(std::string_view line) { return hide(line, true); }

std::string show_quoted(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == kNothing) continue;
    char shown = c;
    for (const auto& [known, hidden] : kStandIns)
      if (c == hidden) shown = known;
    out += shown;
  }
  return out;
}

std::string quote_where_needed(const std::string& value) {
  if (value.find_first_of("#\"") == std::string::npos && trim(value) == value) return value;
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace medpfl
