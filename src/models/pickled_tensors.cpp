#include "models/pickled_tensors.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace medpfl {
namespace {

using Kind = Pickled::Kind;

constexpr int kMostWrappers = 4;  // dicts around the state dict
constexpr int kDeepest = 64;      // modules in modules
constexpr size_t kMostEntries = 1 << 20, kMostTensors = 1 << 16;
constexpr size_t kLongestName = 512;  // of a tensor or a storage
constexpr size_t kMostKeysNamed = 6;  // keys that an error names
constexpr size_t kShownOfName = 60;   // characters

const std::map<std::string, at::ScalarType>& storage_types() {
  static const std::map<std::string, at::ScalarType> types = {
      {"torch FloatStorage", at::kFloat},
      {"torch DoubleStorage", at::kDouble},
      {"torch HalfStorage", at::kHalf},
      {"torch BFloat16Storage", at::kBFloat16},
      {"torch LongStorage", at::kLong},
      {"torch IntStorage", at::kInt},
      {"torch ShortStorage", at::kShort},
      {"torch CharStorage", at::kChar},
      {"torch ByteStorage", at::kByte},
      {"torch BoolStorage", at::kBool},
      {"torch ComplexFloatStorage", at::kComplexFloat},
      {"torch ComplexDoubleStorage", at::kComplexDouble}};
  return types;
}

const Pickled& part(const Pickled* sequence, size_t i) {
  if (sequence == nullptr || i >= sequence->items.size())
    throw DataError("its pickle is malformed");
  return *sequence->items[i];
}

std::vector<int64_t> extents(const Pickled& tuple) {
  if (tuple.items.size() > kMostDimensions) throw DataError("a tensor has too many dimensions");
  std::vector<int64_t> out;
  for (const Pickled* value : tuple.items) out.push_back(value->integer);
  return out;
}

// The tensor of a parameter, or the value itself.
const Pickled& without_parameter(const Pickled& value) {
  const std::string& maker = value.made_by();
  const bool parameter = maker == "torch._utils _rebuild_parameter" ||
                         maker == "torch._utils _rebuild_parameter_with_state";
  return parameter ? part(value.arguments, 0) : value;
}

bool is_tensor(const Pickled& value) {
  return without_parameter(value).made_by() == "torch._utils _rebuild_tensor_v2";
}

// The entries of a dict, or the attributes of an object, whose names are texts.
std::vector<std::pair<std::string_view, const Pickled*>> entries(const Pickled& value) {
  std::vector<std::pair<std::string_view, const Pickled*>> out;
  const bool attributes = value.kind == Kind::kObject && value.items.empty() &&
                          value.state != nullptr && value.state->kind == Kind::kDict;
  const std::vector<const Pickled*>& items = attributes ? value.state->items : value.items;
  if (value.kind != Kind::kDict && value.kind != Kind::kObject) return out;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->kind == Kind::kText) out.emplace_back(items[i]->text, items[i + 1]);
  return out;
}

const Pickled* find(const Pickled& value, std::string_view key) {
  for (const auto& [name, entry] : entries(value))
    if (name == key) return entry;
  return nullptr;
}

// What a training script put around the weights is taken off.
const Pickled& without_wrappers(const Pickled& root) {
  const Pickled* value = &root;
  for (int i = 0; i < kMostWrappers; ++i) {
    if (value->kind == Kind::kObject && value->items.empty()) break;  // a network
    const Pickled* inner = nullptr;
    for (const char* key : {"state_dict", "model_state_dict", "model", "net"}) {
      const Pickled* entry = find(*value, key);
      if (entry == nullptr || is_tensor(*entry) || entries(*entry).empty()) continue;
      inner = entry;
      break;
    }
    if (inner == nullptr) break;
    value = inner;
  }
  return *value;
}

[[noreturn]] void refuse(const Pickled& value) {
  if ((value.kind != Kind::kDict && value.kind != Kind::kObject) || is_tensor(value))
    throw DataError("it holds no dict of tensors");
  std::vector<std::string> keys;
  const auto found = entries(value);
  for (size_t i = 0; i < std::min(found.size(), kMostKeysNamed); ++i)
    keys.emplace_back(found[i].first.substr(0, kShownOfName));
  if (found.size() > kMostKeysNamed) keys.emplace_back("...");
  const std::string& maker = value.made_by();
  const bool dict = value.kind == Kind::kDict || maker == "collections OrderedDict";
  throw DataError(fmt::format("it holds {} without tensors by name; {}",
                              dict ? "a dict" : fmt::format("a '{}'", maker),
                              keys.empty() ? "it has no keys" : "its keys are " + join(keys)));
}

void swap_bytes(at::Tensor* values) {
  const auto size = static_cast<std::ptrdiff_t>(values->is_complex() ? values->element_size() / 2
                                                                     : values->element_size());
  auto* first = static_cast<char*>(values->data_ptr());
  for (char* at = first; at < first + values->nbytes(); at += size) std::reverse(at, at + size);
}

class TensorReader {
 public:
  TensorReader(const StorageBytes& bytes, bool swap) : bytes_(bytes), swap_(swap) {}

  StateDict read(const Pickled& root) {
    add(root, "", 0);
    return std::move(out_);
  }

 private:
  void add(const Pickled& value, const std::string& prefix, int depth) {
    const auto found = entries(value);
    visited_ += found.size() + 1;
    if (depth > kDeepest || visited_ > kMostEntries)
      throw DataError("it holds more modules than a network has");
    const bool script = value.made_by().rfind("__torch__", 0) == 0;
    for (const auto& [name, entry] : found) {
      if (is_tensor(*entry)) {
        add_tensor(joined(prefix, name), *entry);
      } else if (name == "_parameters" || name == "_buffers") {
        add(*entry, prefix, depth + 1);
      } else if (name == "_modules") {
        for (const auto& [child, module] : entries(*entry))
          add(*module, joined(prefix, child) + ".", depth + 1);
      } else if (script && entry->kind == Kind::kObject) {
        add(*entry, joined(prefix, name) + ".", depth + 1);
      }
    }
  }

  static std::string joined(const std::string& prefix, std::string_view name) {
    if (prefix.size() + name.size() > kLongestName)
      throw DataError(fmt::format("the name of a tensor is longer than {} bytes", kLongestName));
    return prefix + std::string(name);
  }

  void add_tensor(const std::string& name, const Pickled& value) {
    if (out_.size() >= kMostTensors)
      throw DataError(fmt::format("it holds more than {} tensors", kMostTensors));
    if (!out_.emplace(name, tensor(value)).second)
      throw DataError(fmt::format("it holds '{}' twice", name.substr(0, kShownOfName)));
  }

  // (storage, offset, sizes, strides, ...)
  at::Tensor tensor(const Pickled& value) {
    const Pickled* arguments = without_parameter(value).arguments;
    const at::Tensor values = storage(part(arguments, 0));
    const int64_t offset = part(arguments, 1).integer;
    const std::vector<int64_t> sizes = extents(part(arguments, 2));
    const std::vector<int64_t> strides = extents(part(arguments, 3));
    if (sizes.size() != strides.size() || offset < 0) throw DataError("its pickle is malformed");
    int64_t elements = 1, last = offset;
    bool overflow = false;
    for (size_t i = 0; i < sizes.size(); ++i) {
      int64_t step = 0;
      if (sizes[i] < 0 || strides[i] < 0) throw DataError("its pickle is malformed");
      overflow |= __builtin_mul_overflow(elements, std::max<int64_t>(sizes[i], 1), &elements) ||
                  __builtin_mul_overflow(std::max<int64_t>(sizes[i] - 1, 0), strides[i], &step) ||
                  __builtin_add_overflow(last, step, &last);
    }
    const bool empty = std::count(sizes.begin(), sizes.end(), 0) > 0;
    if (overflow || (empty ? offset > values.numel() : last >= values.numel()))
      throw DataError("a tensor reaches beyond its storage");
    return values.as_strided(sizes, strides, offset);
  }

  const at::Tensor& storage(const Pickled& pickled) {
    const StorageId id = storage_id(pickled);
    const auto found = storages_.find({id.key, id.type});
    if (found != storages_.end()) return found->second;
    const std::string bytes = bytes_(id.key);
    const size_t element = at::elementSize(id.type);
    if (bytes.size() % element != 0 ||
        static_cast<int64_t>(bytes.size() / element) != part(&pickled, 4).integer)
      throw DataError("a tensor has another size than it says");
    at::Tensor values =
        at::empty({static_cast<int64_t>(bytes.size() / element)}, at::TensorOptions(id.type));
    if (!bytes.empty()) std::memcpy(values.data_ptr(), bytes.data(), bytes.size());
    if (swap_) swap_bytes(&values);
    return storages_.emplace(std::pair(id.key, id.type), std::move(values)).first->second;
  }

  const StorageBytes& bytes_;
  bool swap_;
  size_t visited_ = 0;
  std::map<std::pair<std::string, at::ScalarType>, at::Tensor> storages_;
  StateDict out_;
};

}  // namespace

bool names_storage(const Pickled& id) {
  return id.kind == Kind::kPersistentId && !id.items.empty() && id.items[0]->text == "storage";
}

// ("storage", type, key, device, elements, ...)
StorageId storage_id(const Pickled& id) {
  if (!names_storage(id)) throw DataError("its pickle is malformed");
  const std::string& name = part(&id, 1).text;
  const auto type = storage_types().find(name);
  if (type == storage_types().end())
    throw DataError(fmt::format("it holds a '{}'", name.substr(0, kShownOfName)));
  const std::string& key = part(&id, 2).text;
  if (key.size() > kLongestName) throw DataError("its pickle is malformed");
  return {key, type->second};
}

StateDict pickled_state_dict(const Pickled& root, const StorageBytes& bytes, bool swap) {
  const Pickled& inner = without_wrappers(root);
  StateDict out = TensorReader(bytes, swap).read(inner);
  if (out.empty()) refuse(inner);
  return out;
}

}  // namespace medpfl
