#include "data/npy.hpp"

#include <c10/util/Half.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

constexpr size_t kMaxHeader = size_t{1} << 20;

[[noreturn]] void refuse_array(const std::string& where, const std::string& reason) {
  throw DataError(fmt::format("cannot read array {}: {}; save it again with numpy.savez_compressed",
                              where, reason));
}

// The text behind 'key': in the Python dictionary of the header, blanks removed; "" if absent.
std::string_view value_of(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string word = fmt::format("{0}{1}{0}", quote, key);
    size_t at = header.find(word);
    if (at == std::string_view::npos) continue;
    at = header.find_first_not_of(" \t", at + word.size());
    if (at == std::string_view::npos || header[at] != ':') continue;
    at = header.find_first_not_of(" \t", at + 1);
    if (at != std::string_view::npos) return header.substr(at);
  }
  return {};
}

bool parse_dtype(std::string_view text, NpyHeader* header) {
  if (text.empty() || (text[0] != '\'' && text[0] != '"')) return false;
  const size_t end = text.find(text[0], 1);
  if (end == std::string_view::npos || end < 4) return false;
  header->descr = std::string(text.substr(1, end - 1));
  const std::string& descr = header->descr;
  if (std::strchr("<>|=", descr[0]) == nullptr) return false;
  header->big_endian = descr[0] == '>';
  header->kind = descr[1];
  const char* last = descr.data() + descr.size();
  const auto parsed = std::from_chars(descr.data() + 2, last, header->item_bytes);
  if (parsed.ec != std::errc() || parsed.ptr != last || header->item_bytes < 1) return false;
  const int64_t bytes = header->item_bytes;
  if (header->kind == 'U') {  // counted in characters
    header->item_bytes = 4 * std::min(bytes, static_cast<int64_t>(kMaxHeader));
    return true;
  }
  return !header->is_integer() || bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

// "(546, 28, 28)", "(5,)", "()"; refuses what would overflow as a number of bytes.
bool parse_shape(std::string_view text, NpyHeader* header) {
  if (text.empty() || text[0] != '(') return false;
  const size_t end = text.find(')');
  if (end == std::string_view::npos) return false;
  int64_t room = std::numeric_limits<int64_t>::max() / 2 / header->item_bytes;
  for (const std::string& word : split_list(text.substr(1, end - 1))) {
    int64_t size = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), size);
    if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) return false;
    if (size < 0 || size > room) return false;
    if (size > 0) room /= size;
    header->shape.push_back(size);
  }
  return true;
}

}  // namespace

int64_t NpyHeader::count() const {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

std::string NpyHeader::shape_text() const { return fmt::format("({})", fmt::join(shape, ", ")); }

NpyHeader read_npy_header(const ByteSource& read, const std::string& where) {
  unsigned char start[8];
  read(start, sizeof start);
  if (std::memcmp(start, "\x93NUMPY", 6) != 0)
    refuse_array(where, "it does not start as a .npy file");
  if ((start[6] != 1 && start[6] != 2) || start[7] != 0)
    refuse_array(where, fmt::format(".npy version {}.{} is not known, only 1.0 and 2.0", start[6],
                                    start[7]));
  unsigned char length[4] = {0, 0, 0, 0};
  const size_t length_bytes = start[6] == 1 ? 2 : 4;
  read(length, length_bytes);
  const size_t size = size_t{length[0]} | size_t{length[1]} << 8 | size_t{length[2]} << 16 |
                      size_t{length[3]} << 24;
  if (size > kMaxHeader)
    refuse_array(where, fmt::format("its header of {} bytes is too long", size));
  std::string text(size, '\0');
  read(text.data(), size);

  NpyHeader header;
  header.where = where;
  header.header_bytes = static_cast<int64_t>(sizeof start + length_bytes + size);
  if (value_of(text, "descr").substr(0, 3) == "'|O")
    refuse_array(where, "it holds Python objects, which are not numbers");
  if (!parse_dtype(value_of(text, "descr"), &header))
    refuse_array(where, fmt::format("dtype not understood in the header {}", trim(text)));
  const std::string_view order = value_of(text, "fortran_order");
  header.fortran = order.substr(0, 4) == "True";
  if ((!header.fortran && order.substr(0, 5) != "False") ||
      !parse_shape(value_of(text, "shape"), &header))
    refuse_array(where, fmt::format("malformed header {}", trim(text)));
  return header;
}

namespace {

// The element at `bytes` as an unsigned number of its size, whatever it means.
uint64_t bits_of(const NpyType& type, const unsigned char* bytes) {
  const size_t size = static_cast<size_t>(type.item_bytes);
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) bits = bits << 8 | bytes[type.big_endian ? i : size - 1 - i];
  return bits;
}

template <class Real, class Bits>
double real_of(uint64_t bits) {
  const Bits same = static_cast<Bits>(bits);
  Real value;
  static_assert(sizeof value == sizeof same);
  std::memcpy(&value, &same, sizeof value);
  return static_cast<double>(value);
}

}  // namespace

bool NpyType::has_levels() const {
  return is_integer() || (kind == 'f' && (item_bytes == 2 || item_bytes == 4 || item_bytes == 8));
}

double NpyType::white() const {
  if (kind == 'f') return 1;
  return kind == 'u' && item_bytes <= 2 ? (item_bytes == 1 ? 255 : 65535) : 0;
}

int64_t npy_integer(const NpyType& type, const unsigned char* bytes) {
  const uint64_t bits = bits_of(type, bytes);
  if (type.kind == 'u') {
    if (bits > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      throw DataError(fmt::format("the integer {} is too large", bits));
    return static_cast<int64_t>(bits);
  }
  const uint64_t sign = uint64_t{1} << (8 * static_cast<size_t>(type.item_bytes) - 1);
  // Sign extension without a shift of a negative number.
  return static_cast<int64_t>((bits ^ sign) - sign);
}

double npy_level(const NpyType& type, const unsigned char* bytes) {
  if (type.kind != 'f') return static_cast<double>(npy_integer(type, bytes));
  const uint64_t bits = bits_of(type, bytes);
  const double level = type.item_bytes == 2   ? real_of<c10::Half, uint16_t>(bits)
                       : type.item_bytes == 4 ? real_of<float, uint32_t>(bits)
                                              : real_of<double, uint64_t>(bits);
  if (!std::isfinite(level)) throw DataError(fmt::format("the level {} is no number", level));
  return level;
}

}  // namespace medpfl
