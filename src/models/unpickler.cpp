#include "models/unpickler.hpp"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/ivalue_inl.h>
#include <ATen/core/jit_type.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

using c10::IValue;

// Opcodes of Python's pickletools, protocols 2 to 4.
enum Op : uint8_t {
  kProto = 0x80,
  kFrame = 0x95,
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kMark = '(',
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyDict = '}',
  kEmptyList = ']',
  kUnicode = 'X',
  kShortUnicode = 0x8c,
  kInt1 = 'K',
  kInt2 = 'M',
  kInt4 = 'J',
  kLong = 0x8a,
  kFloat = 'G',
  kNone = 'N',
  kTrue = 0x88,
  kFalse = 0x89,
  kPersistentId = 'Q',
  kReduce = 'R',
  kBuild = 'b',
  kSetItem = 's',
  kSetItems = 'u',
  kAppend = 'a',
  kAppends = 'e',
  kStop = '.',
};

IValue new_dict() { return c10::impl::GenericDict(c10::AnyType::get(), c10::AnyType::get()); }

at::ScalarType type_of_storage(const std::string& name) {
  static const std::map<std::string, at::ScalarType> types = {
      {"torch FloatStorage", at::kFloat}, {"torch DoubleStorage", at::kDouble},
      {"torch HalfStorage", at::kHalf},   {"torch BFloat16Storage", at::kBFloat16},
      {"torch LongStorage", at::kLong},   {"torch IntStorage", at::kInt},
      {"torch ShortStorage", at::kShort}, {"torch CharStorage", at::kChar},
      {"torch ByteStorage", at::kByte},   {"torch BoolStorage", at::kBool}};
  const auto found = types.find(name);
  if (found == types.end()) throw DataError(fmt::format("it holds a '{}'", name));
  return found->second;
}

std::vector<int64_t> extents(const IValue& tuple) {
  std::vector<int64_t> out;
  for (const IValue& value : tuple.toTupleRef().elements()) out.push_back(value.toInt());
  return out;
}

}  // namespace

std::string_view Unpickler::take(size_t n) {
  if (n > bytes_.size() - at_) throw DataError("it ends early");
  at_ += n;
  return bytes_.substr(at_ - n, n);
}

template <class T>
T Unpickler::number() {
  T value{};
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

std::string Unpickler::line() {
  const size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) throw DataError("it ends early");
  std::string text(take(end - at_));
  take(1);
  return text;
}

const IValue& Unpickler::top() const {
  if (stack_.empty()) throw DataError("its pickle is malformed");
  return stack_.back();
}

IValue Unpickler::pop() {
  IValue value = top();
  stack_.pop_back();
  return value;
}

std::vector<IValue> Unpickler::pop_to_mark() {
  if (marks_.empty() || marks_.back() > stack_.size()) throw DataError("its pickle is malformed");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<IValue> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

void Unpickler::push_tuple(size_t n) {
  std::vector<IValue> items(n);
  for (size_t i = n; i > 0; --i) items[i - 1] = pop();
  stack_.emplace_back(c10::ivalue::Tuple::create(std::move(items)));
}

void Unpickler::put_items(const std::vector<IValue>& items) {
  if (items.size() % 2 != 0) throw DataError("its pickle is malformed");
  c10::impl::GenericDict dict = top().toGenericDict();
  for (size_t i = 0; i < items.size(); i += 2) dict.insert_or_assign(items[i], items[i + 1]);
}

// ("storage", type, key, device, elements, ...)
IValue Unpickler::storage(const IValue& id) {
  const std::vector<IValue> parts = id.toTupleRef().elements().vec();
  if (parts.size() < 5) throw DataError("its pickle is malformed");
  const std::string key = parts[2].toStringRef();
  const auto type = at::TensorOptions(type_of_storage(parts[1].toStringRef()));
  const auto found = storages_.find(key);
  if (found != storages_.end()) return found->second;
  return storages_.emplace(key, at::empty({parts[4].toInt()}, type)).first->second;
}

void Unpickler::reduce() {
  const IValue arguments = pop();
  const std::string callable = pop().toStringRef();
  const std::vector<IValue> parts = arguments.toTupleRef().elements().vec();
  if (callable == "collections OrderedDict") {
    stack_.push_back(new_dict());
  } else if (callable == "torch._utils _rebuild_tensor_v2") {
    stack_.emplace_back(parts.at(0).toTensor().as_strided(
        extents(parts.at(2)), extents(parts.at(3)), parts.at(1).toInt()));
  } else if (callable == "torch._utils _rebuild_parameter") {
    stack_.push_back(parts.at(0));
  } else {
    throw DataError(fmt::format("it holds a '{}'", callable));
  }
}

bool Unpickler::step() {
  const auto op = number<uint8_t>();
  switch (op) {
    case kProto:
      take(1);
      break;
    case kFrame:
      take(8);
      break;
    case kGlobal: {
      const std::string module = line();
      stack_.emplace_back(module + " " + line());
      break;
    }
    case kStackGlobal: {
      const std::string name = pop().toStringRef();
      stack_.emplace_back(pop().toStringRef() + " " + name);
      break;
    }
    case kBinPut:
      memo_[number<uint8_t>()] = top();
      break;
    case kLongBinPut:
      memo_[number<uint32_t>()] = top();
      break;
    case kMemoize:
      memo_[static_cast<int64_t>(memo_.size())] = top();
      break;
    case kBinGet:
      stack_.push_back(memo_.at(number<uint8_t>()));
      break;
    case kLongBinGet:
      stack_.push_back(memo_.at(number<uint32_t>()));
      break;
    case kMark:
      marks_.push_back(stack_.size());
      break;
    case kEmptyTuple:
      push_tuple(0);
      break;
    case kTuple:
      stack_.emplace_back(c10::ivalue::Tuple::create(pop_to_mark()));
      break;
    case kTuple1:
    case kTuple2:
    case kTuple3:
      push_tuple(static_cast<size_t>(op - kTuple1 + 1));
      break;
    case kEmptyDict:
      stack_.push_back(new_dict());
      break;
    case kEmptyList:
      stack_.emplace_back(c10::impl::GenericList(c10::AnyType::get()));
      break;
    case kUnicode:
      stack_.emplace_back(std::string(take(number<uint32_t>())));
      break;
    case kShortUnicode:
      stack_.emplace_back(std::string(take(number<uint8_t>())));
      break;
    case kInt1:
      stack_.emplace_back(static_cast<int64_t>(number<uint8_t>()));
      break;
    case kInt2:
      stack_.emplace_back(static_cast<int64_t>(number<uint16_t>()));
      break;
    case kInt4:
      stack_.emplace_back(static_cast<int64_t>(number<int32_t>()));
      break;
    case kLong: {  // its value is needed for none of the things that are read
      take(number<uint8_t>());
      stack_.emplace_back(static_cast<int64_t>(0));
      break;
    }
    case kFloat:  // likewise
      take(8);
      stack_.emplace_back(0.0);
      break;
    case kNone:
      stack_.emplace_back();
      break;
    case kTrue:
    case kFalse:
      stack_.emplace_back(op == kTrue);
      break;
    case kPersistentId:
      stack_.push_back(storage(pop()));
      break;
    case kReduce:
      reduce();
      break;
    case kBuild:  // attributes, as the _metadata of a state dict
      pop();
      break;
    case kSetItem: {
      const IValue value = pop(), key = pop();
      put_items({key, value});
      break;
    }
    case kSetItems:
      put_items(pop_to_mark());
      break;
    case kAppend: {
      const IValue value = pop();
      top().toList().push_back(value);
      break;
    }
    case kAppends: {
      const std::vector<IValue> items = pop_to_mark();
      for (const IValue& item : items) top().toList().push_back(item);
      break;
    }
    case kStop:
      return false;
    default:
      throw DataError(
          fmt::format("its pickle has opcode {:#x}, which torch.save does not write "
                      "of tensors",
                      op));
  }
  return true;
}

IValue Unpickler::read() {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  while (step()) {
  }
  return pop();
}

}  // namespace medpfl
