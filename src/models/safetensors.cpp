#include "models/safetensors.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "core/error.hpp"

namespace medpfl {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMostHeaderBytes = 100'000'000;  // as in the reader of Hugging Face
constexpr size_t kShownOfText = 60;                 // characters
constexpr int kDeepestHeader = 3;                   // a list in a tensor in the header

struct Entry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

std::string shown(const std::string& text) { return text.substr(0, kShownOfText); }

at::ScalarType type_of(const std::string& name, const std::string& dtype) {
  static const std::map<std::string, at::ScalarType> types = {{"F16", at::kHalf},
                                                              {"BF16", at::kBFloat16},
                                                              {"F32", at::kFloat},
                                                              {"F64", at::kDouble},
                                                              {"I64", at::kLong}};
  const auto found = types.find(dtype);
  if (found == types.end())
    throw DataError(fmt::format("'{}' is of type {}; those read are F16, BF16, F32 and F64",
                                shown(name), shown(dtype)));
  return found->second;
}

// The JSON library keeps the last of two equal names and follows any depth.
json parse_header(std::string_view text) {
  std::vector<std::set<std::string>> names;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (depth > kDeepestHeader) throw DataError("its header is nested too deeply");
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(parsed.get<std::string>()).second)
      throw DataError(fmt::format("its header names '{}' twice", shown(parsed.get<std::string>())));
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const json::exception&) {
    throw DataError("its header is no JSON");
  }
}

std::vector<uint64_t> numbers(const json& list) {
  if (list.size() > kMostDimensions) throw DataError("a tensor has too many dimensions");
  std::vector<uint64_t> out;
  for (const json& value : list) {
    if (!value.is_number_unsigned())
      throw DataError("its header has a shape or an offset that is no whole number");
    out.push_back(value.get<uint64_t>());
  }
  return out;
}

Entry read_entry(const std::string& name, const json& tensor) {
  const auto member = [&](const char* key, json::value_t type) -> const json& {
    const auto found = tensor.is_object() ? tensor.find(key) : tensor.end();
    if (found == tensor.end() || found->type() != type)
      throw DataError(fmt::format("the header of '{}' has no {}", shown(name), key));
    return *found;
  };
  Entry entry;
  entry.name = name;
  entry.type = type_of(name, member("dtype", json::value_t::string).get<std::string>());
  int64_t bytes = static_cast<int64_t>(at::elementSize(entry.type)), bound = bytes;
  for (const uint64_t extent : numbers(member("shape", json::value_t::array))) {
    // Other extents may overflow beside one of 0, too.
    if (__builtin_mul_overflow(bound, std::max<uint64_t>(extent, 1), &bound))
      throw DataError(fmt::format("the shape of '{}' is too large", shown(name)));
    entry.shape.push_back(static_cast<int64_t>(extent));
    bytes *= entry.shape.back();
  }
  const std::vector<uint64_t> offsets = numbers(member("data_offsets", json::value_t::array));
  if (offsets.size() != 2 || offsets[0] > offsets[1] ||
      offsets[1] - offsets[0] != static_cast<uint64_t>(bytes))
    throw DataError(
        fmt::format("the offsets of '{}' do not fit its shape, of {} bytes", shown(name), bytes));
  entry.begin = offsets[0];
  entry.end = offsets[1];
  return entry;
}

at::Tensor read_tensor(const Entry& entry, std::string_view values) {
  at::Tensor out = at::empty(entry.shape, at::TensorOptions(entry.type));
  if (entry.end > entry.begin)
    std::memcpy(out.data_ptr(), values.data() + entry.begin, entry.end - entry.begin);
  return out;
}

}  // namespace

bool is_safetensors(std::string_view bytes) {
  return bytes.size() > kLengthBytes && bytes[kLengthBytes] == '{';
}

StateDict read_safetensors(std::string_view bytes) {
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) throw DataError("it ends early");
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > std::min<uint64_t>(bytes.size() - kLengthBytes, kMostHeaderBytes))
    throw DataError(
        fmt::format("its header of {} bytes is larger than the file or than 100 MB", length));
  const json header = parse_header(bytes.substr(kLengthBytes, length));
  if (!header.is_object()) throw DataError("its header is no JSON object");
  const std::string_view values = bytes.substr(kLengthBytes + length);
  std::vector<Entry> entries;
  for (const auto& [name, tensor] : header.items())
    if (name != "__metadata__") entries.push_back(read_entry(name, tensor));
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at)
      throw DataError(fmt::format("the values of '{}' begin at byte {}, those before end at {}",
                                  shown(entry.name), entry.begin, at));
    at = entry.end;
  }
  if (at != values.size())
    throw DataError(
        fmt::format("its tensors are of {} bytes, and the file has {} of them", at, values.size()));
  if (entries.empty()) throw DataError("it holds no tensors");
  StateDict out;
  for (const Entry& entry : entries) out.emplace(entry.name, read_tensor(entry, values));
  return out;
}

}  // namespace medpfl
