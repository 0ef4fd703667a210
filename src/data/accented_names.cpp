#include "data/accented_names.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>

namespace medpfl {
namespace {

uint8_t byte(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<uint8_t>(text[at]) : 0;
}

// Returns the combining mark at a place of UTF-8, U+0300 to U+036F, which has two bytes; 0: none.
uint32_t mark_at(std::string_view text, size_t at) {
  const uint32_t mark = (byte(text, at) & 0x1FU) << 6 | (byte(text, at + 1) & 0x3FU);
  const bool two = (byte(text, at) == 0xCC || byte(text, at) == 0xCD) && byte(text, at + 1) >= 0x80;
  return two && mark <= 0x036F ? mark : 0;
}

// Returns the bytes of the accented letter at a place of UTF-8; 0: none. Blocks of such letters are
// U+00C0 to U+024F and U+1E00 to U+1EFF.
size_t accented_at(std::string_view text, size_t at) {
  const uint8_t first = byte(text, at);
  if (first >= 0xC3 && first <= 0xC9) return 2;
  return first == 0xE1 && byte(text, at + 1) >= 0xB8 && byte(text, at + 1) <= 0xBB ? 3 : 0;
}

// Returns the name with each accented letter, however it is written, as a zero byte.
std::string outline(std::string_view name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    if (mark_at(name, at) != 0) {
      if (!out.empty()) out.back() = '\0';
      at += 2;
    } else if (const size_t size = accented_at(name, at); size > 0) {
      out += '\0';
      at += size;
    } else {
      out += name[at++];
    }
  }
  return out;
}

bool has_marks(const std::string& name) { return with_marks_shown(name) != name; }

}  // namespace

std::string with_marks_shown(std::string_view name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    const uint32_t mark = mark_at(name, at);
    out += mark != 0 ? fmt::format("\\u{:04X}", mark) : std::string(1, name[at]);
    at += mark != 0 ? 2 : 1;
  }
  return out;
}

std::string remark_on_twins(const std::vector<std::string>& names) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : names) {
    const auto [first, fresh] = seen.emplace(outline(name), name);
    if (!fresh && (has_marks(name) || has_marks(first->second)))
      return fmt::format(
          "{} and {} may be one name, in the Unicode forms NFC and NFD: they are two classes; "
          "rename one of them if they are one",
          with_marks_shown(first->second), with_marks_shown(name));
  }
  return "";
}

}  // namespace medpfl
