#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace medpfl {
namespace {

// Returns the bytes of the character that `text` begins with; 0 where they are no UTF-8 (RFC 3629).
size_t character_size(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t size = first < 0x80    ? 1
                      : first < 0xC2  ? 0  // continues, or longer than it must be
                      : first < 0xE0  ? 2
                      : first < 0xF0  ? 3
                      : first <= 0xF4 ? 4
                                      : 0;
  if (size == 0 || size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (size < 3) return size;
  const bool too_long = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return too_long || surrogate || beyond ? 0 : size;
}

// Those of ASCII, and those of Unicode from U+0080 to U+009F.
bool steers(std::string_view character) {
  const auto first = static_cast<uint8_t>(character[0]);
  if (character.size() == 1)
    return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  return first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t size = character_size(text);
    const std::string_view character = text.substr(0, std::max<size_t>(size, 1));
    if (size > 0 && !steers(character))
      out += character;
    else
      for (const char byte : character) out += fmt::format("\\x{:02X}", static_cast<uint8_t>(byte));
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace medpfl
